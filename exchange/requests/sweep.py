"""What time alone does to requests: somebody above is told when it runs out, and what became of its grant is noted.

Each is recorded once, also by several nodes and after an outage: the state says what was told, and only the first of
two writers finds the revision it read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import Connection

from exchange.proceedings import EXCHANGE, nothing_to_spend
from exchange.requests.transitions import RequestMoved, RequestTransitions
from exchange.store import access_requests, grants
from exchange.store.access_requests import Filter
from kernel.dates import local_day
from policies.clocks.calendar import WorkingCalendar
from policies.grants.events import Status as GrantStatus
from policies.proceedings import NotAllowed
from policies.requests.commands import Command, FulfilRequest, LapseRequest
from policies.requests.escalation import next_due, pending
from policies.requests.events import RequestState, Status

_GIVEN = frozenset({GrantStatus.SCHEDULED, GrantStatus.ACTIVE, GrantStatus.SUSPENDED})
_ENDED = frozenset({GrantStatus.REVOKED, GrantStatus.EXPIRED, GrantStatus.SUPERSEDED})
MOST_AT_ONCE = 500
"""Approved requests that one sweep looks at."""


@dataclass
class RequestSweep:
    """Looks at the clocks that are due; once a day at all of them, for a calendar may begin to count at midnight."""

    transitions: RequestTransitions
    _day: date | None = field(default=None, init=False)
    _after: str = field(default="", init=False)

    def sweep(self) -> int:
        """Tell and note what is due; how many requests changed. Raises LedgerUnavailable."""
        transitions, now = self.transitions, self.transitions.clock.now()
        today = local_day(now)
        with transitions.database.read() as connection:
            # The clocks before the calendar: one that is written between the two is then found to have come after them.
            due = access_requests.due(connection, now if self._day == today else None)
            calendar = transitions.calendar(connection)
        told = sum(self._tell(state, looked_at, calendar, now) for state, looked_at in due)
        self._day = today
        return told + self._end()

    def _tell(self, state: RequestState, looked_at: datetime, calendar: WorkingCalendar, now: datetime) -> bool:
        if pending(state, calendar, now):
            return self._done(lambda: self.transitions.tell(state))
        again = next_due(state, calendar)
        self.transitions.database.write(
            lambda connection: access_requests.set_next_due(connection, state, again, was=looked_at)
        )
        return False

    def _end(self) -> int:
        with self.transitions.database.read() as connection:
            wanted = Filter(statuses=frozenset({Status.APPROVED}))
            approved = access_requests.listed(connection, wanted, after=self._after, limit=MOST_AT_ONCE)
            found = [(state, _came_of(connection, state.grant, self.transitions.clock.now())) for state in approved]
        self._after = approved[-1].id if len(approved) == MOST_AT_ONCE else ""
        return sum(self._carry_out((command,), state) for state, command in found if command is not None)

    def _carry_out(self, commands: tuple[Command, ...], state: RequestState) -> bool:
        return self._done(
            lambda: self.transitions.carry_out(commands, state, EXCHANGE, nothing_to_spend).revision > state.revision
        )

    def _done(self, act: Callable[[], bool]) -> bool:
        try:
            return act()
        except (RequestMoved, NotAllowed):
            return False  # an officer or another node was faster, or the clock went back: the others go on


def _came_of(connection: Connection, grant: str, now: datetime) -> FulfilRequest | LapseRequest | None:
    """What became of an approved request, by every version of its grant; None while one may still take effect.

    It has what it asked for once one was in force, however briefly, or is signed by everybody and waits for its day:
    nobody has anything left to do for it. A draft whose term ran out is not handed in any more.
    """
    name, _, _version = grant.partition("@")
    versions = grants.versions_without_reviews(connection, name)
    if grants.was_in_force(connection, name) or any(state.status in _GIVEN for state in versions):
        return FulfilRequest()
    over = all(state.status in _ENDED or now >= state.grant.valid_to for state in versions)
    return LapseRequest() if over else None
