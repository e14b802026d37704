"""Which department supplies an evidence type for a matter that lies in a division, on a day. Pure.

Departments end and hand over (a merger, a split), and so do divisions: what was asked of one is asked of those that
took over. A department of a division serves that division and everything below it; for a matter that lies in a wider
division, each department below it may be the one (``part``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from exchange.catalogue.model import Organisation
from kernel.identifiers.division import DivisionTable, Extent


class Reach(StrEnum):
    """How much of the matter's division a department serves."""

    WHOLE = "whole"
    PART = "part"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Provider:
    """A department that supplies on that day; ``instead_of`` whom it took over from, nearest first."""

    organisation: str
    reach: Reach
    instead_of: tuple[str, ...] = ()


def providers(
    owner: str,
    division: str | None,
    day: date,
    organisations: Mapping[str, Organisation],
    table: DivisionTable,
) -> tuple[Provider, ...]:
    """The departments that supply what ``owner`` is named for; none where nobody serves ``division`` on ``day``.

    ``division`` None: it is not known where the matter lies, and everybody may be the one.
    """
    found = (
        Provider(one.code, least(share, reach(one.division, division, day, table)), before)
        for one, share, before in _holders(owner, day, organisations)
    )
    return tuple(one for one in found if one.reach is not Reach.NONE)


def _holders(
    owner: str, day: date, organisations: Mapping[str, Organisation]
) -> Iterator[tuple[Organisation, Reach, tuple[str, ...]]]:
    """Who holds an organisation's duties on a day: itself while it exists, and whoever took over all or part by then.

    Each once, so that organisations that hand over to each other come to an end.
    """
    reached: set[str] = set()
    waiting: list[tuple[str, Reach, tuple[str, ...]]] = [(owner, Reach.WHOLE, ())]
    while waiting:
        code, share, before = waiting.pop(0)
        one = organisations.get(code)
        if one is None or code in reached:
            continue
        reached.add(code)
        taken = [each for each in one.successors if each.day <= day]
        if _exists(one, day):
            yield one, Reach.PART if taken else share, before
        whole = len(taken) == 1 and taken[0].extent is Extent.REMAINDER
        waiting += [(each.successor, share if whole else Reach.PART, (code, *before)) for each in taken]


def _exists(one: Organisation, day: date) -> bool:
    return (one.since is None or one.since <= day) and (one.until is None or day < one.until)


def reach(own: str | None, division: str | None, day: date, table: DivisionTable) -> Reach:
    """How much of ``division`` a department of ``own`` serves; a department of no division serves everywhere."""
    if own is None or division is None or table.lies_in(division, own, day):
        return Reach.WHOLE
    # Where all of the matter's division went is within; where only some of it did, or it is the wider one, it may be.
    ours, theirs = _grounds(own, day, table), _grounds(division, day, table)
    near = any(table.lies_in(left, right, day) or table.lies_in(right, left, day) for left in ours for right in theirs)
    return Reach.PART if near else Reach.NONE


def _grounds(code: str, day: date, table: DivisionTable) -> frozenset[str]:
    """A division and whatever took over territory of it by a day; no department is registered where no code is."""
    reached, waiting = set[str](), [code]
    while waiting:
        here = waiting.pop()
        if here not in reached:
            reached.add(here)
            waiting += [entry.successor.code for entry in table.successors(here, day) if entry.successor.code]
    return frozenset(reached)


def least(left: Reach, right: Reach) -> Reach:
    """The lesser of two."""
    order = (Reach.NONE, Reach.PART, Reach.WHOLE)
    return min(left, right, key=order.index)
