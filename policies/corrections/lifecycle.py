"""The life of a correction: a command, the state, who asks and when → an event, or a refusal that says why. Pure.

Officers of the department that the data belong to act, and of them only who took it up; nobody answers what their own
department opened through another's data, since a correction is about the provider's own record alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from kernel.text import Text
from policies.clocks.calendar import WorkingCalendar
from policies.clocks.run import untold
from policies.corrections.commands import (
    NAMES,
    TABLE,
    AcceptCorrection,
    Command,
    CommandKind,
    CorrectRecord,
    EscalateCorrection,
    RejectCorrection,
    TakeCorrection,
)
from policies.corrections.events import (
    UNANSWERED,
    CorrectionAccepted,
    CorrectionEscalated,
    CorrectionEvent,
    CorrectionOpened,
    CorrectionRejected,
    CorrectionState,
    CorrectionTaken,
    CorrectionWithdrawn,
    Objection,
    RecordCorrected,
)
from policies.proceedings import Condition, Matter, NotAllowed, capacities, is_stated, require
from policies.roles import Officer, Role

MATTER = Matter("correction", Text("校核申请", "correction"))

USUAL_DAYS = 10
"""Working days of a provider to whom no service level gives others: ours, no statute's."""

READERS = frozenset({Role.GOVERNANCE_OFFICER, Role.GOVERNANCE_APPROVER, Role.DATA_PROTECTION_OFFICER, Role.AUDITOR})
"""Capacities that see every correction, never whom it is about; departments see those that concern their own."""


def opened(correction: str, objection: Objection, by: str, now: datetime) -> CorrectionOpened:
    """The event of opening one; whether somebody may is a matter of what they received or are."""
    return CorrectionOpened(by, now, None, correction, objection)


def withdrawn(state: CorrectionState, by: str, officer: str, now: datetime) -> CorrectionWithdrawn:
    """The event of taking it back by whoever opened it (for this ``officer``); that it is they is not decided here.

    Raises NotAllowed.
    """
    if state.status not in UNANSWERED:
        raise MATTER.refusal("answered", Text("已经答复，或已撤回", "It was answered or taken back already"))
    if now < state.changed_at:
        raise MATTER.clock_went_back()
    return CorrectionWithdrawn(by, now, None, officer)


def sees(state: CorrectionState, actor: Officer) -> bool:
    """Whether this officer may read of it."""
    parties = {state.objection.provider, state.objection.consumer}
    return bool(READERS & actor.roles) or actor.organisation in parties


def knows_whom(state: CorrectionState, actor: Officer) -> bool:
    """Whether this officer may see whom it is about and what was seen: who took it up, while there is work to do."""
    return state.clock is not None and state.taken_by == actor.id and actor.organisation == state.objection.provider


def open_to(state: CorrectionState, actor: Officer) -> tuple[str, ...]:
    """The commands this officer may give now, by their names: what a page offers."""
    return tuple(
        name
        for kind, name in NAMES.items()
        if capacity(kind, state, actor) is not None and _by_whom(kind, state, actor) is None
    )


def capacity(kind: CommandKind, state: CorrectionState, actor: Officer) -> Role | None:
    """The capacity in which this officer may do this to this correction; None for none."""
    held = capacities(TABLE[state.status], kind, actor.roles)
    return next((role for role in held if _of_department(role, state, actor)), None)


def decide(command: Command, state: CorrectionState, actor: Officer, now: datetime) -> CorrectionEvent:
    """The event that follows from a command. Raises NotAllowed, and nothing has happened then."""
    conditions = (_is_open_to, _is_by_the_right_one, MATTER.time_goes_on, *_CONDITIONS[type(command)])
    require(conditions, command, state, actor, now)
    role = capacity(type(command), state, actor)
    return _OUTCOMES[type(command)](command, (actor.id, now, role))


def pending(state: CorrectionState, calendar: WorkingCalendar, now: datetime) -> tuple[EscalateCorrection, ...]:
    """What somebody above is to be told now, in the order of time."""
    waiting = untold(state.clock, state.told, calendar)
    return tuple(EscalateCorrection(percent, at) for percent, at in waiting if at <= now)


def next_due(state: CorrectionState, calendar: WorkingCalendar) -> datetime | None:
    """The earliest instant that was not told yet; None where no clock runs, or all is told."""
    return min((at for _percent, at in untold(state.clock, state.told, calendar)), default=None)


def _of_department(role: Role, state: CorrectionState, actor: Officer) -> bool:
    return role is not Role.PROVIDER_OFFICER or actor.organisation == state.objection.provider


def _is_open_to(command: Command, state: CorrectionState, actor: Officer, _now: datetime) -> NotAllowed | None:
    kind: CommandKind = type(command)
    return MATTER.is_open(TABLE[state.status], kind, actor, lambda role: _of_department(role, state, actor))


def _is_by_the_right_one(command: Command, state: CorrectionState, actor: Officer, _now: datetime) -> NotAllowed | None:
    return _by_whom(type(command), state, actor)


def _by_whom(kind: CommandKind, state: CorrectionState, actor: Officer) -> NotAllowed | None:
    """Whoever took it up answers it; taking up what is one's own already changes nothing."""
    if kind is TakeCorrection and state.taken_by == actor.id:
        return MATTER.refusal("already-taken", Text("您已受理此件", "You took it up already"))
    if kind in {AcceptCorrection, RejectCorrection, CorrectRecord} and state.taken_by != actor.id:
        return MATTER.refusal(
            "not-taken", Text("由受理人办理；如需接手，请先受理", "Whoever took it up answers; take it over first")
        )
    return None


def _cites(command: RejectCorrection, *_rest: object) -> NotAllowed | None:
    if is_stated(command.citation):
        return None
    return MATTER.refusal("citation-missing", Text("不予采纳须写明依据", "A rejection cites the rule it rests on"))


def _is_due(command: EscalateCorrection, state: CorrectionState, _actor: Officer, now: datetime) -> NotAllowed | None:
    if command.percent not in state.told and now >= command.due:
        return None
    return MATTER.refusal("not-due", Text("时限未到或已告知", "It is not due, or was told already"))


_CONDITIONS: Mapping[CommandKind, tuple[Condition[CorrectionState], ...]] = {
    TakeCorrection: (),
    AcceptCorrection: (MATTER.gives_a_reason,),
    RejectCorrection: (MATTER.gives_a_reason, _cites),
    CorrectRecord: (MATTER.gives_a_reason,),
    EscalateCorrection: (_is_due,),
}
"""What must hold for a command beyond the table, in this order."""

_By = tuple[str, datetime, Role | None]

_OUTCOMES: Mapping[CommandKind, Callable[[Any, _By], CorrectionEvent]] = {
    TakeCorrection: lambda _command, by: CorrectionTaken(*by),
    AcceptCorrection: lambda command, by: CorrectionAccepted(*by, command.reason),
    RejectCorrection: lambda command, by: CorrectionRejected(*by, command.reason, command.citation),
    CorrectRecord: lambda command, by: RecordCorrected(*by, command.reason),
    EscalateCorrection: lambda command, by: CorrectionEscalated(*by, command.percent, command.due),
}
