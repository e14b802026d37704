"""When somebody above is to be told that time runs out, and that it is done once for each step and instant."""

from __future__ import annotations

from datetime import datetime

from policies.clocks.calendar import WorkingCalendar
from policies.clocks.run import untold
from policies.requests.commands import EscalateRequest
from policies.requests.events import RequestState


def next_due(state: RequestState, calendar: WorkingCalendar) -> datetime | None:
    """The earliest instant that was not told yet; None where no clock runs, or all is told."""
    return min((at for _percent, at in _untold(state, calendar)), default=None)


def pending(state: RequestState, calendar: WorkingCalendar, now: datetime) -> tuple[EscalateRequest, ...]:
    """What is to be told now, in the order of time; after an outage that may be both at once."""
    return tuple(EscalateRequest(percent, at) for percent, at in _untold(state, calendar) if at <= now)


def _untold(state: RequestState, calendar: WorkingCalendar) -> tuple[tuple[int, datetime], ...]:
    return untold(state.clock, state.told, calendar)
