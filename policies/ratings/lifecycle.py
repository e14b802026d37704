"""The life of a rating: a command, the state, who asks and when → an event, or a refusal that says why. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from kernel.text import Text
from policies.clocks.calendar import WorkingCalendar
from policies.clocks.run import untold
from policies.proceedings import Condition, Matter, NotAllowed, capacities, require
from policies.ratings.commands import (
    NAMES,
    TABLE,
    AppealRating,
    CallBack,
    Command,
    CommandKind,
    ConfirmRating,
    EscalateRating,
    ExcludeRating,
    RectifyRating,
    UpholdRating,
)
from policies.ratings.events import (
    CaseRated,
    RaterCalledBack,
    Rating,
    RatingAppealed,
    RatingConfirmed,
    RatingEscalated,
    RatingEvent,
    RatingExcluded,
    RatingRectified,
    RatingState,
    RatingUpheld,
)
from policies.roles import Officer, Role

MATTER = Matter("rating", Text("评价", "rating"))

USUAL_DAYS = 15
"""Working days in which a bad rating is put right, where no service level says otherwise."""

READERS = frozenset({Role.GOVERNANCE_OFFICER, Role.GOVERNANCE_APPROVER, Role.AUDITOR})
"""Capacities that see the ratings of every department, never what was said; departments see their own."""


def rated(rating: Rating, by: str, now: datetime) -> CaseRated:
    """The event of rating a case; whether somebody may is a matter of whom the case was for."""
    return CaseRated(by, now, None, rating)


def sees(state: RatingState, actor: Officer) -> bool:
    """Whether this officer may read of it."""
    return bool(READERS & actor.roles) or actor.organisation == state.rating.organisation


def knows_what_was_said(state: RatingState, actor: Officer) -> bool:
    """Whether this officer may read the words: who puts it right, in the department that handled the case."""
    return actor.organisation == state.rating.organisation and Role.CONSUMER_OFFICER in actor.roles


def open_to(state: RatingState, actor: Officer) -> tuple[str, ...]:
    """The commands this officer may give now, by their names: what a page offers."""
    return tuple(name for kind, name in NAMES.items() if capacity(kind, state, actor) is not None)


def capacity(kind: CommandKind, state: RatingState, actor: Officer) -> Role | None:
    """The capacity in which this officer may do this to this rating; None for none."""
    held = capacities(TABLE[state.status], kind, actor.roles)
    return next((role for role in held if _may_act(role, state, actor)), None)


def decide(command: Command, state: RatingState, actor: Officer, now: datetime) -> RatingEvent:
    """The event that follows from a command. Raises NotAllowed, and nothing has happened then."""
    require((_is_open_to, MATTER.time_goes_on, *_CONDITIONS[type(command)]), command, state, actor, now)
    return _OUTCOMES[type(command)](command, (actor.id, now, capacity(type(command), state, actor)))


def pending(state: RatingState, calendar: WorkingCalendar, now: datetime) -> tuple[EscalateRating, ...]:
    """What somebody above is to be told now, in the order of time."""
    waiting = untold(state.clock, state.told, calendar)
    return tuple(EscalateRating(percent, at) for percent, at in waiting if at <= now)


def next_due(state: RatingState, calendar: WorkingCalendar) -> datetime | None:
    """The earliest instant that was not told yet; None where no clock runs, or all is told."""
    return min((at for _percent, at in untold(state.clock, state.told, calendar)), default=None)


def _may_act(role: Role, state: RatingState, actor: Officer) -> bool:
    """A department puts right what it did itself; of what it objects to, nobody of it decides."""
    own = actor.organisation == state.rating.organisation
    return {Role.CONSUMER_OFFICER: own, Role.GOVERNANCE_OFFICER: not own}.get(role, True)


def _is_open_to(command: Command, state: RatingState, actor: Officer, _now: datetime) -> NotAllowed | None:
    kind: CommandKind = type(command)
    return MATTER.is_open(TABLE[state.status], kind, actor, lambda role: _may_act(role, state, actor))


def _is_due(command: EscalateRating, state: RatingState, _actor: Officer, now: datetime) -> NotAllowed | None:
    if command.percent not in state.told and now >= command.due:
        return None
    return MATTER.refusal("not-due", Text("时限未到或已告知", "It is not due, or was told already"))


_REASONED: tuple[Condition[RatingState], ...] = (MATTER.gives_a_reason,)
_CONDITIONS: Mapping[CommandKind, tuple[Condition[RatingState], ...]] = dict.fromkeys(NAMES, _REASONED) | {
    EscalateRating: (_is_due,)
}
"""What must hold for a command beyond the table, in this order."""

_By = tuple[str, datetime, Role | None]

_OUTCOMES: Mapping[CommandKind, Callable[[Any, _By], RatingEvent]] = {
    ConfirmRating: lambda command, by: RatingConfirmed(*by, command.reason),
    AppealRating: lambda command, by: RatingAppealed(*by, command.reason),
    ExcludeRating: lambda command, by: RatingExcluded(*by, command.reason),
    UpholdRating: lambda command, by: RatingUpheld(*by, command.reason),
    RectifyRating: lambda command, by: RatingRectified(*by, command.reason),
    CallBack: lambda command, by: RaterCalledBack(*by, command.satisfied, command.reason),
    EscalateRating: lambda command, by: RatingEscalated(*by, command.percent, command.due),
}
