"""What time alone does to bad ratings: somebody above is told when a department's time runs out, once a warning."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from exchange.governance.transitions import EXCHANGE, nothing_to_spend
from exchange.ratings.transitions import RatingMoved, RatingTransitions
from exchange.store import ratings
from kernel.dates import local_day
from policies.proceedings import NotAllowed
from policies.ratings.lifecycle import next_due, pending


@dataclass
class RatingSweep:
    """Looks at the clocks that are due; once a day at all of them, for a calendar may begin to count at midnight."""

    transitions: RatingTransitions
    _day: date | None = field(default=None, init=False)

    def sweep(self) -> int:
        """Tell what is due; how many ratings changed. Raises LedgerUnavailable."""
        now = self.transitions.clock.now()
        today = local_day(now)
        with self.transitions.database.read() as connection:
            due = ratings.due(connection, now if self._day == today else None)
        self._day = today
        return sum(self._tell(case) for case in due)

    def _tell(self, case: str) -> bool:
        """One warning a sweep: the next follows a minute later."""
        with self.transitions.database.read() as connection:
            found = ratings.find(connection, case)
            calendar = self.transitions.calendar(connection)
        if found is None:
            return False
        if not (commands := pending(found[0], calendar, self.transitions.clock.now())):
            again = next_due(found[0], calendar)
            self.transitions.database.write(lambda connection: ratings.set_next_due(connection, found[0], again))
            return False
        try:
            self.transitions.carry_out(commands[0], *found, EXCHANGE, nothing_to_spend)
        except (RatingMoved, NotAllowed):
            return False  # an officer or another node was faster, or the clock went back: the others go on
        return True
