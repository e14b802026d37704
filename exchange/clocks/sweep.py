"""What time alone does to a proceeding with a clock: somebody above is told when it runs out, once a warning.

Corrections, ratings and challenges have nothing else that time does to them. Where it does more (requests are
fulfilled, tasks pass to a substitute) the room has a sweep of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Generic, TypeVar

from sqlalchemy import Connection

from exchange.proceedings import EXCHANGE, nothing_to_spend
from kernel.clock import Clock
from kernel.database import Database
from kernel.dates import local_day
from kernel.ledger.batch import Also
from policies.clocks.calendar import WorkingCalendar
from policies.proceedings import Moved, NotAllowed
from policies.roles import Officer

State = TypeVar("State")
Kept = TypeVar("Kept")
Command = TypeVar("Command")


@dataclass(kw_only=True)
class ClockSweep(Generic[State, Kept, Command]):
    """Looks at the clocks that are due; once a day at all of them, for a calendar may begin to count at midnight.

    Attributes:
        calendar: the one that counts today.
        due: those whose clock is to be looked at by an instant; None for all whose clock runs.
        find: one of them, with what is kept beside its state.
        set_next_due: when its clock is to be looked at next, while it is as it was read.
        pending: what somebody above is to be told now, in the order of time; ``next_due`` the earliest to come.
        carry_out: raises NotAllowed, Moved, LedgerUnavailable.
    """

    database: Database
    clock: Clock
    calendar: Callable[[Connection], WorkingCalendar]
    due: Callable[[Connection, datetime | None], Sequence[str]]
    find: Callable[[Connection, str], tuple[State, Kept] | None]
    set_next_due: Callable[[Connection, State, datetime | None], None]
    pending: Callable[[State, WorkingCalendar, datetime], Sequence[Command]]
    next_due: Callable[[State, WorkingCalendar], datetime | None]
    carry_out: Callable[[Command, State, Kept, Officer, Also], State]
    _day: date | None = field(default=None, init=False)

    def sweep(self) -> int:
        """Tell what is due; how many proceedings changed. Raises LedgerUnavailable."""
        now = self.clock.now()
        today = local_day(now)
        with self.database.read() as connection:
            due = self.due(connection, now if self._day == today else None)
        self._day = today
        return sum(self._tell(name) for name in due)

    def _tell(self, name: str) -> bool:
        """One warning a sweep: the next follows a minute later."""
        with self.database.read() as connection:
            found, calendar = self.find(connection, name), self.calendar(connection)
        if found is None:
            return False
        state, kept = found
        if not (commands := self.pending(state, calendar, self.clock.now())):
            again = self.next_due(state, calendar)
            self.database.write(lambda connection: self.set_next_due(connection, state, again))
            return False
        try:
            self.carry_out(commands[0], state, kept, EXCHANGE, nothing_to_spend)
        except (Moved, NotAllowed):
            return False  # an officer or another node was faster, or the clock went back: the others go on
        return True
