"""A grant in one plain sentence, in both languages, generated from its row: what officers sign and citizens read."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from kernel.dates import time_text
from kernel.identifiers.masking import Mask
from kernel.text import Text
from policies.grants.grant import Grant
from policies.grants.terms import SELF, BasisKind
from policies.obligations import in_words

Name = Callable[[str], Text]
"""Code → name in words; the codes of a grant are those of organisations, evidence types, fields and service items."""


def as_code(code: str) -> Text:
    """A code that has no name in words."""
    return Text(code, code)


def sentence(grant: Grant, name: Name = as_code) -> Text:
    """Who may obtain what from whom, about whom, for what, on what ground, until when; ``name`` puts codes in words."""
    parts = (part(grant, name) for part in _PARTS)
    return _join(parts)


def _join(parts: Iterable[Text]) -> Text:
    kept = [part for part in parts if part.zh]
    return Text("".join(part.zh for part in kept) + "。", "".join(part.en for part in kept) + ".")


def listed(codes: Iterable[str], name: Name) -> Text:
    """The names of codes, one after the other."""
    names = [name(code) for code in sorted(codes)]
    return Text("、".join(each.zh for each in names), ", ".join(each.en for each in names))


def _who(grant: Grant, name: Name) -> Text:
    consumer, items = name(grant.consumer), listed(grant.service_items, name)
    return Text(f"{consumer.zh}为办理{items.zh}，", f"For {items.en}, {consumer.en} may,")


def _ground(grant: Grant, _name: Name) -> Text:
    if grant.basis_kind is BasisKind.CONSENT:
        return Text(f"经本人同意（{grant.statute.zh}），", f" with the person's consent ({grant.statute.en}),")
    return Text(f"依据{grant.statute.zh}，", f" by {grant.statute.en},")


def _what(grant: Grant, name: Name) -> Text:
    provider, kind = name(grant.provider), name(grant.evidence_type)
    acts = [act for act in (_fields(grant, name), _answers(grant, name)) if act.zh]
    zh, en = "，并".join(act.zh for act in acts), " and ".join(act.en for act in acts)
    return Text(f"可就{provider.zh}的{kind.zh}{zh}", f" {en} of {kind.en} held by {provider.en}")


def _fields(grant: Grant, name: Name) -> Text:
    if not grant.fields:
        return Text("", "")
    each = [_field(grant, field, name) for field in sorted(grant.fields)]
    return Text("取得" + "、".join(text.zh for text in each), "obtain " + ", ".join(text.en for text in each))


def _field(grant: Grant, field: str, name: Name) -> Text:
    text, mask = name(field), grant.masks.get(field)
    if mask is None or mask is Mask.CLEAR:
        return text
    return Text(f"{text.zh}（{mask.text.zh}）", f"{text.en} ({mask.text.en})")


def _answers(grant: Grant, name: Name) -> Text:
    if not grant.predicates:
        return Text("", "")
    asked = listed(grant.predicates, name)
    return Text(f"核验{asked.zh}（只答是否）", f"verify {asked.en} (yes or no only)")


def _about(grant: Grant, name: Name) -> Text:
    others = grant.relations - {SELF}
    if not others:
        return Text("，限于当事人本人", ", about the person of the case")
    people = listed(others, name)
    self_too = (
        Text("当事人本人及其", "the person of the case and their ")
        if SELF in grant.relations
        else Text("当事人的", "their ")
    )
    return Text(f"，限于{self_too.zh}{people.zh}", f", about {self_too.en}{people.en}")


def _assurance(grant: Grant, _name: Name) -> Text:
    if grant.absent_allowed:
        return Text(
            f"；本人在场时认证不低于 {grant.min_loa} 级，不在场时亦可取得并告知本人",
            f"; at assurance level {grant.min_loa} when the person is present, and also in their absence, with notice",
        )
    return Text(
        f"；须本人在场，认证不低于 {grant.min_loa} 级",
        f"; only while the person is present, at assurance level {grant.min_loa} or higher",
    )


def _mandate(grant: Grant, _name: Name) -> Text:
    if not grant.mandate_required:
        return Text("", "")
    return Text("；须持包括该事项的有效委托", "; only by a mandate in force that covers the service item")


def _hours(grant: Grant, _name: Name) -> Text:
    if grant.hours is None:
        return Text("", "")
    said = grant.hours.text
    return Text(f"；限北京时间每日 {said.zh}", f"; from {said.en} of a day only (China time)")


def _emergency(grant: Grant, _name: Name) -> Text:
    use = grant.emergency
    if use is None:
        return Text("", "")
    told = Text("即时告知本人", "the person is told at once")
    if use.delay is not None:
        days, by = use.delay.days, use.delay.statute
        told = Text(f"依据{by.zh}，{days} 日后告知本人", f"the person is told after {days} days, by {by.en}")
    return Text(
        f"；仅限应急：须两人开启，每次不超过 {use.minutes} 分钟，{told.zh}，事后必须审查",
        f"; in an emergency only: opened by two persons, for at most {use.minutes} minutes, {told.en}, "
        "and reviewed afterwards",
    )


def _division(grant: Grant, _name: Name) -> Text:
    if not grant.own_division_only:
        return Text("", "")
    return Text("；限本行政区划内的记录", "; only records of the consumer's own division, or of one below")


def _delivery(grant: Grant, _name: Name) -> Text:
    if grant.delivery_modes is None:
        return Text("", "")
    modes = [mode.text for mode in sorted(grant.delivery_modes)]
    zh, en = "、".join(mode.zh for mode in modes), " or ".join(mode.en for mode in modes)
    return Text(f"；限{zh}", f"; delivered {en} only")


def _quota(grant: Grant, _name: Name) -> Text:
    if grant.quota_per_day is None:
        return Text("", "")
    return Text(f"；每日不超过 {grant.quota_per_day} 次", f"; at most {grant.quota_per_day} times a day")


def _term(grant: Grant, _name: Name) -> Text:
    start = time_text(grant.valid_from, "zh"), time_text(grant.valid_from, "en")
    end = time_text(grant.valid_to, "zh"), time_text(grant.valid_to, "en")
    return Text(f"；自{start[0]}起，至{end[0]}前有效", f"; from {start[1]} until before {end[1]} (China time)")


def _duties(grant: Grant, _name: Name) -> Text:
    if not grant.obligations:
        return Text("", "")
    duties = [in_words(obligation) for obligation in grant.obligations]
    zh, en = "、".join(duty.zh for duty in duties), ", ".join(duty.en for duty in duties)
    return Text(f"；附带义务：{zh}", f"; with the obligations: {en}")


_PARTS: tuple[Callable[[Grant, Name], Text], ...] = (
    _who,
    _ground,
    _what,
    _about,
    _assurance,
    _mandate,
    _emergency,
    _quota,
    _hours,
    _division,
    _delivery,
    _term,
    _duties,
)
