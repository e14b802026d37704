"""What has happened to a task, and the state it adds up to; whether something may happen is not decided here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from kernel.text import Text
from policies.clocks.run import Pause
from policies.proceedings import Event, State
from policies.responders.clock import Running, ServiceClock
from policies.roles import Role


class Status(StrEnum):
    """Where a task stands."""

    OPEN = "open"
    TAKEN = "taken"
    QUESTIONED = "questioned"
    ANSWERED = "answered"
    NOT_FOUND = "not-found"
    REFUSED = "refused"
    TIMED_OUT = "timed-out"
    WITHDRAWN = "withdrawn"


STATUSES: Mapping[Status, Text] = MappingProxyType(
    {
        Status.OPEN: Text("待领取", "Waiting to be taken"),
        Status.TAKEN: Text("办理中", "Being worked on"),
        Status.QUESTIONED: Text("已退问，待需求部门补充", "Asked back, the asking department's turn"),
        Status.ANSWERED: Text("已答复", "Answered"),
        Status.NOT_FOUND: Text("查无记录", "No record found"),
        Status.REFUSED: Text("已拒绝", "Refused"),
        Status.TIMED_OUT: Text("逾时未答复", "Not answered in time"),
        Status.WITHDRAWN: Text("请求已结束，无须答复", "No longer wanted"),
    }
)
"""States in words."""
LIVING = frozenset({Status.OPEN, Status.TAKEN, Status.QUESTIONED})
"""States in which somebody still has to act."""


@dataclass(frozen=True, slots=True)
class Office:
    """Who answers: a department (unified social credit code), and where (GB/T 2260 code) if the source says so."""

    organisation: str
    division: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked, by whom and why; nobody it is about is named here.

    ``offices`` are the one that answers and its substitutes in their order; ``asked_by`` names the officer who asked,
    as the exchange names officers, empty where nobody said who did; ``emergency`` the opening under which it is asked,
    empty for none; ``entry`` is the ledger entry that says that the item waits, and so the one of the task's opening.
    """

    request: str
    item: int
    case: str
    consumer: str
    evidence_type: str
    service_item: str
    legal_basis: str
    relation: str
    entry: int
    fields: tuple[str, ...]
    predicates: tuple[str, ...]
    offices: tuple[Office, ...]
    clock: ServiceClock
    asked_by: str = ""
    emergency: str = ""


@dataclass(frozen=True, slots=True)
class TaskEvent(Event):
    """Something that happened to a task, and in which capacity it was done."""

    role: Role


@dataclass(frozen=True, slots=True)
class TaskOpened(TaskEvent):
    """Somebody's record is wanted of an office."""

    task: str
    wanted: Wanted


@dataclass(frozen=True, slots=True)
class TaskTaken(TaskEvent):
    """An officer of the office set to work on it, and may see whom it is about."""


@dataclass(frozen=True, slots=True)
class TaskGivenBack(TaskEvent):
    """It waits for another officer of the office."""


@dataclass(frozen=True, slots=True)
class TaskHandedOver(TaskEvent):
    """A substitute's turn: its office by its place in the row, with a clock of its own."""

    turn: int
    reason: str


@dataclass(frozen=True, slots=True)
class TaskAnswered(TaskEvent):
    """The record was supplied."""


@dataclass(frozen=True, slots=True)
class TaskNotFound(TaskEvent):
    """The office holds no such record."""


@dataclass(frozen=True, slots=True)
class TaskRefused(TaskEvent):
    """The office does not supply it, for a reason and by a citation."""

    reason: str
    citation: str


@dataclass(frozen=True, slots=True)
class TaskQuestioned(TaskEvent):
    """The office asked back; by ``due`` whoever asked has answered, or the task is over."""

    due: datetime


@dataclass(frozen=True, slots=True)
class TaskReplied(TaskEvent):
    """The asking department answered the question."""


@dataclass(frozen=True, slots=True)
class TaskEscalated(TaskEvent):
    """So much of the time (``percent``) was used up at ``due``."""

    percent: int
    due: datetime


@dataclass(frozen=True, slots=True)
class TaskTimedOut(TaskEvent):
    """Nobody whose turn it was acted by ``due``."""

    due: datetime


@dataclass(frozen=True, slots=True)
class TaskWithdrawn(TaskEvent):
    """The request behind it came to its end otherwise: its case was closed, or nobody waits for it any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskState(State):
    """A task and what has become of it.

    ``turn`` is the place of the office whose turn it is; ``taken_by`` the officer at work, empty for none; ``told`` the
    per cent of the time that were told of; ``reply_due`` the instant by which a question is answered.
    """

    id: str
    wanted: Wanted
    status: Status
    opened_at: datetime
    running: Running
    turn: int = 0
    taken_by: str = ""
    told: tuple[int, ...] = ()
    reply_due: datetime | None = None
    reason: str = ""
    citation: str = ""

    @property
    def office(self) -> Office:
        """Whose turn it is, or was last."""
        return self.wanted.offices[self.turn]

    @property
    def substitute(self) -> Office | None:
        """Who would be next."""
        return self.wanted.offices[self.turn + 1] if self.turn + 1 < len(self.wanted.offices) else None


def evolve(state: TaskState | None, event: TaskEvent) -> TaskState:
    """The state after an event; raises ValueError for an event that cannot follow on the state."""
    if isinstance(event, TaskOpened):
        if state is not None:
            raise ValueError("a task is opened once")
        return TaskState(
            id=event.task,
            wanted=event.wanted,
            status=Status.OPEN,
            opened_at=event.at,
            changed_at=event.at,
            running=Running(clock=event.wanted.clock, began=event.at),
        )
    if state is None:
        raise ValueError("a task begins with somebody who asks")
    return state.after(event, **_CHANGES[type(event)](state, event))


def _handed_over(state: TaskState, event: TaskHandedOver) -> dict[str, Any]:
    fresh = Running(clock=state.wanted.clock, began=event.at)
    return {"status": Status.OPEN, "turn": event.turn, "taken_by": "", "told": (), "running": fresh}


def _questioned(state: TaskState, event: TaskQuestioned) -> dict[str, Any]:
    still = replace(state.running, pauses=(*state.running.pauses, Pause(event.at)))
    return {"status": Status.QUESTIONED, "running": still, "reply_due": event.due}


def _replied(state: TaskState, event: TaskReplied) -> dict[str, Any]:
    *before, last = state.running.pauses
    going = replace(state.running, pauses=(*before, Pause(last.began, event.at)))
    return {"status": Status.TAKEN, "running": going, "reply_due": None}


_CHANGES: Mapping[type[TaskEvent], Callable[[TaskState, Any], dict[str, Any]]] = {
    TaskTaken: lambda _state, event: {"status": Status.TAKEN, "taken_by": event.by},
    TaskGivenBack: lambda _state, _event: {"status": Status.OPEN, "taken_by": ""},
    TaskHandedOver: _handed_over,
    TaskAnswered: lambda _state, _event: {"status": Status.ANSWERED},
    TaskNotFound: lambda _state, _event: {"status": Status.NOT_FOUND},
    TaskRefused: lambda _state, event: {
        "status": Status.REFUSED,
        "reason": event.reason,
        "citation": event.citation,
    },
    TaskQuestioned: _questioned,
    TaskReplied: _replied,
    TaskEscalated: lambda state, event: {"told": (*state.told, event.percent)},
    TaskTimedOut: lambda _state, _event: {"status": Status.TIMED_OUT, "reply_due": None},
    TaskWithdrawn: lambda _state, _event: {"status": Status.WITHDRAWN, "reply_due": None},
}
