"""Looking up divisions: which one has a code on a day, what lies below it, and where its territory went.

These functions ask the table of `chongqing`; a deployment elsewhere asks its own `DivisionTable` in the same way.
"""

from datetime import date

from .chongqing import CHONGQING, SYNTHETIC, TABLE
from .division_table import Division, DivisionTable, Extent, Level, Succession

__all__ = [
    "CHONGQING",
    "SYNTHETIC",
    "TABLE",
    "Division",
    "DivisionTable",
    "Extent",
    "Level",
    "Succession",
    "at",
    "descendants",
    "history",
    "successors",
]


def at(code: str, day: date) -> Division | None:
    """The division that has `code` on `day`; None when there is none."""
    return TABLE.at(code, day)


def history(code: str) -> tuple[Division, ...]:
    """Every division that ever had `code`: empty means that the code is unknown, not abolished."""
    return TABLE.history(code)


def descendants(code: str, day: date) -> tuple[Division, ...]:
    """All divisions below `code` on `day`; one whose code is not established is among them with `code` None."""
    return TABLE.descendants(code, day)


def successors(code: str, day: date | None = None) -> tuple[Succession, ...]:
    """Where the territory of `code` went by `day` (None: ever): one for a merger, several for a split."""
    return TABLE.successors(code, day)
