"""What has happened to a rating, and the state it adds up to; whether something may happen is not decided here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Any

from kernel.text import Text
from policies.clocks.profile import Stage
from policies.clocks.run import Run
from policies.proceedings import Event, State
from policies.roles import Role


class Grade(IntEnum):
    """The five grades."""

    VERY_BAD = 1
    BAD = 2
    FAIR = 3
    GOOD = 4
    VERY_GOOD = 5


GRADES: Mapping[Grade, Text] = MappingProxyType(
    {
        Grade.VERY_GOOD: Text("非常满意", "very satisfied"),
        Grade.GOOD: Text("满意", "satisfied"),
        Grade.FAIR: Text("基本满意", "fairly satisfied"),
        Grade.BAD: Text("不满意", "dissatisfied"),
        Grade.VERY_BAD: Text("非常不满意", "very dissatisfied"),
    }
)
"""Grades in words, the best first."""
BAD = frozenset({Grade.VERY_BAD, Grade.BAD})
"""Grades that open a rectification."""


class Status(StrEnum):
    """Where a rating stands."""

    GIVEN = "given"
    """Nothing is to be done."""
    TO_VERIFY = "to-verify"
    APPEALED = "appealed"
    TO_RECTIFY = "to-rectify"
    RECTIFIED = "rectified"
    """Mended; whoever rated is to be called back."""
    CLOSED = "closed"
    EXCLUDED = "excluded"
    """Found malicious or mistaken: it counts for nothing."""


STATUSES: Mapping[Status, Text] = MappingProxyType(
    {
        Status.GIVEN: Text("已评价", "Given"),
        Status.TO_VERIFY: Text("差评待核实", "Bad, to be verified"),
        Status.APPEALED: Text("部门申诉，待裁定", "The department objects"),
        Status.TO_RECTIFY: Text("待整改", "To be put right"),
        Status.RECTIFIED: Text("已整改，待回访", "Put right, to be called back"),
        Status.CLOSED: Text("已办结", "Closed"),
        Status.EXCLUDED: Text("不计入", "Does not count"),
    }
)
"""States in words."""
UNDER_WAY = frozenset({Status.TO_VERIFY, Status.APPEALED, Status.TO_RECTIFY, Status.RECTIFIED})
"""States in which the department's clock runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """A grade of a case: handled by ``organisation`` for ``service_item``; ``days`` are the department's, if it is bad.

    What was said with it is kept under the person's key, beside the log.
    """

    case: str
    organisation: str
    service_item: str
    grade: Grade
    days: int


@dataclass(frozen=True, slots=True)
class RatingEvent(Event):
    """Something that happened to a rating, and in which capacity it was done."""

    role: Role | None


@dataclass(frozen=True, slots=True)
class CaseRated(RatingEvent):
    """Whoever the case was for has rated it."""

    rating: Rating


@dataclass(frozen=True, slots=True)
class RatingConfirmed(RatingEvent):
    """The department found that it is justified."""

    reason: str


@dataclass(frozen=True, slots=True)
class RatingAppealed(RatingEvent):
    """The department holds it malicious or mistaken."""

    reason: str


@dataclass(frozen=True, slots=True)
class RatingExcluded(RatingEvent):
    """Data governance agrees: it does not count."""

    reason: str


@dataclass(frozen=True, slots=True)
class RatingUpheld(RatingEvent):
    """Data governance does not agree: it is to be put right."""

    reason: str


@dataclass(frozen=True, slots=True)
class RatingRectified(RatingEvent):
    """The department has put right what was wrong."""

    reason: str


@dataclass(frozen=True, slots=True)
class RaterCalledBack(RatingEvent):
    """The department called back whoever rated; whether they are satisfied now."""

    satisfied: bool
    reason: str


@dataclass(frozen=True, slots=True)
class RatingEscalated(RatingEvent):
    """So much of the time was used up at the instant ``due``: somebody above is told."""

    percent: int
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingState(State):
    """A rating and what has become of it; ``told`` are the warnings given."""

    rating: Rating
    status: Status
    rated_at: datetime
    note: str = ""
    satisfied: bool | None = None
    told: frozenset[int] = frozenset()

    @property
    def clock(self) -> Run | None:
        """The department's clock, while it runs."""
        if self.status not in UNDER_WAY:
            return None
        return Run(stage=Stage.RECTIFICATION, days=self.rating.days, began=self.rated_at)


def evolve(state: RatingState | None, event: RatingEvent) -> RatingState:
    """The state after an event; raises ValueError for an event that cannot follow on the state."""
    if isinstance(event, CaseRated):
        if state is not None:
            raise ValueError("a case is rated once")
        status = Status.TO_VERIFY if event.rating.grade in BAD else Status.GIVEN
        return RatingState(rating=event.rating, status=status, rated_at=event.at, changed_at=event.at)
    if state is None:
        raise ValueError("a rating begins with somebody who rates")
    return state.after(event, **_CHANGES[type(event)](state, event))


def _becomes(status: Status) -> Callable[[RatingState, Any], dict[str, Any]]:
    return lambda _state, event: {"status": status, "note": event.reason}


_CHANGES: Mapping[type[RatingEvent], Callable[[RatingState, Any], dict[str, Any]]] = {
    RatingConfirmed: _becomes(Status.TO_RECTIFY),
    RatingAppealed: _becomes(Status.APPEALED),
    RatingExcluded: _becomes(Status.EXCLUDED),
    RatingUpheld: _becomes(Status.TO_RECTIFY),
    RatingRectified: _becomes(Status.RECTIFIED),
    RaterCalledBack: lambda _state, event: {
        "status": Status.CLOSED if event.satisfied else Status.TO_RECTIFY,
        "note": event.reason,
        "satisfied": event.satisfied,
    },
    RatingEscalated: lambda state, event: {"told": state.told | {event.percent}},
}
