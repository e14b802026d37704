"""What time alone does to tasks: offices are warned, substitutes' turns come, tasks end; what is left is passed on.

Each is recorded once, also by several nodes and after an outage: only the first of two writers finds the revision it
read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from exchange.responders.passing_on import PassingOn
from exchange.responders.transitions import TaskMoved, TaskTransitions, next_due
from exchange.store import responders, waiting
from kernel.dates import local_day
from policies.clocks.calendar import WorkingCalendar
from policies.proceedings import NotAllowed
from policies.responders.commands import Command, WithdrawTask
from policies.responders.lifecycle import pending
from policies.responders.task import LIVING, Status, TaskState

MOST_AT_ONCE = 500
"""Living tasks of which one sweep asks whether they are wanted still."""


@dataclass
class TaskSweep:
    """Looks at the clocks that are due; once a day at all of them, for a calendar may begin to count at midnight."""

    transitions: TaskTransitions
    passing_on: PassingOn
    _day: date | None = field(default=None, init=False)
    _after: str = field(default="", init=False)

    def sweep(self) -> int:
        """Record what is due; how many tasks changed. Raises LedgerUnavailable."""
        transitions, now = self.transitions, self.transitions.clock.now()
        today = local_day(now)
        with transitions.database.read() as connection:
            due = responders.due(connection, now if self._day == today else None)
            calendar = transitions.calendar(connection)
        changed = sum(self._tell(state, looked_at, calendar, now) for state, looked_at in due)
        self._day = today
        changed += self._withdraw()
        self.passing_on.left_over()
        return changed

    def _tell(self, state: TaskState, looked_at: datetime, calendar: WorkingCalendar, now: datetime) -> bool:
        command = pending(state, calendar, now)
        if command is not None:
            return self._done(command, state)
        again = next_due(state, calendar)
        self.transitions.database.write(
            lambda connection: responders.set_next_due(connection, state, again, was=looked_at)
        )
        return False

    def _withdraw(self) -> int:
        """Of requests that ended otherwise (their case was closed, their time was over) nobody looks anything up."""
        with self.transitions.database.read() as connection:
            living = responders.listed(connection, LIVING, None, after=self._after, limit=MOST_AT_ONCE)
            over = [one for one in living if waiting.read(connection, one.wanted.request, one.wanted.item) is None]
        self._after = living[-1].id if len(living) == MOST_AT_ONCE else ""
        return sum(self._done(WithdrawTask(), state) for state in over)

    def _done(self, command: Command, state: TaskState) -> bool:
        try:
            after = self.transitions.by_the_clock(command, state)
        except (TaskMoved, NotAllowed):
            return False  # an officer or another node was faster, or the clock went back: the others go on
        if after.status is Status.TIMED_OUT:
            self.passing_on.pass_on(after)
        return True
