"""Several records of one subject: one that all of them say, one that is chosen, or one gathered from them.

What a manifest does not declare is not guessed: records that differ are reported as ambiguous.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors.errors import AmbiguousSubject
from connectors.mapping import SOURCE_TIME, Mapped
from kernel.canonical import JSON

_LONG_AGO = float("-inf")


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of several records of one subject is taken: the one with the greatest, or least, value of a field.

    The field may be ``source_time``: the greatest is the newest.
    """

    field: str
    greatest: bool


@dataclass(frozen=True, slots=True)
class Gather:
    """Several rows to one record: ``lists`` names our list fields, each with the fields of a row that its members hold.

    ``single``: names of lists whose members are values rather than objects of one field.
    """

    lists: Mapping[str, Sequence[str]]
    single: frozenset[str]

    @property
    def inner(self) -> frozenset[str]:
        """The fields that stand inside the lists, and no longer in the record itself."""
        return frozenset(name for names in self.lists.values() for name in names)


def settle(records: Sequence[Mapped], choice: Choice | None, gather: Gather | None) -> Mapped:
    """What several records say together; there is at least one. Raises: AmbiguousSubject."""
    if gather is not None:
        return _gathered(records, gather)
    return _one(records) if choice is None else _chosen(records, choice)


def _one(records: Sequence[Mapped]) -> Mapped:
    """The record all of them say, the latest of equals."""
    if any(record.values != records[0].values for record in records):
        raise AmbiguousSubject("records-differ")
    return max(records, key=_time)


def _chosen(records: Sequence[Mapped], choice: Choice) -> Mapped:
    """The record a manifest's `choose` picks; where it cannot tell two apart they are ambiguous."""
    if len(records) == 1:
        return records[0]
    if choice.field == SOURCE_TIME:
        if any(record.source_time is None for record in records):
            raise AmbiguousSubject("choice-missing")
        best = (max if choice.greatest else min)(_time(record) for record in records)
        return _one([record for record in records if _time(record) == best])
    if any(choice.field not in record.values for record in records):
        raise AmbiguousSubject("choice-missing")
    ordered = sorted((record.values[choice.field] for record in records), key=_order, reverse=choice.greatest)
    return _one([record for record in records if record.values[choice.field] == ordered[0]])


def _gathered(records: Sequence[Mapped], gather: Gather) -> Mapped:
    """One record: what is outside the lists must be the same in every row; it is as old as its oldest row."""
    outer = [_without(record, gather.inner) for record in records]
    found = _one(outer)
    values = dict(found.values)
    for name, names in gather.lists.items():
        members = _members((record.values for record in records), names)
        if members:
            values[name] = [one[names[0]] for one in members] if name in gather.single else list(members)
    return Mapped(values, _oldest(records), found.times)


def _members(rows: Iterable[Mapping[str, JSON]], names: Sequence[str]) -> list[dict[str, JSON]]:
    """The members of one list: each once, in the order of their values, whatever order the source has."""
    found: list[dict[str, JSON]] = []
    for row in rows:
        member = {name: row[name] for name in names if name in row}
        if member and member not in found:
            found.append(member)
    return sorted(found, key=lambda member: [_order(member.get(name)) for name in names])


def _without(record: Mapped, inner: frozenset[str]) -> Mapped:
    values = {name: value for name, value in record.values.items() if name not in inner}
    times = {name: at for name, at in record.times.items() if name not in inner}
    return Mapped(values, record.source_time, times)


def _oldest(records: Sequence[Mapped]) -> datetime | None:
    times = [record.source_time for record in records if record.source_time is not None]
    return min(times) if len(times) == len(records) else None


def _time(record: Mapped) -> float:
    return record.source_time.timestamp() if record.source_time else _LONG_AGO


def _order(value: JSON) -> tuple[int, int, str]:
    """Whole numbers by size, everything else as text; ISO dates sort as text, and 长期 comes after every date."""
    if isinstance(value, int):
        return (0, value, "")
    return (1, 0, str(value))
