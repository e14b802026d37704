"""What has happened to an opening, and the state it adds up to; whether something may happen is not decided here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from kernel.text import Text
from policies.grants.terms import NoticeDelay
from policies.model import Opening
from policies.proceedings import Event, State
from policies.roles import Role


class Status(StrEnum):
    """Where an opening stands. Only an open one lets anything out."""

    ASKED = "asked"
    OPEN = "open"
    ENDED = "ended"
    REVIEWED = "reviewed"
    DECLINED = "declined"
    LAPSED = "lapsed"


STATUSES: Mapping[Status, Text] = MappingProxyType(
    {
        Status.ASKED: Text("待第二人开启", "Waiting for a second person"),
        Status.OPEN: Text("已开启", "Open"),
        Status.ENDED: Text("已结束，待审查", "Over, to be reviewed"),
        Status.REVIEWED: Text("已审查", "Reviewed"),
        Status.DECLINED: Text("未开启", "Not opened"),
        Status.LAPSED: Text("逾时未开启", "Lapsed unopened"),
    }
)
"""States in words."""


class Finding(StrEnum):
    """What a review found."""

    JUSTIFIED = "justified"
    NOT_JUSTIFIED = "not-justified"


FINDINGS: Mapping[Finding, Text] = MappingProxyType(
    {
        Finding.JUSTIFIED: Text("确有必要", "justified"),
        Finding.NOT_JUSTIFIED: Text("没有必要", "not justified"),
    }
)
"""Findings in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked for: a template (id@version, a grant in force), a case, and why.

    ``minutes`` and ``delay`` are those of the template, ``provider`` the department whose data it opens.
    """

    template: str
    consumer: str
    provider: str
    case: str
    reason: str
    minutes: int
    delay: NoticeDelay | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """The review of an opening: by whom, when, what it found, in words."""

    by: str
    at: datetime
    finding: Finding
    words: str


@dataclass(frozen=True, slots=True)
class EmergencyEvent(Event):
    """Something that happened to an opening, and in which capacity it was done."""

    role: Role


@dataclass(frozen=True, slots=True)
class EmergencyAsked(EmergencyEvent):
    """An officer asked for it."""

    opening: str
    asked: Asked


@dataclass(frozen=True, slots=True)
class EmergencyOpened(EmergencyEvent):
    """A second person opened it, until ``ends``."""

    ends: datetime


@dataclass(frozen=True, slots=True)
class EmergencyDeclined(EmergencyEvent):
    """It was not opened, for a reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class EmergencyLapsed(EmergencyEvent):
    """Nobody opened it in time."""


@dataclass(frozen=True, slots=True)
class EmergencyClosed(EmergencyEvent):
    """Somebody ended it before its time."""

    reason: str


@dataclass(frozen=True, slots=True)
class EmergencyEnded(EmergencyEvent):
    """Its time ran out."""


@dataclass(frozen=True, slots=True)
class EmergencyReviewOverdue(EmergencyEvent):
    """The day by which it was to be reviewed (``due``) went by."""

    due: datetime


@dataclass(frozen=True, slots=True)
class EmergencyReviewed(EmergencyEvent):
    """It was reviewed."""

    finding: Finding
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyState(State):
    """An opening and what has become of it.

    ``opened_at``, ``opened_by`` and ``ends`` are None or empty before it is opened; ``told`` says that its overdue
    review was told of.
    """

    id: str
    asked: Asked
    status: Status
    asked_by: str
    asked_at: datetime
    opened_by: str = ""
    opened_at: datetime | None = None
    ends: datetime | None = None
    told: bool = False
    note: str = ""
    review: Review | None = None

    @property
    def opening(self) -> Opening | None:
        """What decisions read of it, while it is open."""
        if self.status is not Status.OPEN or self.opened_at is None or self.ends is None:
            return None
        return Opening(id=self.id, template=self.asked.template, opened=self.opened_at, ends=self.ends)


def evolve(state: EmergencyState | None, event: EmergencyEvent) -> EmergencyState:
    """The state after an event; raises ValueError for an event that cannot follow on the state."""
    if isinstance(event, EmergencyAsked):
        if state is not None:
            raise ValueError("an opening is asked for once")
        return EmergencyState(
            id=event.opening,
            asked=event.asked,
            status=Status.ASKED,
            asked_by=event.by,
            asked_at=event.at,
            changed_at=event.at,
        )
    if state is None:
        raise ValueError("an opening begins with somebody who asks")
    return state.after(event, **_CHANGES[type(event)](event))


_CHANGES: Mapping[type[EmergencyEvent], Callable[[Any], dict[str, Any]]] = {
    EmergencyOpened: lambda event: {
        "status": Status.OPEN,
        "opened_by": event.by,
        "opened_at": event.at,
        "ends": event.ends,
    },
    EmergencyDeclined: lambda event: {"status": Status.DECLINED, "note": event.reason},
    EmergencyLapsed: lambda _event: {"status": Status.LAPSED},
    EmergencyClosed: lambda event: {"status": Status.ENDED, "note": event.reason},
    EmergencyEnded: lambda _event: {"status": Status.ENDED},
    EmergencyReviewOverdue: lambda _event: {"told": True},
    EmergencyReviewed: lambda event: {
        "status": Status.REVIEWED,
        "review": Review(event.by, event.at, event.finding, event.words),
    },
}
