"""What time alone does to openings: they lapse, end, and their reviews become overdue.

Decisions refuse from the end on by themselves; here it becomes an entry and a state. Each is recorded once, also by
several nodes and after an outage: only the first of two writers finds the revision it read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from exchange.emergency.transitions import EmergencyMoved, EmergencyTransitions
from exchange.proceedings import EXCHANGE, nothing_to_spend
from exchange.store import emergencies
from policies.clocks.calendar import WorkingCalendar
from policies.emergency.commands import Command, ExpireEmergency, TellOverdue
from policies.emergency.lifecycle import WAITS, review_due
from policies.emergency.opening import EmergencyState, Status
from policies.proceedings import NotAllowed


@dataclass(frozen=True)
class EmergencySweep:
    """Looks at every opening that is not yet done with."""

    transitions: EmergencyTransitions

    def sweep(self) -> int:
        """Record what is due; how many openings changed. Raises LedgerUnavailable."""
        now = self.transitions.clock.now()
        with self.transitions.database.read() as connection:
            living = emergencies.standing(connection, Status.ASKED, Status.OPEN, Status.ENDED)
            calendar = self.transitions.calendar(connection)
        due = ((state, command) for state in living if (command := _due(state, calendar, now)) is not None)
        return sum(self._done(command, state) for state, command in due)

    def _done(self, command: Command, state: EmergencyState) -> bool:
        try:
            self.transitions.carry_out(command, state, EXCHANGE, nothing_to_spend)
        except (EmergencyMoved, NotAllowed):
            return False  # an officer or another node was faster, or the clock went back: the others go on
        return True


def _due(state: EmergencyState, calendar: WorkingCalendar, now: datetime) -> Command | None:
    if state.status is Status.ENDED:
        due = review_due(state, calendar)
        return TellOverdue(due) if due is not None and now >= due and not state.told else None
    ends = state.asked_at + WAITS if state.ends is None else state.ends
    return ExpireEmergency() if now >= ends else None
