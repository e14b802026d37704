"""Why not: the clauses a request did not meet, each with its code and a sentence generated from the grant.

Cedar gives no reason when simply no permit matched, so the grants under the same scopes are looked at clause by
clause; only refusals pay for it. Sentences name fields by the catalogue and never repeat anything of a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from kernel.text import Text
from policies import cedar
from policies.compiler import Compiled
from policies.decision import UnmetClause
from policies.expressions import Evaluate
from policies.facts import Facts
from policies.grant import Grant
from policies.grant_terms import Obligation
from policies.guards import Guard
from policies.model import AccessRequest
from policies.registry import Registry


@dataclass(frozen=True, slots=True)
class Enforced:
    """A grant, its compiled policy, and for each of the policy's conditions the code of a refusal."""

    grant: Grant
    policy: Compiled
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A grant that was not satisfied, and the numbers of its conditions that failed."""

    enforced: Enforced
    failed: tuple[int, ...]


ASSURANCE_TOO_LOW = "policy.assurance-too-low"
ILL_FORMED = UnmetClause(
    "REQUEST#form",
    "policy.engine-error",
    Text("申请的内容类型不正确，未作裁决", "The request is not of the declared types; nothing was decided"),
)
NO_GRANT = UnmetClause(
    "GRANTS#none",
    "policy.no-grant",
    Text("没有任何授权允许该机构取得这种材料", "No grant lets this organisation obtain this evidence type"),
)


def engine_failed(failure: str) -> UnmetClause:
    """The engine itself failed; ``failure`` is the name of the exception, which carries no data."""
    return UnmetClause(
        f"ENGINE#{failure}",
        "policy.engine-error",
        Text("裁决引擎出错，因此拒绝", "The decision engine failed, hence the refusal"),
    )


MOST_SAID = 4096
"""Grants whose fixed sentences are kept, of each kind: they are said again and again."""

ENGINES_DISAGREE = UnmetClause(
    "ENGINE#disagreement",
    "policy.engine-error",
    Text("两个裁决引擎的结论不一致，因此拒绝", "The two decision engines disagree, hence the refusal"),
)


def unknown_obligation(obligation: Obligation) -> UnmetClause:
    """A grant asks for something nobody here can carry out."""
    return UnmetClause(
        f"OBLIGATION#{obligation.text}",
        "policy.obligation-unknown",
        Text(f"授权附带的义务无法履行：{obligation.text}", f"The obligation {obligation.text} cannot be carried out"),
    )


def nearest(candidates: Iterable[Enforced], facts: Facts) -> NearMiss | None:
    """The grant that came nearest: it fails latest in the order of clauses, then on the fewest of them."""
    misses = (NearMiss(enforced, _failed(enforced.policy.when, facts)) for enforced in candidates)
    return min((miss for miss in misses if miss.failed), key=_distance, default=None)


def _distance(miss: NearMiss) -> tuple[int, int, str]:
    return (-miss.failed[0], len(miss.failed), miss.enforced.policy.ref)


def _failed(conditions: tuple[Evaluate, ...], facts: Facts) -> tuple[int, ...]:
    failed = []
    for number, condition in enumerate(conditions):
        try:
            if condition(facts) is True:
                continue
        except (LookupError, TypeError):
            pass  # a clause that errs is unmet
        failed.append(number)
    return tuple(failed)


def unmet(miss: NearMiss | None, request: AccessRequest, registry: Registry) -> tuple[UnmetClause, ...]:
    """The clauses of a grant that the request does not meet; without a grant, that there is none."""
    if miss is None:
        return (NO_GRANT,)
    grant, codes, ref = miss.enforced.grant, miss.enforced.codes, miss.enforced.policy.ref
    return tuple(
        UnmetClause(
            f"{ref}#c{number}",
            codes[number],
            _SENTENCES[codes[number]](grant, request, registry),
            grant.min_loa if codes[number] == ASSURANCE_TOO_LOW else None,
        )
        for number in miss.failed
    )


def forbidden(
    forbidding: Iterable[tuple[Guard, Compiled]], facts: Facts
) -> tuple[tuple[Guard, tuple[UnmetClause, ...]], ...]:
    """For each guard that forbids: what it says, or which parts of its exception were missing."""
    return tuple((guard, _guard_clauses(guard, policy, facts)) for guard, policy in forbidding)


def _guard_clauses(guard: Guard, policy: Compiled, facts: Facts) -> tuple[UnmetClause, ...]:
    if not guard.parts:
        return (UnmetClause(guard.ref, guard.code, guard.text),)
    missing = _failed(policy.unless, facts)
    # Without the consent itself, what it does not say is no news.
    told = missing[:1] if missing[0] == 0 else missing
    return tuple(UnmetClause(f"{guard.ref}#c{number}", guard.code, guard.parts[number]) for number in told)


def ordered(
    forbidding: tuple[tuple[Guard, tuple[UnmetClause, ...]], ...], clauses: tuple[UnmetClause, ...]
) -> tuple[UnmetClause, ...]:
    """Guards first, then the grant's clauses, then what the person could still mend."""
    hard = tuple(clause for guard, said in forbidding if not guard.mendable for clause in said)
    mendable = tuple(clause for guard, said in forbidding if guard.mendable for clause in said)
    return (*hard, *clauses, *mendable)


def _fixed(zh: str, en: str) -> Callable[[Grant, AccessRequest, Registry], Text]:
    said = lru_cache(maxsize=MOST_SAID)(lambda ref: Text(zh.format(grant=ref), en.format(grant=ref)))
    return lambda grant, _request, _registry: said(grant.ref)


def _field_not_granted(grant: Grant, request: AccessRequest, registry: Registry) -> Text:
    known = registry.evidence_types[request.evidence_type].fields
    outside = sorted(request.fields - grant.fields)
    zh = "、".join(f"{known[name].label.zh}（{name}）" for name in outside)
    en = ", ".join(f"{known[name].label.en} ({name})" for name in outside)
    return Text(f"授权 {grant.ref} 不包括字段：{zh}", f"Grant {grant.ref} does not cover: {en}")


def _predicate_not_granted(grant: Grant, request: AccessRequest, _registry: Registry) -> Text:
    outside = ", ".join(sorted(request.predicates - grant.predicates))
    return Text(f"授权 {grant.ref} 不包括是非问题：{outside}", f"Grant {grant.ref} does not answer: {outside}")


def _assurance_too_low(grant: Grant, request: AccessRequest, _registry: Registry) -> Text:
    return Text(
        f"授权 {grant.ref} 要求认证等级不低于 {grant.min_loa}，本次为 {request.loa}",
        f"Grant {grant.ref} needs assurance level {grant.min_loa}; this sign-in has {request.loa}",
    )


def _not_yet_valid(grant: Grant, _request: AccessRequest, _registry: Registry) -> Text:
    start = cedar.literal_time(grant.valid_from)
    return Text(f"授权 {grant.ref} 自 {start} 起生效", f"Grant {grant.ref} begins at {start}")


def _expired(grant: Grant, _request: AccessRequest, _registry: Registry) -> Text:
    end = cedar.literal_time(grant.valid_to)
    return Text(f"授权 {grant.ref} 已于 {end} 失效", f"Grant {grant.ref} ended at {end}")


def _outside_hours(grant: Grant, _request: AccessRequest, _registry: Registry) -> Text:
    said = grant.hours.text if grant.hours else Text("", "")
    return Text(
        f"授权 {grant.ref} 只能在北京时间每日 {said.zh}使用",
        f"Grant {grant.ref} may be used only from {said.en} of a day (China time)",
    )


def _delivery_not_granted(grant: Grant, request: AccessRequest, _registry: Registry) -> Text:
    asked = request.delivery.text
    return Text(
        f"授权 {grant.ref} 不允许以此方式提供：{asked.zh}", f"Grant {grant.ref} does not allow delivery {asked.en}"
    )


def _quota_exceeded(grant: Grant, _request: AccessRequest, _registry: Registry) -> Text:
    return Text(
        f"授权 {grant.ref} 今日限额 {grant.quota_per_day} 次已用完",
        f"The {grant.quota_per_day} releases a day of grant {grant.ref} are used up",
    )


_SENTENCES: Mapping[str, Callable[[Grant, AccessRequest, Registry], Text]] = {
    "policy.purpose-not-granted": _fixed(
        "授权 {grant} 不适用于所办事项", "Grant {grant} does not serve this service item"
    ),
    "policy.basis-not-granted": _fixed(
        "授权 {grant} 不以所称法定依据为根据", "Grant {grant} does not rest on this legal basis"
    ),
    "policy.provider-not-granted": _fixed(
        "授权 {grant} 由另一提供机构作出", "Grant {grant} was given by another provider"
    ),
    "policy.field-not-granted": _field_not_granted,
    "policy.predicate-not-granted": _predicate_not_granted,
    "policy.relation-not-granted": _fixed(
        "授权 {grant} 不适用于与当事人有此种关系的人",
        "Grant {grant} does not cover people in this relation to the person of the case",
    ),
    "policy.absence-not-granted": _fixed(
        "授权 {grant} 只能在当事人在场时使用", "Grant {grant} may be used only while the person is present"
    ),
    "policy.mandate-missing": _fixed(
        "授权 {grant} 只能由持有效委托的人使用",
        "Grant {grant} may be used only by somebody who acts by a mandate in force for this service item",
    ),
    "policy.emergency-not-open": _fixed(
        "{grant} 是应急模板，未为本次申请开启", "{grant} is a template of emergency access, not opened for this request"
    ),
    ASSURANCE_TOO_LOW: _assurance_too_low,
    "policy.not-yet-valid": _not_yet_valid,
    "policy.expired": _expired,
    "policy.outside-hours": _outside_hours,
    "policy.division-not-own": _fixed(
        "授权 {grant} 只适用于本行政区划内的记录",
        "Grant {grant} covers only records of the department's own division, or of one below",
    ),
    "policy.delivery-not-granted": _delivery_not_granted,
    "policy.quota-exceeded": _quota_exceeded,
}
