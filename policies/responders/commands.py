"""What can be asked to be done with a task, and the table that says in which capacity and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from policies.proceedings import Row
from policies.responders.task import Status
from policies.roles import Role


@dataclass(frozen=True, slots=True)
class TakeTask:
    """Set to work on it; from then on this officer sees whom it is about."""


@dataclass(frozen=True, slots=True)
class GiveBackTask:
    """Leave it to a colleague; any officer of the office may do that for one who is away."""


@dataclass(frozen=True, slots=True)
class HandOverTask:
    """Leave it to the substitute, for a reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class AnswerTask:
    """Supply the record; what it says is kept apart from the task."""


@dataclass(frozen=True, slots=True)
class FindNothing:
    """Say that there is no such record."""


@dataclass(frozen=True, slots=True)
class RefuseTask:
    """Do not supply it: why, and by which provision."""

    reason: str
    citation: str


@dataclass(frozen=True, slots=True)
class QuestionTask:
    """Ask the asking department, which answers by ``due``; what was asked is kept apart from the task."""

    due: datetime


@dataclass(frozen=True, slots=True)
class ReplyTask:
    """Answer the office's question."""


@dataclass(frozen=True, slots=True)
class WarnOfTask:
    """Record that so much of the time was used up at ``due``; there is still some left."""

    percent: int
    due: datetime


@dataclass(frozen=True, slots=True)
class EndTurn:
    """Record that the time was over at ``due``: the substitute's turn, or nobody's any more."""

    due: datetime


@dataclass(frozen=True, slots=True)
class WithdrawTask:
    """Record that nobody waits for it any more."""


Command = (
    TakeTask
    | GiveBackTask
    | HandOverTask
    | AnswerTask
    | FindNothing
    | RefuseTask
    | QuestionTask
    | ReplyTask
    | WarnOfTask
    | EndTurn
    | WithdrawTask
)
CommandKind = type[Command]

_HAND_OVER: frozenset[CommandKind] = frozenset({HandOverTask})
_TAKE: frozenset[CommandKind] = frozenset({TakeTask})
_WORK: frozenset[CommandKind] = frozenset({GiveBackTask, AnswerTask, FindNothing, RefuseTask, QuestionTask})
_REPLY: frozenset[CommandKind] = frozenset({ReplyTask})
_TIME: frozenset[CommandKind] = frozenset({WarnOfTask, EndTurn, WithdrawTask})

TABLE: Mapping[Status, Row[CommandKind]] = MappingProxyType(
    {
        Status.OPEN: {
            Role.PROVIDER_OFFICER: _TAKE | _HAND_OVER,
            Role.GOVERNANCE_OFFICER: _HAND_OVER,
            Role.EXCHANGE: _TIME,
        },
        Status.TAKEN: {
            Role.PROVIDER_OFFICER: _WORK | _HAND_OVER,
            Role.GOVERNANCE_OFFICER: _HAND_OVER,
            Role.EXCHANGE: _TIME,
        },
        Status.QUESTIONED: {Role.CONSUMER_OFFICER: _REPLY, Role.EXCHANGE: frozenset({EndTurn, WithdrawTask})},
        Status.ANSWERED: {},
        Status.NOT_FOUND: {},
        Status.REFUSED: {},
        Status.TIMED_OUT: {},
        Status.WITHDRAWN: {},
    }
)
"""State × role → commands: the one list that the API, the pages and ``decide`` read. What is not here is refused."""

NAMES: Mapping[CommandKind, str] = MappingProxyType(
    {
        TakeTask: "take",
        AnswerTask: "answer",
        FindNothing: "not-found",
        RefuseTask: "refuse",
        QuestionTask: "question",
        GiveBackTask: "give-back",
        HandOverTask: "hand-over",
        ReplyTask: "reply",
    }
)
"""Commands on a task as the interface calls them, in the order in which they are offered."""
