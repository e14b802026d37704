"""Two versions of a grant beside each other: what differs, in plain words, and whether it lets more or less out.

Reads the rows, not what they permit today: a field added where no service item stands on the legal basis yet permits
nothing today and everything tomorrow, so it counts as wider. What this file does not know counts as both (ADR 0029).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum

from kernel.dates import time_text
from kernel.identifiers.masking import Mask, stronger
from kernel.text import Text
from policies.delivery import ON_REQUEST, Delivery
from policies.grants.grant import Grant
from policies.grants.sentence import Name
from policies.grants.terms import BasisKind, EmergencyUse, Hours, Obligation
from policies.hierarchy import Entity
from policies.obligations import in_words, is_kept_by

Above = Mapping[Entity, frozenset[Entity]]


class Direction(StrEnum):
    """What a difference does to what may leave."""

    WIDER = "wider"
    NARROWER = "narrower"
    BOTH = "both"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: the member of the grant, its direction, and a sentence."""

    member: str
    direction: Direction
    text: Text


@dataclass(frozen=True, slots=True)
class Row:
    """A field or yes/no question: how it left before and leaves after (a mask, or ``answer``); None for not at all."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Matrix:
    """Field × service item, before and after: a row holds for every service item of the version it speaks of."""

    rows: tuple[Row, ...]
    kept: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]


def differences(before: Grant | None, after: Grant, above: Above, name: Name) -> tuple[Difference, ...]:
    """What a new version changes; for a grant without a version in force, that it is new."""
    if before is None:
        text = Text("新的授权：此前没有现行版本", "A new grant: no version of it was in force")
        return (Difference("id", Direction.WIDER, text),)
    found: list[Difference] = []
    for member in fields(Grant):
        if member.name not in _SILENT and getattr(before, member.name) != getattr(after, member.name):
            compare = _COMPARED.get(member.name, _anything)
            found.extend(compare(_Two(before, after, above, name, member.name)))
    return tuple(found)


def matrix(before: Grant | None, after: Grant) -> Matrix:
    """Every field and question of either version, and every service item."""
    old = frozenset() if before is None else before.service_items
    names = sorted({each for grant in (before, after) if grant for each in grant.fields | grant.predicates})
    return Matrix(
        rows=tuple(Row(name, _leaves(before, name), _leaves(after, name)) for name in names),
        kept=tuple(sorted(old & after.service_items)),
        added=tuple(sorted(after.service_items - old)),
        removed=tuple(sorted(old - after.service_items)),
    )


def _leaves(grant: Grant | None, name: str) -> str | None:
    if grant is None:
        return None
    if name in grant.fields:
        return grant.masks.get(name, Mask.CLEAR).value
    return "answer" if name in grant.predicates else None


@dataclass(frozen=True, slots=True)
class _Two:
    before: Grant
    after: Grant
    above: Above
    name: Name
    member: str

    def said(self, direction: Direction, zh: str, en: str) -> Difference:
        return Difference(self.member, direction, Text(zh, en))


_SILENT = frozenset({"id", "version"})


def _anything(two: _Two) -> Iterator[Difference]:
    old, new = (str(getattr(grant, two.member)) for grant in (two.before, two.after))
    yield two.said(Direction.BOTH, f"{two.member} 由 {old} 改为 {new}", f"{two.member} changes from {old} to {new}")


def _place(kind: str, zh: str, en: str) -> Callable[[_Two], Iterator[Difference]]:
    """Consumer, evidence type: one below the old one is narrower."""

    def compare(two: _Two) -> Iterator[Difference]:
        old, new = (str(getattr(grant, two.member)) for grant in (two.before, two.after))
        direction = Direction.BOTH
        if (kind, old) in two.above.get((kind, new), ()):
            direction = Direction.NARROWER
        elif (kind, new) in two.above.get((kind, old), ()):
            direction = Direction.WIDER
        was, is_ = two.name(old), two.name(new)
        yield two.said(direction, f"{zh}由{was.zh}改为{is_.zh}", f"the {en} changes from {was.en} to {is_.en}")

    return compare


def _members(zh: str, en: str, kind: str = "") -> Callable[[_Two], Iterator[Difference]]:
    """A list of names: more is wider. Where they stand in a hierarchy, one below another adds nothing."""

    def covered(two: _Two, one: str, by: frozenset[str]) -> bool:
        return any(name in by for _, name in two.above.get((kind, one), ()))

    def compare(two: _Two) -> Iterator[Difference]:
        old, new = (getattr(grant, two.member) for grant in (two.before, two.after))
        for one in sorted(new - old):
            direction = Direction.NEITHER if covered(two, one, old) else Direction.WIDER
            said = two.name(one)
            yield two.said(direction, f"增加{zh}：{said.zh}", f"adds the {en}: {said.en}")
        for one in sorted(old - new):
            direction = Direction.NEITHER if covered(two, one, new) else Direction.NARROWER
            said = two.name(one)
            yield two.said(direction, f"去掉{zh}：{said.zh}", f"removes the {en}: {said.en}")

    return compare


def _masks(two: _Two) -> Iterator[Difference]:
    for field in sorted(two.before.fields & two.after.fields):
        old, new = (grant.masks.get(field, Mask.CLEAR) for grant in (two.before, two.after))
        if old is new:
            continue
        said = two.name(field)
        if stronger(old, new) is old:
            yield two.said(Direction.WIDER, f"{said.zh}的脱敏减弱或取消", f"{said.en} is masked less, or no longer")
        else:
            yield two.said(Direction.NARROWER, f"{said.zh}的脱敏加强", f"{said.en} is masked more")


def _obligations(two: _Two) -> Iterator[Difference]:
    for duty in _not_kept(two.before.obligations, two.after.obligations):
        said = in_words(duty)
        yield two.said(Direction.WIDER, f"不再要求：{said.zh}", f"no longer demands: {said.en}")
    for duty in _not_kept(two.after.obligations, two.before.obligations):
        said = in_words(duty)
        yield two.said(Direction.NARROWER, f"新要求：{said.zh}", f"newly demands: {said.en}")


def _not_kept(given: Iterable[Obligation], by: Iterable[Obligation]) -> Iterator[Obligation]:
    by = tuple(by)
    return (duty for duty in sorted(given) if not any(is_kept_by(duty, other) for other in by))


def _quota(two: _Two) -> Iterator[Difference]:
    old, new = two.before.quota_per_day, two.after.quota_per_day
    more = new is None or (old is not None and new > old)
    was, is_ = (Text("不限", "no limit") if each is None else Text(f" {each} 次", str(each)) for each in (old, new))
    yield two.said(
        Direction.WIDER if more else Direction.NARROWER,
        f"每日限额由{was.zh}改为{is_.zh}",
        f"the daily quota changes from {was.en} to {is_.en}",
    )


def _term(zh: str, en: str, *, later_is_wider: bool) -> Callable[[_Two], Iterator[Difference]]:
    def compare(two: _Two) -> Iterator[Difference]:
        old, new = (getattr(grant, two.member) for grant in (two.before, two.after))
        direction = Direction.WIDER if (new > old) == later_is_wider else Direction.NARROWER
        yield two.said(
            direction,
            f"{zh}由 {time_text(old, 'zh')} 改为 {time_text(new, 'zh')}",
            f"the {en} moves from {time_text(old, 'en')} to {time_text(new, 'en')}",
        )

    return compare


def _assurance(two: _Two) -> Iterator[Difference]:
    old, new = two.before.min_loa, two.after.min_loa
    yield two.said(
        Direction.WIDER if new < old else Direction.NARROWER,
        f"最低认证等级由 {old} 级改为 {new} 级",
        f"the least assurance level changes from {old} to {new}",
    )


def _absence(two: _Two) -> Iterator[Difference]:
    if two.after.absent_allowed:
        yield two.said(Direction.WIDER, "本人不在场时也可取得", "may be used while the person is absent")
    else:
        yield two.said(Direction.NARROWER, "只能在本人在场时取得", "may be used only while the person is present")


def _hours(two: _Two) -> Iterator[Difference]:
    old, new = (grant.hours or _ANY_HOUR for grant in (two.before, two.after))
    wider, narrower = _reaches_beyond(new, old), _reaches_beyond(old, new)
    was, is_ = (
        Text("不限", "any hour") if grant.hours is None else grant.hours.text for grant in (two.before, two.after)
    )
    yield two.said(
        _DIRECTIONS[wider, narrower],
        f"每日时段由{was.zh}改为{is_.zh}",
        f"the hours of a day change from {was.en} to {is_.en}",
    )


def _expectations(two: _Two) -> Iterator[Difference]:
    old, new = (len(grant.expectations) for grant in (two.before, two.after))
    yield two.said(
        Direction.NEITHER,
        f"随授权试算的预期有变化（由 {old} 条到 {new} 条）",
        f"the expectations tried with the grant change ({old} before, {new} after)",
    )


def _reaches_beyond(one: Hours, other: Hours) -> bool:
    return one.start < other.start or one.end > other.end


_ANY_HOUR = Hours(0, 24)
_DIRECTIONS = {
    (True, True): Direction.BOTH,
    (True, False): Direction.WIDER,
    (False, True): Direction.NARROWER,
    (False, False): Direction.NEITHER,
}


def _mandate(two: _Two) -> Iterator[Difference]:
    if two.after.mandate_required:
        yield two.said(Direction.NARROWER, "须持有效委托", "a mandate is now needed")
    else:
        yield two.said(Direction.WIDER, "不再须持委托", "a mandate is no longer needed")


def _emergency(two: _Two) -> Iterator[Difference]:
    old, new = two.before.emergency, two.after.emergency
    if old is None or new is None:
        zh, en = ("改为应急模板", "becomes a template of emergency access") if new else _NO_TEMPLATE
        yield two.said(Direction.BOTH, zh, en)
        return
    if old.minutes != new.minutes:
        yield two.said(
            Direction.WIDER if new.minutes > old.minutes else Direction.NARROWER,
            f"每次应急开启由 {old.minutes} 分钟改为 {new.minutes} 分钟",
            f"an emergency opening lasts {new.minutes} minutes instead of {old.minutes}",
        )
    if old.delay != new.delay:
        was, is_ = (_delayed(use) for use in (old, new))
        direction = _DIRECTIONS[_days(new) > _days(old), _days(new) < _days(old)]
        yield two.said(direction, f"告知本人由{was.zh}改为{is_.zh}", f"the person is told {is_.en} instead of {was.en}")


def _days(use: EmergencyUse) -> int:
    """For how long nobody tells the person: the longer, the more is done behind their back."""
    return 0 if use.delay is None else use.delay.days


def _delayed(use: EmergencyUse) -> Text:
    if use.delay is None:
        return Text("即时", "at once")
    by = use.delay.statute
    return Text(f"延迟 {use.delay.days} 日（{by.zh}）", f"after {use.delay.days} days ({by.en})")


_NO_TEMPLATE = ("不再是应急模板", "is no longer a template of emergency access")


def _division(two: _Two) -> Iterator[Difference]:
    if two.after.own_division_only:
        yield two.said(Direction.NARROWER, "限本行政区划内的记录", "only records of the own division leave now")
    else:
        yield two.said(Direction.WIDER, "不再限本行政区划", "records of other divisions leave, too")


def _delivery(two: _Two) -> Iterator[Difference]:
    old, new = (grant.delivery_modes or _ANY_DELIVERY for grant in (two.before, two.after))
    was, is_ = (_modes(grant.delivery_modes) for grant in (two.before, two.after))
    yield two.said(
        _DIRECTIONS[bool(new - old), bool(old - new)],
        f"提供方式由{was.zh}改为{is_.zh}",
        f"the ways of delivery change from {was.en} to {is_.en}",
    )


def _modes(modes: frozenset[Delivery] | None) -> Text:
    if modes is None:
        return Text("不限", "any")
    texts = [mode.text for mode in sorted(modes)]
    return Text("、".join(text.zh for text in texts), " or ".join(text.en for text in texts))


_ANY_DELIVERY = frozenset(ON_REQUEST)


def _basis_kind(two: _Two) -> Iterator[Difference]:
    if two.after.basis_kind is BasisKind.CONSENT:
        yield two.said(Direction.NARROWER, "须经本人同意", "the person's consent is now needed")
    else:
        yield two.said(Direction.WIDER, "不再须经本人同意", "the person's consent is no longer needed")


def _statute(two: _Two) -> Iterator[Difference]:
    old, new = two.before.statute, two.after.statute
    yield two.said(
        Direction.NEITHER,
        f"法律依据的表述由“{old.zh}”改为“{new.zh}”",
        f"the legal citation changes from “{old.en}” to “{new.en}”",
    )


_COMPARED: Mapping[str, Callable[[_Two], Iterator[Difference]]] = {
    "consumer": _place("Organisation", "使用机构", "consumer"),
    "evidence_type": _place("EvidenceType", "材料类型", "evidence type"),
    "service_items": _members("事项", "service item", "ServiceItem"),
    "fields": _members("字段", "field"),
    "predicates": _members("是非问题", "yes/no question"),
    "relations": _members("与当事人的关系", "relation to the person of the case"),
    "masks": _masks,
    "obligations": _obligations,
    "quota_per_day": _quota,
    "valid_from": _term("生效时间", "start", later_is_wider=False),
    "valid_to": _term("失效时间", "end", later_is_wider=True),
    "min_loa": _assurance,
    "absent_allowed": _absence,
    "hours": _hours,
    "mandate_required": _mandate,
    "emergency": _emergency,
    "expectations": _expectations,
    "own_division_only": _division,
    "delivery_modes": _delivery,
    "basis_kind": _basis_kind,
    "statute": _statute,
}
"""Member of a grant → how two values of it compare. Any other member counts as wider and narrower."""
