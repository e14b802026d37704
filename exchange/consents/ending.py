"""What was consented to by a mandate ends with the mandate, once the identity provider says that this has ended.

Every node looks whenever it has read the feed of revocations, and the reading counts only when that was written down:
a node that cannot record the end loses its lease, and releases nothing (ADR 0062).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from exchange.authentication.revocations import Revocations
from exchange.consents.standing import asked_about
from exchange.consents.telling import answered
from exchange.events import outbox
from exchange.gateway.entries import consent_facts
from exchange.store import consents
from exchange.store.consents import Artefact
from kernel.clock import Clock
from kernel.database import Database
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt

ENDED = "ConsentEnded"
LOOKED_FOR = 60.0
"""Seconds after an end was first read during which it is looked at again: a consent that was being given in that moment
is found by then, since nothing takes longer to be recorded.
"""
AT_ONCE = 1_000
"""Mandates named by one statement (PostgreSQL takes 65,535 values at most), and consents ended by one recording."""


@dataclass
class MandateEnds:
    """Ends consents, once for each. Called by one thread at a time, as the lease does."""

    database: Database
    ledger: Ledger
    clock: Clock
    _first_read: dict[str, float] = field(default_factory=dict)

    def __call__(self, read: Revocations) -> Revocations:
        """The same, after what it ends was ended. Raises LedgerUnavailable, DatabaseUnavailable."""
        now = self.clock.monotonic()
        self._first_read = {name: self._first_read.get(name, now) for name in read.mandates}
        fresh = [name for name, since in self._first_read.items() if now - since <= LOOKED_FOR]
        for start in range(0, len(fresh), AT_ONCE):
            self._end(fresh[start : start + AT_ONCE])
        return read

    def _end(self, mandates: Collection[str]) -> None:
        at, after = self.clock.now(), ""
        while found := self._resting_on(mandates, at, after):
            try:
                self._record(found, at)
            except _TakenBack:
                continue  # then it is not among those that are found now
            after = found[-1].id

    def _resting_on(self, mandates: Collection[str], at: datetime, after: str) -> list[Artefact]:
        with self.database.read() as connection:
            return consents.resting_on(connection, mandates, at, after=after, limit=AT_ONCE)

    def _record(self, ended: Sequence[Artefact], at: datetime) -> None:
        """All of them at once, or none: what was taken back meanwhile has not ended by the mandate."""

        def also(connection: Connection, _receipts: Sequence[Receipt]) -> None:
            for one in ended:
                if not consents.end(connection, one.id, at):
                    raise _TakenBack
                outbox.put(connection, answered(one, ENDED, at))

        self.ledger.append([self._event(one) for one in ended], also=also)

    def _event(self, one: Artefact) -> Event:
        return Event(ENDED, one.id, facts=consent_facts(one), subject=asked_about(self.ledger, one))


class _TakenBack(Exception):
    """One of them was over before this could be recorded."""
