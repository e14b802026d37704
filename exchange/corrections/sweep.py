"""What time alone does to corrections: somebody above is told when a provider's time runs out, once a warning."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from exchange.corrections.transitions import CorrectionMoved, CorrectionTransitions
from exchange.governance.transitions import EXCHANGE, nothing_to_spend
from exchange.store import corrections
from kernel.dates import local_day
from policies.corrections.lifecycle import next_due, pending
from policies.proceedings import NotAllowed


@dataclass
class CorrectionSweep:
    """Looks at the clocks that are due; once a day at all of them, for a calendar may begin to count at midnight."""

    transitions: CorrectionTransitions
    _day: date | None = field(default=None, init=False)

    def sweep(self) -> int:
        """Tell what is due; how many corrections changed. Raises LedgerUnavailable."""
        now = self.transitions.clock.now()
        today = local_day(now)
        with self.transitions.database.read() as connection:
            due = corrections.due(connection, now if self._day == today else None)
        self._day = today
        return sum(self._tell(name) for name in due)

    def _tell(self, name: str) -> bool:
        """One warning a sweep: the next follows a minute later."""
        with self.transitions.database.read() as connection:
            found = corrections.find(connection, name)
            calendar = self.transitions.calendar(connection)
        if found is None:
            return False
        if not (commands := pending(found[0], calendar, self.transitions.clock.now())):
            again = next_due(found[0], calendar)
            self.transitions.database.write(lambda connection: corrections.set_next_due(connection, found[0], again))
            return False
        try:
            self.transitions.carry_out(commands[0], *found, EXCHANGE, nothing_to_spend)
        except (CorrectionMoved, NotAllowed):
            return False  # an officer or another node was faster, or the clock went back: the others go on
        return True
