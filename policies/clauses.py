"""What each condition of a grant asks for, in one plain sentence: what a release that rests on the grant has met.

A satisfied grant has met all of its conditions, so its id@version alone tells which they are (ADR 0069).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from kernel.dates import time_text
from kernel.text import Text
from policies import cedar, explain
from policies.grants.grant import Grant
from policies.grants.sentence import Name, listed
from policies.grants.terms import SELF, BasisKind
from policies.guards import GUARDS


@dataclass(frozen=True, slots=True)
class Demand:
    """A condition of a grant: ``id`` is ``grant@version#cN`` as a refusal names it, ``text`` what it asks for."""

    id: str
    text: Text


def demands(grant: Grant, name: Name) -> tuple[Demand, ...]:
    """Every condition of a grant in the order of its policy; ``name`` puts codes in words."""
    clauses = cedar.clauses(grant)
    # One code may stand for two conditions, which are told in the order in which they stand.
    texts = {clause.code: iter(_WORDS[clause.code](grant, name)) for clause in clauses}
    return tuple(Demand(f"{grant.ref}#c{number}", next(texts[clause.code])) for number, clause in enumerate(clauses))


def standing(clause: str) -> Text | None:
    """The words of a clause that belongs to no grant: a guard, a part of its exception, what is said without any."""
    return _STANDING.get(clause)


def _of_guards() -> Iterator[tuple[str, Text]]:
    for guard in GUARDS:
        yield guard.ref, guard.text
        yield from ((f"{guard.ref}#c{number}", part) for number, part in enumerate(guard.parts))


_STANDING: Mapping[str, Text] = {
    **dict(_of_guards()),
    **{one.id: one.text for one in (explain.NO_GRANT, explain.ILL_FORMED, explain.ENGINES_DISAGREE)},
}

Words = Callable[[Grant, Name], tuple[Text, ...]]


def _fixed(zh: str, en: str) -> Words:
    return lambda _grant, _name: (Text(zh, en),)


def _purpose(grant: Grant, name: Name) -> tuple[Text, ...]:
    items = listed(grant.service_items, name)
    return (Text(f"用于办理{items.zh}", f"It serves {items.en}"),)


def _basis(grant: Grant, _name: Name) -> tuple[Text, ...]:
    by_consent = grant.basis_kind is BasisKind.CONSENT
    return (
        Text(f"依据为{grant.statute.zh}", f"It rests on {grant.statute.en}"),
        Text("依据的种类为本人同意", "The ground is the person's consent")
        if by_consent
        else Text("依据的种类为法定", "The ground is a statute"),
    )


def _provider(grant: Grant, name: Name) -> tuple[Text, ...]:
    provider, kind = name(grant.provider), name(grant.evidence_type)
    return (Text(f"{kind.zh}由{provider.zh}提供", f"{kind.en} is held by {provider.en}"),)


def _fields(grant: Grant, name: Name) -> tuple[Text, ...]:
    if not grant.fields:
        return (Text("不取得任何字段", "No field is asked for"),)
    granted = listed(grant.fields, name)
    return (Text(f"所取得的字段都在其中：{granted.zh}", f"Every field asked for is among: {granted.en}"),)


def _predicates(grant: Grant, name: Name) -> tuple[Text, ...]:
    if not grant.predicates:
        return (Text("不提是非问题", "No yes/no question is asked"),)
    granted = listed(grant.predicates, name)
    return (Text(f"所提是非问题都在其中：{granted.zh}", f"Every yes/no question asked is among: {granted.en}"),)


def _relation(grant: Grant, name: Name) -> tuple[Text, ...]:
    people = listed(grant.relations, lambda code: _SELF if code == SELF else name(code))
    return (Text(f"材料所涉的人是当事人的：{people.zh}", f"Whom it is about, to the person of the case: {people.en}"),)


_SELF = Text("本人", "themselves")


def _assurance(grant: Grant, _name: Name) -> tuple[Text, ...]:
    zh, en = f"认证等级不低于 {grant.min_loa}", f"the sign-in has assurance level {grant.min_loa} or higher"
    if grant.absent_allowed:
        return (Text(f"本人不在场，或{zh}", f"The person is absent, or {en}"),)
    return (Text(zh, en[0].upper() + en[1:]),)


def _begins(grant: Grant, _name: Name) -> tuple[Text, ...]:
    zh, en = (time_text(grant.valid_from, language) for language in ("zh", "en"))
    return (Text(f"不早于{zh}", f"Not before {en} (China time)"),)


def _ends(grant: Grant, _name: Name) -> tuple[Text, ...]:
    zh, en = (time_text(grant.valid_to, language) for language in ("zh", "en"))
    return (Text(f"在{zh}之前", f"Before {en} (China time)"),)


def _hours(grant: Grant, _name: Name) -> tuple[Text, ...]:
    if grant.hours is None:
        return ()
    start, end = grant.hours.start, grant.hours.end
    return (
        Text(f"不早于北京时间当日 {start} 时", f"At {start:02}:00 of a day or later (China time)"),
        Text(f"在北京时间当日 {end} 时之前", f"Before {end:02}:00 of a day (China time)"),
    )


def _delivery(grant: Grant, _name: Name) -> tuple[Text, ...]:
    modes = [mode.text for mode in sorted(grant.delivery_modes or ())]
    zh, en = "、".join(mode.zh for mode in modes), " or ".join(mode.en for mode in modes)
    return (Text(f"提供方式为{zh}", f"It is delivered {en}"),)


def _quota(grant: Grant, _name: Name) -> tuple[Text, ...]:
    most = grant.quota_per_day
    return (Text(f"当日用过不足 {most} 次", f"It was used fewer than {most} times that day"),)


_WORDS: Mapping[str, Words] = {
    "policy.purpose-not-granted": _purpose,
    "policy.basis-not-granted": _basis,
    "policy.provider-not-granted": _provider,
    "policy.field-not-granted": _fields,
    "policy.predicate-not-granted": _predicates,
    "policy.relation-not-granted": _relation,
    "policy.mandate-missing": _fixed(
        "由持有效委托的人办理，委托包括这一事项", "Somebody acts by a mandate in force that covers the service item"
    ),
    "policy.emergency-not-open": lambda _grant, _name: (
        Text("应急取用已由两人开启", "Two persons have opened emergency access"),
        Text("所开启的正是这一模板", "What they opened is this very template"),
    ),
    "policy.absence-not-granted": _fixed("本人在场", "The person is present"),
    "policy.assurance-too-low": _assurance,
    "policy.not-yet-valid": _begins,
    "policy.expired": _ends,
    "policy.outside-hours": _hours,
    "policy.division-not-own": _fixed(
        "记录属于使用部门所在的行政区划，或其下级", "The record is of the consumer's own division, or of one below"
    ),
    "policy.delivery-not-granted": _delivery,
    "policy.quota-exceeded": _quota,
}
"""Code of a refusal → what the condition asks for."""
