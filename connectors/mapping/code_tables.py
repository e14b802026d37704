"""Code tables, and which edition of one a record was written by: they change with time and from division to division.

An edition holds from ``since`` to ``until``, both included, in a ``division`` and everything below it (GB/T 2260:
500000 covers 500101). The edition of the smallest division around the record's wins; where none holds on the record's
day, or the record does not say which day or division it is of, the answer is garbled. Nothing is guessed from the code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from connectors.base import Raw
from connectors.errors import SourceGarbled
from connectors.faults import fault, within
from connectors.mapping.dates import CHINA
from connectors.mapping.reading import Reader, reader
from connectors.mapping.values import Scalar, Step, date_reader, scalar, translation

RECORD_PLACES = frozenset({"dated_by", "division_from"})
"""What a table with editions reads of the record besides the code."""

Translate = Callable[[Mapping[str, Raw]], Step]
"""From a record to the translation that holds for it. Raises: SourceGarbled."""


@dataclass(frozen=True, slots=True)
class _Edition:
    since: date
    until: date
    division: str
    translate: Step

    def holds(self, day: date, division: str) -> bool:
        return self.since <= day <= self.until and division.startswith(_territory(self.division))


def editions_of(table: Mapping[str, Any]) -> Sequence[Mapping[str, Any]] | None:
    """The editions of a code table; None for a plain one, whose values are single values."""
    listed = table.get("editions")
    return listed if isinstance(listed, list) else None


def by_edition(table: Mapping[str, Any], rule: Mapping[str, Any]) -> Translate:
    """The translation by a table of several editions. Raises: ManifestFault."""
    with within("code_tables"):
        editions = [_edition(one, rule) for one in table["editions"]]
        _refuse_overlaps(editions)
        day = _day(table, any({"since", "until"} & one.keys() for one in table["editions"]))
        division = _division(table, any("division" in one for one in table["editions"]))

    def choose(record: Mapping[str, Raw]) -> Step:
        at, where = day(record), division(record)
        holding = [one for one in editions if one.holds(at, where)]
        if not holding:
            raise SourceGarbled("code-edition")
        return max(holding, key=lambda one: len(_territory(one.division))).translate

    return choose


def _edition(one: Mapping[str, Any], rule: Mapping[str, Any]) -> _Edition:
    try:
        since, until = (date.fromisoformat(one[name]) if name in one else other for name, other in _OPEN)
    except ValueError:
        raise fault(
            (), "since、until 应为 2026-11-23 这样的日期", "since and until are days such as 2026-11-23"
        ) from None
    if since > until:
        raise fault((), "since 晚于 until", "since is after until")
    return _Edition(since, until, one.get("division", ""), translation(one["codes"], rule))


_OPEN = (("since", date.min), ("until", date.max))


def _refuse_overlaps(editions: Sequence[_Edition]) -> None:
    for place, one in enumerate(editions):
        for other in editions[:place]:
            if one.division == other.division and one.since <= other.until and other.since <= one.until:
                raise fault((), "同一区划的两个版本时间重叠", "two editions of one division hold on the same day")


def _day(table: Mapping[str, Any], needed: bool) -> Callable[[Mapping[str, Raw]], date]:
    if not needed:
        return lambda _: date.min
    if "dated_by" not in table:
        raise fault((), "版本有起止日期时须写 dated_by", "editions with days need dated_by: which day a record is of")
    with within("dated_by"):
        read, dates = reader(table["dated_by"]), date_reader({"date": "iso", **table["dated_by"]}, "date")

    def day(record: Mapping[str, Raw]) -> date:
        found = _found(read, record)
        if found is None:
            raise SourceGarbled("code-day")
        return dates.instant(found).astimezone(CHINA).date()

    return day


def _division(table: Mapping[str, Any], needed: bool) -> Callable[[Mapping[str, Raw]], str]:
    if not needed:
        return lambda _: ""
    if "division_from" not in table:
        raise fault((), "版本有区划时须写 division_from", "editions of divisions need division_from")
    with within("division_from"):
        read = reader(table["division_from"])

    def division(record: Mapping[str, Raw]) -> str:
        found = _found(read, record)
        if found is None:
            raise SourceGarbled("code-division")
        return str(found)

    return division


def _found(read: Reader, record: Mapping[str, Raw]) -> Scalar:
    return scalar(read(record))


def _territory(division: str) -> str:
    """The digits that every division below begins with: 500000 is 50, 500100 is 5001."""
    while division.endswith("00"):
        division = division[:-2]
    return division
