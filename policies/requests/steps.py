"""From commands to steps: what the clock of a request says by itself comes first, then what an officer wants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from policies.clocks.calendar import WorkingCalendar
from policies.proceedings import course
from policies.requests.commands import Command
from policies.requests.escalation import pending
from policies.requests.events import RequestEvent, RequestState, evolve
from policies.requests.lifecycle import decide
from policies.roles import Officer, Role

_CLOCK = Officer("exchange", "", frozenset({Role.EXCHANGE}))


@dataclass(frozen=True, slots=True)
class RequestStep:
    """One event of one request: the state before (None for a new one), the event, the state after, and who did it."""

    before: RequestState | None
    event: RequestEvent
    after: RequestState
    actor: Officer


def steps(
    commands: Sequence[Command], state: RequestState | None, actor: Officer, calendar: WorkingCalendar, now: datetime
) -> tuple[RequestStep, ...]:
    """Everything that follows from these commands on one request. Raises NotAllowed.

    Whoever acts late does not act before it is told that they are: a command ends the clock of the step, and with it
    what was not told of it.
    """
    due = () if state is None else pending(state, calendar, now)
    found: list[RequestStep] = []
    for command, who in (*((each, _CLOCK) for each in due), *((each, actor) for each in commands)):
        found += (RequestStep(*step, who) for step in course(state, decide(command, state, who, now), evolve))
        state = found[-1].after
    return tuple(found)
