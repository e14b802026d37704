"""Grants whose time has come, or has run out.

Decisions refuse what has ended from that instant by themselves; here it becomes an entry and a state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from exchange.governance.transitions import GrantMoved, Step, Transitions
from exchange.messages import access_notices
from exchange.proceedings import EXCHANGE, nothing_to_spend
from exchange.store import grants, messages
from exchange.store.messages import Message
from kernel.canonical import JSON
from kernel.ledger.batch import Also
from kernel.ledger.event import Event
from kernel.ledger.receipt import Receipt
from policies.grants.commands import ExpireGrant
from policies.grants.events import GrantState, Status
from policies.grants.grant import Grant
from policies.proceedings import NotAllowed

REMINDERS = (7, 30, 60)
"""Days before its end at which a grant's departments are reminded; without an answer it lapses."""
NEAR = "GrantExpiryNear"
_UNENDED = (
    *(Status.DRAFTED, Status.SUBMITTED, Status.APPROVED),
    *(Status.SCHEDULED, Status.ACTIVE, Status.SUSPENDED),
)


def mark(grant: Grant, now: datetime) -> int | None:
    """The reminder that is due: the smallest of the marks within which the end lies; None before them, or after it."""
    left = grant.valid_to - now
    if left <= timedelta():
        return None
    return next((days for days in REMINDERS if left <= timedelta(days=days)), None)


MOST_AT_ONCE = 1000
"""Reminders in one append: thousands of grants may end on the same day, and an append is bounded."""


@dataclass(frozen=True)
class Expiry:
    """Begins and ends grants at their time, and reminds of those that come near their end."""

    transitions: Transitions
    _told: set[tuple[str, int]] = field(default_factory=set)

    def remind(self) -> int:
        """Record, once for each mark, that an active grant comes near its end; how many are new to this process.

        Another node's entry is the same entry. Raises LedgerUnavailable.
        """
        now = self.transitions.clock.now()
        with self.transitions.database.read() as connection:
            active = grants.active(connection)
        due = [(state, days) for state in active if (days := mark(state.grant, now)) is not None]
        new = [(state, days) for state, days in due if (state.grant.ref, days) not in self._told]
        for start in range(0, len(new), MOST_AT_ONCE):
            some = new[start : start + MOST_AT_ONCE]
            told = [one for state, days in some for one in access_notices.grant_ends(state, days, now)]
            self.transitions.ledger.append([_near(state, days) for state, days in some], also=_telling(told))
            self._told.update((state.grant.ref, days) for state, days in some)
        return len(new)

    def sweep(self) -> int:
        """Record every grant that has not ended and whose end has come; how many. Raises LedgerUnavailable."""
        now = self.transitions.clock.now()
        ended = [state for state in self._standing(_UNENDED) if now >= state.grant.valid_to]
        for state in ended:
            self._carry_out(partial(self.transitions.steps, ExpireGrant(), state, EXCHANGE, (state,)))
        return len(ended)

    def begin(self) -> int:
        """Let every scheduled grant begin whose time has come, or send it back; how many. Raises LedgerUnavailable."""
        now = self.transitions.clock.now()
        due = [state for state in self._standing((Status.SCHEDULED,)) if now >= state.grant.valid_from]
        for state in due:
            self._carry_out(partial(self.transitions.begin, state))
        return len(due)

    def _standing(self, statuses: Iterable[Status]) -> list[GrantState]:
        with self.transitions.database.read() as connection:
            active = grants.active(connection) if Status.ACTIVE in statuses else ()
            others = (grants.listed(connection, status=one) for one in statuses if one is not Status.ACTIVE)
            return [*active, *(state for states in others for state in states)]

    def _carry_out(self, steps: Callable[[], Sequence[Step]]) -> None:
        try:
            self.transitions.record(steps(), EXCHANGE, nothing_to_spend)
        except (GrantMoved, NotAllowed):
            return  # an officer or another node was faster, or the clock went back: the others go on


def _telling(told: Sequence[Message]) -> Also:
    def also(connection: Connection, _receipts: Sequence[Receipt]) -> None:
        messages.put(connection, told)

    return also


def _near(state: GrantState, days: int) -> Event:
    grant = state.grant
    facts: dict[str, JSON] = {
        "grant": grant.ref,
        "days": days,
        "valid_to": grant.valid_to.isoformat(),
        "consumer": grant.consumer,
        "provider": grant.provider,
    }
    return Event(NEAR, grant.ref, str(days), facts)
