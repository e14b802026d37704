"""The life of a task: a command, the state, who asks and when → events, or a refusal that says why. Pure.

Nobody answers their own asking. Whoever took a task works on it; a colleague may put it back for them. When the time of
an office is over, it is the substitute's turn, with a clock of its own; after the last, the task is over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from kernel.text import Text
from policies.clocks.calendar import WorkingCalendar
from policies.clocks.run import DEADLINE_PERCENT, last_instant
from policies.proceedings import Condition, Matter, NotAllowed, capacities, is_stated, require
from policies.responders.clock import due
from policies.responders.commands import (
    NAMES,
    TABLE,
    AnswerTask,
    Command,
    CommandKind,
    EndTurn,
    FindNothing,
    GiveBackTask,
    HandOverTask,
    QuestionTask,
    RefuseTask,
    ReplyTask,
    TakeTask,
    WarnOfTask,
    WithdrawTask,
)
from policies.responders.task import (
    Status,
    TaskAnswered,
    TaskEscalated,
    TaskEvent,
    TaskGivenBack,
    TaskHandedOver,
    TaskNotFound,
    TaskOpened,
    TaskQuestioned,
    TaskRefused,
    TaskReplied,
    TaskState,
    TaskTaken,
    TaskTimedOut,
    TaskWithdrawn,
    Wanted,
)
from policies.roles import Officer, Role

MATTER = Matter("task", Text("答复任务", "task"))

REPLY_DAYS = 5
"""Working days in which the asking department answers a question."""

READERS = frozenset({Role.GOVERNANCE_OFFICER, Role.GOVERNANCE_APPROVER, Role.DATA_PROTECTION_OFFICER, Role.AUDITOR})
"""Capacities that see every task, and of nobody whom it is about; departments see those that concern their own."""

OVERDUE = "overdue"
"""The reason with which the exchange itself hands a task over."""

Events = tuple[TaskEvent, ...]
Done = tuple[str, datetime, Role]


def opened(task: str, wanted: Wanted, at: datetime) -> TaskOpened:
    """A new task, opened by the exchange for whoever asked."""
    return TaskOpened("exchange", at, Role.EXCHANGE, task, wanted)


def reply_due(now: datetime, calendar: WorkingCalendar) -> datetime:
    """By when a question that is asked now is answered."""
    return last_instant(now, REPLY_DAYS, calendar)


def sees(state: TaskState, actor: Officer) -> bool:
    """Whether this officer may read of it: governance, the offices whose turn it is or was, and whoever asked."""
    if READERS & actor.roles:
        return True
    turns = {office.organisation for office in state.wanted.offices[: state.turn + 1]}
    return actor.organisation in turns | {state.wanted.consumer}


def is_at_work(state: TaskState, actor: Officer) -> bool:
    """Whether this officer took the task and works on it still: the one person who sees whom it is about."""
    own = state.office.organisation == actor.organisation and Role.PROVIDER_OFFICER in actor.roles
    return state.status is Status.TAKEN and own and state.taken_by == actor.id


def asks(state: TaskState, actor: Officer) -> bool:
    """Whether this officer may answer a question about it: of the department that asked."""
    return Role.CONSUMER_OFFICER in actor.roles and actor.organisation == state.wanted.consumer


def open_to(state: TaskState, actor: Officer) -> tuple[str, ...]:
    """The commands this officer may give now, by their names: what a page offers."""
    kinds = (kind for kind in NAMES if capacity(kind, state, actor) is not None)
    return tuple(NAMES[kind] for kind in kinds if _is_theirs(kind, state, actor) is None)


def capacity(kind: CommandKind, state: TaskState, actor: Officer) -> Role | None:
    """The capacity in which this officer may do this to this task; None for none."""
    held = capacities(TABLE[state.status], kind, actor.roles)
    return next((role for role in held if _of_department(role, state, actor)), None)


def pending(state: TaskState, calendar: WorkingCalendar, now: datetime) -> Command | None:
    """What time alone does to a task now: the first thing, if there is any."""
    if state.reply_due is not None:
        return EndTurn(state.reply_due) if now >= state.reply_due else None
    instants = due(state.running, calendar)
    if now >= instants[DEADLINE_PERCENT]:
        return EndTurn(instants[DEADLINE_PERCENT])
    told = ((percent, at) for percent, at in instants.items() if percent not in state.told and now >= at)
    return next((WarnOfTask(*each) for each in told), None)


def decide(command: Command, state: TaskState, actor: Officer, now: datetime) -> Events:
    """The events that follow from a command. Raises NotAllowed, and nothing has happened then."""
    conditions = (_is_open_to, _is_by_the_right_one, MATTER.time_goes_on, *_CONDITIONS.get(type(command), ()))
    require(conditions, command, state, actor, now)
    role = capacity(type(command), state, actor)
    if role is None:
        raise AssertionError("checked before")
    return _OUTCOMES[type(command)](command, state, (actor.id, now, role))


def _of_department(role: Role, state: TaskState, actor: Officer) -> bool:
    if role is Role.PROVIDER_OFFICER:
        return actor.organisation == state.office.organisation
    if role is Role.CONSUMER_OFFICER:
        return actor.organisation == state.wanted.consumer
    return True


def _is_open_to(command: Command, state: TaskState, actor: Officer, _now: datetime) -> NotAllowed | None:
    kind: CommandKind = type(command)
    return MATTER.is_open(TABLE[state.status], kind, actor, lambda role: _of_department(role, state, actor))


def _is_by_the_right_one(command: Command, state: TaskState, actor: Officer, _now: datetime) -> NotAllowed | None:
    return _is_theirs(type(command), state, actor)


_WORK = frozenset({AnswerTask, FindNothing, RefuseTask, QuestionTask})


def _is_theirs(kind: CommandKind, state: TaskState, actor: Officer) -> NotAllowed | None:
    if kind is TakeTask and actor.id == state.wanted.asked_by:
        return MATTER.refusal(
            "same-person", Text("不能由提出请求的人员自己答复", "Nobody answers what they asked for themselves")
        )
    if kind in _WORK and actor.id != state.taken_by:
        return MATTER.refusal(
            "taken-by-another",
            Text("该任务由另一名人员领取，须先退回", "Another officer is at work on it: it is put back first"),
        )
    if kind is HandOverTask and state.substitute is None:
        return MATTER.refusal("no-substitute", Text("没有可移交的替补单位", "There is no substitute"))
    return None


def _is_over(command: EndTurn, _state: TaskState, _actor: Officer, now: datetime) -> NotAllowed | None:
    if now >= command.due:
        return None
    return MATTER.refusal("not-due", Text("时限未到", "Its time is not over"))


def _is_new(command: WarnOfTask, state: TaskState, _actor: Officer, now: datetime) -> NotAllowed | None:
    if now >= command.due and command.percent not in state.told:
        return None
    return MATTER.refusal("not-due", Text("未到提醒时间，或已提醒", "It is not the time, or it was told of"))


def _cites(command: RefuseTask, *_rest: object) -> NotAllowed | None:
    if is_stated(command.citation):
        return None
    return MATTER.refusal(
        "citation-missing",
        Text("拒绝须注明依据的条款", "A refusal cites the provision it rests on"),
    )


_CONDITIONS: Mapping[CommandKind, tuple[Condition[TaskState], ...]] = {
    HandOverTask: (MATTER.gives_a_reason,),
    RefuseTask: (MATTER.gives_a_reason, _cites),
    WarnOfTask: (_is_new,),
    EndTurn: (_is_over,),
}
"""Beyond the table of states and roles, in the order in which a refusal names them."""


def _ended(command: EndTurn, state: TaskState, done: Done) -> Events:
    """An unanswered question ends the task: the turn of whoever asked is over, and nobody takes it for them."""
    if state.status is Status.QUESTIONED:
        return (TaskTimedOut(*done, command.due),)
    late = TaskEscalated(*done, DEADLINE_PERCENT, command.due)
    if state.substitute is None:
        return (late, TaskTimedOut(*done, command.due))
    return (late, TaskHandedOver(*done, state.turn + 1, OVERDUE))


_OUTCOMES: Mapping[CommandKind, Callable[[Any, TaskState, Done], Events]] = {
    TakeTask: lambda _command, _state, done: (TaskTaken(*done),),
    GiveBackTask: lambda _command, _state, done: (TaskGivenBack(*done),),
    HandOverTask: lambda command, state, done: (TaskHandedOver(*done, state.turn + 1, command.reason),),
    AnswerTask: lambda _command, _state, done: (TaskAnswered(*done),),
    FindNothing: lambda _command, _state, done: (TaskNotFound(*done),),
    RefuseTask: lambda command, _state, done: (TaskRefused(*done, command.reason, command.citation),),
    QuestionTask: lambda command, _state, done: (TaskQuestioned(*done, command.due),),
    ReplyTask: lambda _command, _state, done: (TaskReplied(*done),),
    WarnOfTask: lambda command, _state, done: (TaskEscalated(*done, command.percent, command.due),),
    EndTurn: _ended,
    WithdrawTask: lambda _command, _state, done: (TaskWithdrawn(*done),),
}
