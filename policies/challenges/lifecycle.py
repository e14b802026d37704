"""The life of a challenge: a command, the state, who asks and when → an event, or a refusal that says why. Pure.

The data-protection officer of the department whose use it was answers, and nobody answers for a look of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from kernel.text import Text
from policies.challenges.commands import (
    NAMES,
    TABLE,
    Command,
    CommandKind,
    EscalateChallenge,
    ExplainUse,
    UpholdChallenge,
)
from policies.challenges.events import (
    ChallengeEscalated,
    ChallengeEvent,
    ChallengeExplained,
    ChallengeState,
    ChallengeUpheld,
    Use,
    UseChallenged,
)
from policies.clocks.calendar import WorkingCalendar
from policies.clocks.run import untold
from policies.proceedings import Condition, Matter, NotAllowed, capacities, require
from policies.roles import Officer, Role

MATTER = Matter("challenge", Text("使用异议", "challenge"))

USUAL_DAYS = 10
"""Working days of a department to whom no service level gives others: ours, no statute's."""

READERS = frozenset({Role.GOVERNANCE_OFFICER, Role.GOVERNANCE_APPROVER, Role.AUDITOR})
"""Capacities that see every challenge, never what was said with it; data-protection officers see their department's."""


def challenged(challenge: str, use: Use, by: str, now: datetime) -> UseChallenged:
    """The event of opening one; whether somebody may is a matter of whose log the entry stands in."""
    return UseChallenged(by, now, None, challenge, use)


def sees(state: ChallengeState, actor: Officer) -> bool:
    """Whether this officer may read of it."""
    return bool(READERS & actor.roles) or knows_what_was_said(state, actor)


def knows_what_was_said(state: ChallengeState, actor: Officer) -> bool:
    """Whether this officer may read the words: who answers, in the department whose use it was."""
    return actor.organisation == state.use.organisation and Role.DATA_PROTECTION_OFFICER in actor.roles


def open_to(state: ChallengeState, actor: Officer) -> tuple[str, ...]:
    """The commands this officer may give now, by their names: what a page offers."""
    return tuple(
        name for kind, name in NAMES.items() if capacity(kind, state, actor) is not None and not _is_own(state, actor)
    )


def capacity(kind: CommandKind, state: ChallengeState, actor: Officer) -> Role | None:
    """The capacity in which this officer may do this to this challenge; None for none."""
    held = capacities(TABLE[state.status], kind, actor.roles)
    return next((role for role in held if _of_department(role, state, actor)), None)


def decide(command: Command, state: ChallengeState, actor: Officer, now: datetime) -> ChallengeEvent:
    """The event that follows from a command. Raises NotAllowed, and nothing has happened then."""
    require((_is_open_to, MATTER.time_goes_on, *_CONDITIONS[type(command)]), command, state, actor, now)
    return _OUTCOMES[type(command)](command, (actor.id, now, capacity(type(command), state, actor)))


def pending(state: ChallengeState, calendar: WorkingCalendar, now: datetime) -> tuple[EscalateChallenge, ...]:
    """What somebody above is to be told now, in the order of time."""
    waiting = untold(state.clock, state.told, calendar)
    return tuple(EscalateChallenge(percent, at) for percent, at in waiting if at <= now)


def next_due(state: ChallengeState, calendar: WorkingCalendar) -> datetime | None:
    """The earliest instant that was not told yet; None where no clock runs, or all is told."""
    return min((at for _percent, at in untold(state.clock, state.told, calendar)), default=None)


def _of_department(role: Role, state: ChallengeState, actor: Officer) -> bool:
    return role is not Role.DATA_PROTECTION_OFFICER or actor.organisation == state.use.organisation


def _is_own(state: ChallengeState, actor: Officer) -> bool:
    return state.use.officer == actor.id


def _is_open_to(command: Command, state: ChallengeState, actor: Officer, _now: datetime) -> NotAllowed | None:
    kind: CommandKind = type(command)
    return MATTER.is_open(TABLE[state.status], kind, actor, lambda role: _of_department(role, state, actor))


def _is_by_another(_command: Command, state: ChallengeState, actor: Officer, _now: datetime) -> NotAllowed | None:
    if not _is_own(state, actor):
        return None
    return MATTER.refusal(
        "own-look", Text("不能答复对本人查看的异议", "Nobody answers for a look of their own: a colleague does")
    )


def _is_due(command: EscalateChallenge, state: ChallengeState, _actor: Officer, now: datetime) -> NotAllowed | None:
    if command.percent not in state.told and now >= command.due:
        return None
    return MATTER.refusal("not-due", Text("时限未到或已告知", "It is not due, or was told already"))


_ANSWERED: tuple[Condition[ChallengeState], ...] = (_is_by_another, MATTER.gives_a_reason)
_CONDITIONS: Mapping[CommandKind, tuple[Condition[ChallengeState], ...]] = {
    ExplainUse: _ANSWERED,
    UpholdChallenge: _ANSWERED,
    EscalateChallenge: (_is_due,),
}
"""What must hold for a command beyond the table, in this order."""

_By = tuple[str, datetime, Role | None]

_OUTCOMES: Mapping[CommandKind, Callable[[Any, _By], ChallengeEvent]] = {
    ExplainUse: lambda command, by: ChallengeExplained(*by, command.reason),
    UpholdChallenge: lambda command, by: ChallengeUpheld(*by, command.reason),
    EscalateChallenge: lambda command, by: ChallengeEscalated(*by, command.percent, command.due),
}
