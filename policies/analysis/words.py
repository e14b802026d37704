"""An example in plain words: who would ask for what, and how it was decided before and would be after."""

from __future__ import annotations

from collections.abc import Iterator

from kernel.canonical import JSON
from kernel.dates import time_text
from kernel.identifiers.masking import Mask
from kernel.text import Text
from policies.analysis.questions import Shown
from policies.decision import Decision, Permit
from policies.delivery import Delivery
from policies.grants.sentence import Name
from policies.guards import OF_AGE
from policies.model import LOCKED, SELF, AccessRequest
from policies.obligations import in_words

_LOCKED, _SUSPENDED = Text("该系统已被锁定", "which is locked"), Text("该系统已停用", "which is not active")


def story(shown: Shown, name: Name) -> Text:
    """The request, and both decisions."""
    asked, before, after = _asked(shown.request, name), _decided(shown.before, name), _decided(shown.after, name)
    return Text(
        f"{asked.zh}。此前：{before.zh}；此后：{after.zh}。", f"{asked.en}. Before: {before.en}; after: {after.en}."
    )


def example(request: AccessRequest, name: Name) -> Text:
    """The request alone."""
    asked = _asked(request, name)
    return Text(f"{asked.zh}。", f"{asked.en}.")


def _asked(request: AccessRequest, name: Name) -> Text:
    parts = tuple(_parts(request, name))
    return Text("，".join(part.zh for part in parts), ", ".join(part.en for part in parts))


def _parts(request: AccessRequest, name: Name) -> Iterator[Text]:
    consumer, item, kind = name(request.system.organisation), name(request.service_item), name(request.evidence_type)
    yield Text(f"{consumer.zh}的系统 {request.system.id}", f"the system {request.system.id} of {consumer.en}")
    if request.system.status != "active":
        yield _LOCKED if request.system.status == LOCKED else _SUSPENDED
    yield Text(f"为办理{item.zh}", f"for {item.en}")
    wanted = [name(one) for one in (*sorted(request.fields), *sorted(request.predicates))]
    zh, en = "、".join(one.zh for one in wanted), ", ".join(one.en for one in wanted)
    yield Text(f"要取得{kind.zh}的：{zh}", f"asks of {kind.en} for: {en}")
    yield _about(request, name)
    if request.mandated:
        yield Text("持有效委托", "by a mandate in force")
    if request.minor:
        yield Text(f"对象不满 {OF_AGE} 周岁", f"somebody under {OF_AGE}")
    if request.own_division:
        yield Text("记录属本行政区划", "a record of their own division")
    if request.delivery is not Delivery.DIRECT:
        yield request.delivery.text
    if request.sealed:
        yield Text("对象已封存", "somebody whose records are sealed")
    basis = name(request.legal_basis)
    yield Text(f"依据 {basis.zh}", f"by {basis.en}")
    if request.consent is not None:
        yield Text("附本人同意", "with a consent of the person")
    yield Text(f"时间 {time_text(request.now, 'zh')}", f"at {time_text(request.now, 'en')} (China time)")
    if request.emergency is not None:
        yield Text("在应急开启中", "under an opening of emergency access")
    if request.quota_used_today:
        yield Text(f"当日已用 {request.quota_used_today} 次", f"{request.quota_used_today} times used that day")


def _about(request: AccessRequest, name: Name) -> Text:
    relation = Text("本人", "the person") if request.relation == SELF else name(request.relation)
    if not request.present:
        return Text(f"对象：{relation.zh}，本人不在场", f"about {relation.en}, the person being absent")
    return Text(
        f"对象：{relation.zh}，本人在场，认证 {request.loa} 级",
        f"about {relation.en}, the person being present at assurance level {request.loa}",
    )


def _decided(decision: Decision, name: Name) -> Text:
    if not isinstance(decision, Permit):
        reason = decision.clauses[0].text
        return Text(f"拒绝（{reason.zh}）", f"refused ({reason.en})")
    extras = tuple(_carries(decision, name))
    zh, en = "；".join(one.zh for one in extras), "; ".join(one.en for one in extras)
    return Text(f"准予（{zh}）" if zh else "准予", f"allowed ({en})" if en else "allowed")


def _carries(permit: Permit, name: Name) -> Iterator[Text]:
    for field, mask in sorted(permit.release.items()):
        if mask is not Mask.CLEAR:
            said = name(field)
            yield Text(f"{said.zh}{mask.text.zh}", f"{said.en}: {mask.text.en}")
    for duty in permit.obligations:
        yield in_words(duty)
    for quota in permit.quotas:
        yield Text(f"每日限 {quota.per_day} 次", f"at most {quota.per_day} times a day")


def request_facts(request: AccessRequest) -> dict[str, JSON]:
    """The request as data: made up by the solver, hence about nobody."""
    return {
        "system": request.system.id,
        "organisation": request.system.organisation,
        "status": request.system.status,
        "action": request.action.value,
        "evidence_type": request.evidence_type,
        "fields": [*sorted(request.fields)],
        "predicates": [*sorted(request.predicates)],
        "service_item": request.service_item,
        "legal_basis": request.legal_basis,
        "relation": request.relation,
        "loa": request.loa,
        "present": request.present,
        "mandated": request.mandated,
        "minor": request.minor,
        "own_division": request.own_division,
        "delivery": request.delivery.value,
        "sealed": request.sealed,
        "consent": request.consent is not None,
        "now": request.now.isoformat(),
    }
