"""Administrative divisions (GB/T 2260) with the days between which they exist, and what became of abolished ones.

A code is looked up *at a day*: a case from last year names a district that is gone, and a citizen number keeps the
division of its issue for life. What became of a division is a relation, not a renaming: one division may be split
among several, and a division that goes on may lose a part to another.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from kernel.text import Text

_DIGITS = 6
"""Of a code of GB/T 2260; towns and villages have codes that begin with one (GB/T 10114)."""


class Level(StrEnum):
    """The rank of a division."""

    MUNICIPALITY = "municipality"
    DISTRICT = "district"
    COUNTY = "county"
    AUTONOMOUS_COUNTY = "autonomous-county"


class Extent(StrEnum):
    """How much of a division went to its successor."""

    REMAINDER = "remainder"  # all that no other succession names
    PART = "part"


@dataclass(frozen=True, slots=True)
class Division:
    """One division. It exists from `since` (None: before this table begins) up to, not including, `until`.

    `code` is None while no code has been established for it.
    """

    code: str | None
    name: Text
    level: Level
    parent: str | None
    since: date | None = None
    until: date | None = None
    synthetic: bool = False

    def exists(self, day: date) -> bool:
        """Whether the division exists on `day`."""
        return (self.since is None or self.since <= day) and (self.until is None or day < self.until)


@dataclass(frozen=True, slots=True)
class Succession:
    """From `day` on, `extent` of the division with the code `former` belongs to `successor`."""

    former: str
    successor: Division
    extent: Extent
    day: date
    note: Text


class DivisionTable:
    """Divisions and successions, looked up by code and day."""

    def __init__(self, divisions: Sequence[Division], successions: Sequence[Succession]) -> None:
        """Raises ValueError when two divisions have one code on one day, or a parent is not in the table."""
        self._divisions = tuple(divisions)
        self._successions = tuple(successions)
        self._by_code: dict[str, list[Division]] = {}
        for division in divisions:
            if division.code is not None:
                self._by_code.setdefault(division.code, []).append(division)
        self._check()

    def at(self, code: str, day: date) -> Division | None:
        """The division that has `code` on `day`; None when there is none."""
        return next((division for division in self._by_code.get(code, ()) if division.exists(day)), None)

    def existing(self, day: date) -> tuple[Division, ...]:
        """Every division that exists on `day`, in the order of the table."""
        return tuple(division for division in self._divisions if division.exists(day))

    def history(self, code: str) -> tuple[Division, ...]:
        """Every division that ever had `code`."""
        return tuple(self._by_code.get(code, ()))

    def descendants(self, code: str, day: date) -> tuple[Division, ...]:
        """All divisions below `code` on `day`, nearest first; those without a code are among them."""
        children = tuple(entry for entry in self._divisions if entry.parent == code and entry.exists(day))
        below = (self.descendants(child.code, day) for child in children if child.code is not None)
        return children + tuple(division for group in below for division in group)

    def lies_in(self, code: str, division: str, day: date) -> bool:
        """Whether a code names a division, or something below it such as a town (the digits beyond its six).

        A code that is gone by the day lies where all of its territory went; one that is not known lies nowhere but in
        itself.
        """
        reached, waiting = set[str](), [code[:_DIGITS]]
        while waiting:
            if (here := waiting.pop()) == division or here in reached:
                continue
            reached.add(here)
            higher = self._higher(here, day)
            if not higher:
                return False
            waiting += higher
        return True

    def _higher(self, code: str, day: date) -> list[str]:
        found = self.at(code, day)
        if found is not None:
            return [] if found.parent is None else [found.parent]
        heirs = [entry.successor.code or entry.successor.parent for entry in self.successors(code, day)]
        return [] if None in heirs else [heir for heir in heirs if heir is not None]

    def successors(self, code: str, day: date | None = None) -> tuple[Succession, ...]:
        """Where the territory of `code` went by `day` (None: ever), in the order of the table.

        One succession for a merger; several for a split. A division that still exists may have some, too.
        """
        found = (entry for entry in self._successions if entry.former == code)
        return tuple(entry for entry in found if day is None or entry.day <= day)

    def origins(self, code: str, day: date | None = None) -> tuple[Succession, ...]:
        """Out of what the territory of `code` came by `day` (None: ever), in the order of the table."""
        found = (entry for entry in self._successions if entry.successor.code == code)
        return tuple(entry for entry in found if day is None or entry.day <= day)

    def _check(self) -> None:
        for code, versions in self._by_code.items():
            if any(_overlap(left, right) for left in versions for right in versions if left is not right):
                raise ValueError(f"division {code} exists twice on one day")
        for entry in self._divisions:
            if entry.parent is not None and entry.parent not in self._by_code:
                raise ValueError(f"division {entry.parent} is a parent and not in the table")


def _overlap(left: Division, right: Division) -> bool:
    return _begins_before_end(left, right) and _begins_before_end(right, left)


def _begins_before_end(left: Division, right: Division) -> bool:
    return left.since is None or right.until is None or left.since < right.until
