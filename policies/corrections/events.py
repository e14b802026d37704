"""What has happened to a correction, and the state it adds up to; whether something may happen is not decided here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from kernel.text import Text
from policies.clocks.profile import Stage
from policies.clocks.run import Run
from policies.proceedings import Event, State
from policies.roles import Role


class Status(StrEnum):
    """Where a correction stands. Until it ends, the record it is about is disputed."""

    OPEN = "open"
    TAKEN = "taken"
    ACCEPTED = "accepted"
    CORRECTED = "corrected"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


STATUSES: Mapping[Status, Text] = MappingProxyType(
    {
        Status.OPEN: Text("待受理", "Waiting to be taken up"),
        Status.TAKEN: Text("核查中", "Being checked"),
        Status.ACCEPTED: Text("已受理，待更正", "Accepted, to be corrected"),
        Status.CORRECTED: Text("已更正", "Corrected"),
        Status.REJECTED: Text("未采纳", "Rejected"),
        Status.WITHDRAWN: Text("已撤回", "Taken back"),
    }
)
"""States in words."""

DISPUTED = frozenset({Status.OPEN, Status.TAKEN, Status.ACCEPTED})
"""States in which the record is told with the mark that it is disputed."""


UNANSWERED = frozenset({Status.OPEN, Status.TAKEN})
"""States in which the department has not said yet whether the record is wrong."""


class Opener(StrEnum):
    """Who says that a record is wrong."""

    PERSON = "person"
    """Whom it is about."""
    DEPARTMENT = "department"
    """One that received it, its window clerks included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """What is said to be wrong: a field of a record that left with an item of a request, or in a file of a return flow
    (whose name and number ``request`` and ``item`` are then).

    ``consumer`` received it; ``days`` are the working days the provider has. What was seen and what would be right are
    about a person: they are kept under that person's key, at ``entry`` of the log, and never here. ``told_from`` is the
    instant (RFC 3339) before which a statute keeps from that person that the record left at all; empty without one.
    ``officer`` is the blind index of the clerk for whom the department's system opened it, empty where it named none.
    """

    evidence_type: str
    field: str
    provider: str
    consumer: str
    opener: Opener
    request: str
    item: int
    days: int
    told_from: str = ""
    officer: str = ""


@dataclass(frozen=True, slots=True)
class CorrectionEvent(Event):
    """Something that happened to a correction, and in which capacity it was done."""

    role: Role | None


@dataclass(frozen=True, slots=True)
class CorrectionOpened(CorrectionEvent):
    """Somebody said that a record is wrong."""

    correction: str
    objection: Objection


@dataclass(frozen=True, slots=True)
class CorrectionTaken(CorrectionEvent):
    """An officer of the providing department took it up, and saw whom it is about."""


@dataclass(frozen=True, slots=True)
class CorrectionAccepted(CorrectionEvent):
    """The department agrees that the record is wrong."""

    reason: str


@dataclass(frozen=True, slots=True)
class CorrectionRejected(CorrectionEvent):
    """The department finds the record right, by the rule that is cited."""

    reason: str
    citation: str


@dataclass(frozen=True, slots=True)
class RecordCorrected(CorrectionEvent):
    """The record is right now: whoever received it is told."""

    reason: str


@dataclass(frozen=True, slots=True)
class CorrectionWithdrawn(CorrectionEvent):
    """Whoever opened it took it back, before it was answered; ``officer`` as in the objection."""

    officer: str = ""


@dataclass(frozen=True, slots=True)
class CorrectionEscalated(CorrectionEvent):
    """So much of its time was used up at the instant ``due``: somebody above is told."""

    percent: int
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionState(State):
    """A correction and what became of it; ``taken_by`` is the officer who checks it, ``told`` the warnings given."""

    id: str
    objection: Objection
    status: Status
    opened_at: datetime
    taken_by: str = ""
    note: str = ""
    citation: str = ""
    told: frozenset[int] = frozenset()

    @property
    def clock(self) -> Run | None:
        """The provider's clock, while it runs."""
        if self.status not in DISPUTED:
            return None
        return Run(stage=Stage.CORRECTION, days=self.objection.days, began=self.opened_at)


def evolve(state: CorrectionState | None, event: CorrectionEvent) -> CorrectionState:
    """The state after an event; raises ValueError for an event that cannot follow on the state."""
    if isinstance(event, CorrectionOpened):
        if state is not None:
            raise ValueError("a correction is opened once")
        return CorrectionState(
            id=event.correction,
            objection=event.objection,
            status=Status.OPEN,
            opened_at=event.at,
            changed_at=event.at,
        )
    if state is None:
        raise ValueError("a correction begins with somebody who opens it")
    return state.after(event, **_CHANGES[type(event)](state, event))


_CHANGES: Mapping[type[CorrectionEvent], Callable[[CorrectionState, Any], dict[str, Any]]] = {
    CorrectionTaken: lambda state, event: {
        "status": Status.TAKEN if state.status is Status.OPEN else state.status,
        "taken_by": event.by,
    },
    CorrectionAccepted: lambda _state, event: {"status": Status.ACCEPTED, "note": event.reason},
    CorrectionRejected: lambda _state, event: {
        "status": Status.REJECTED,
        "note": event.reason,
        "citation": event.citation,
    },
    CorrectionWithdrawn: lambda _state, _event: {"status": Status.WITHDRAWN},
    RecordCorrected: lambda _state, event: {"status": Status.CORRECTED, "note": event.reason},
    CorrectionEscalated: lambda state, event: {"told": state.told | {event.percent}},
}
