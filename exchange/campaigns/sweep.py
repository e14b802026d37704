"""What time alone does to campaigns: departments are reminded, what nobody answered lapses, and the campaign closes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exchange.campaigns.transitions import CampaignTransitions
from exchange.store import campaigns
from policies.campaigns.events import CampaignState, ItemState, ItemStatus
from policies.campaigns.lifecycle import due_reminders, is_over
from policies.proceedings import Moved, NotAllowed

AT_ONCE = 50
"""Items that lapse in one append, and under one policy epoch."""


@dataclass(frozen=True)
class CampaignSweep:
    """Looks at every open campaign. Several nodes may sweep: each step is recorded once."""

    transitions: CampaignTransitions

    def sweep(self) -> int:
        """Remind, lapse and close what is due; how many steps were taken. Raises LedgerUnavailable."""
        grants = self.transitions.grants
        with grants.database.read() as connection:
            open_ = campaigns.open_ones(connection)
            calendar = self.transitions.calendar(connection)
        now, done = grants.clock.now(), 0
        for state in open_:
            if is_over(state, calendar, now):
                done += self._end(state)
            elif percents := due_reminders(state, calendar, now):
                done += self._try_remind(state, percents[-1])
        return done

    def _try_remind(self, state: CampaignState, percent: int) -> int:
        try:
            self.transitions.remind(percent, state)
        except (Moved, NotAllowed):
            return 0  # another node was faster, or the campaign was called off
        return 1

    def _end(self, state: CampaignState) -> int:
        done, after = 0, 0
        while some := self._waiting(state, after):
            done, after = done + self._lapse(some, state), some[-1].number
        try:
            self.transitions.close(state)
        except (Moved, NotAllowed):
            return done  # something waits still, for the next sweep
        return done + 1

    def _waiting(self, state: CampaignState, after: int) -> tuple[ItemState, ...]:
        with self.transitions.grants.database.read() as connection:
            return campaigns.items(
                connection, state.id, party=None, status=ItemStatus.WAITING, after=after, limit=AT_ONCE
            )

    def _lapse(self, items: Sequence[ItemState], state: CampaignState) -> int:
        try:
            return self.transitions.lapse(items, state)
        except (Moved, NotAllowed):
            if len(items) == 1:
                return 0  # its grant was changed by somebody in this moment: the next sweep looks again
            return sum(self._lapse([each], state) for each in items)
