"""The score of a source, over its last answers."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

KEPT = 500
"""Answers that a score is made of."""


@dataclass(frozen=True, slots=True)
class Marks:
    """What one answer adds. ``timely`` and ``coded``: None where there is nothing to tell by.

    Attributes:
        expected, filled: fields of the mapping, and those that had a value.
        valid: whether the answer could be read and fitted its type's schema.
        timely: whether it was no older than twice the owner's update cycle.
        coded: whether every code was in its table.
    """

    expected: int
    filled: int
    valid: bool
    timely: bool | None
    coded: bool | None


@dataclass(frozen=True, slots=True)
class Quality:
    """Shares from 0 to 1; None where no answer told.

    Attributes:
        answers: the score is made of.
    """

    answers: int
    completeness: float | None
    validity: float | None
    timeliness: float | None
    codes: float | None


class Scores:
    """The marks of the last answers. Used under its owner's lock."""

    def __init__(self) -> None:
        self._marks: deque[Marks] = deque(maxlen=KEPT)

    def add(self, marks: Marks) -> None:
        """One more answer."""
        self._marks.append(marks)

    def quality(self) -> Quality:
        """The score as it is now."""
        marks = list(self._marks)
        read = [mark for mark in marks if mark.expected]
        return Quality(
            answers=len(marks),
            completeness=_share(sum(mark.filled for mark in read), sum(mark.expected for mark in read)),
            validity=_share(sum(mark.valid for mark in marks), len(marks)),
            timeliness=_told([mark.timely for mark in marks]),
            codes=_told([mark.coded for mark in marks]),
        )


def _told(marks: list[bool | None]) -> float | None:
    told = [mark for mark in marks if mark is not None]
    return _share(sum(told), len(told))


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
