"""What a grant says, taken apart for a page: its facts as rows, and its fields with sensitivity and masks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from exchange.catalogue.registry import Registry
from exchange.console.words import listed
from exchange.governance.views import names
from kernel.dates import time_text
from kernel.identifiers.masking import Mask, stronger
from kernel.text import Text
from policies.grants.grant import Grant
from policies.grants.sentence import Name
from policies.grants.terms import BasisKind, EmergencyUse
from policies.obligations import in_words

SENSITIVITIES = {
    1: Text("一级（一般）", "1 (ordinary)"),
    2: Text("二级（个人信息）", "2 (personal)"),
    3: Text("三级（敏感）", "3 (sensitive)"),
    4: Text("四级（高度敏感）", "4 (highly sensitive)"),
}
UNKNOWN_SENSITIVITY = Text("目录中没有此字段", "not in the catalogue")


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field that would leave: what it is, how sensitive, and in which form."""

    name: str
    label: Text
    sensitivity: Text
    form: Text
    high: bool


def field_rows(grant: Grant, registry: Registry) -> list[FieldRow]:
    """The granted fields, the most sensitive first; the stronger mask counts: the grant's or the catalogue's."""
    kind = registry.evidence_types.get(grant.evidence_type)
    known = kind.fields if kind else {}
    levels = {name: known[name].sensitivity if name in known else 0 for name in grant.fields}
    rows = []
    for name in sorted(grant.fields, key=lambda each: (-levels[each], each)):
        minimal = known[name].minimal_mask if name in known else Mask.CLEAR
        form = stronger(grant.masks.get(name, Mask.CLEAR), minimal)
        label = known[name].label if name in known else Text(name, name)
        level = SENSITIVITIES.get(levels[name], UNKNOWN_SENSITIVITY)
        rows.append(FieldRow(name, label, level, form.text, levels[name] >= 3))
    return rows


def facts_of(grant: Grant, registry: Registry) -> list[tuple[Text, Text]]:
    """Everything but the fields, as label and value."""
    return [*_facts(grant, names(registry, grant.evidence_type))]


def _facts(grant: Grant, name: Name) -> Iterator[tuple[Text, Text]]:
    yield Text("用于事项", "For"), listed(name(code) for code in sorted(grant.service_items))
    yield Text("依据", "Legal basis"), _basis(grant)
    if grant.predicates:
        yield Text("是非问题（只答是否）", "Questions (yes or no only)"), listed(map(name, sorted(grant.predicates)))
    yield Text("涉及何人", "About"), listed(_relation(code, name) for code in sorted(grant.relations))
    yield Text("最低认证等级", "Least assurance level"), Text(f"{grant.min_loa} 级", str(grant.min_loa))
    yield Text("本人不在场时", "When the person is absent"), _absent(grant)
    if grant.mandate_required:
        yield Text("委托", "Mandate"), Text("须持包括该事项的有效委托", "needed, in force for the service item")
    if grant.emergency is not None:
        yield Text("应急模板", "Emergency template"), _emergency(grant.emergency)
    yield Text("每日限额", "Daily quota"), _quota(grant)
    if grant.hours is not None:
        yield Text("每日时段（北京时间）", "Hours of a day (China time)"), grant.hours.text
    if grant.own_division_only:
        yield Text("行政区划", "Division"), Text("限本行政区划内的记录", "records of the own division, or of one below")
    if grant.delivery_modes is not None:
        yield Text("提供方式", "Delivery"), listed(mode.text for mode in sorted(grant.delivery_modes))
    yield Text("附带义务", "Obligations"), listed(map(in_words, grant.obligations)) if grant.obligations else _NONE
    yield Text("期限（北京时间）", "Term (China time)"), _term(grant)


def _basis(grant: Grant) -> Text:
    kind = Text("本人同意", "consent") if grant.basis_kind is BasisKind.CONSENT else Text("法定", "statutory")
    return Text(f"{grant.statute.zh}（{kind.zh}）", f"{grant.statute.en} ({kind.en})")


def _relation(code: str, name: Name) -> Text:
    return Text("当事人本人", "the person of the case") if code == "self" else name(code)


def _absent(grant: Grant) -> Text:
    if grant.absent_allowed:
        return Text("可以取得，并告知本人", "allowed, with notice to the person")
    return Text("不可取得", "not allowed")


def _emergency(use: EmergencyUse) -> Text:
    told = Text("即时告知本人", "the person is told at once")
    if use.delay is not None:
        days, by = use.delay.days, use.delay.statute
        told = Text(f"{days} 日后告知本人（{by.zh}）", f"the person is told after {days} days ({by.en})")
    return Text(f"每次不超过 {use.minutes} 分钟；{told.zh}", f"at most {use.minutes} minutes; {told.en}")


def _quota(grant: Grant) -> Text:
    if grant.quota_per_day is None:
        return _NONE
    return Text(f"{grant.quota_per_day} 次", f"{grant.quota_per_day} releases")


def _term(grant: Grant) -> Text:
    zh, en = ((time_text(grant.valid_from, each), time_text(grant.valid_to, each)) for each in ("zh", "en"))
    return Text(f"{zh[0]}起，至{zh[1]}前", f"{en[0]} until before {en[1]}")


_NONE = Text("无", "none")
