"""Sessions that nobody ended: they are ended here once idle or old, so that departments are told of these, too.

Any number of nodes may look; each end is one conditional statement and one entry, whoever comes first. What expired
while no node ran is ended by the first that runs again, and nothing of it is swept away before (`idp.store.sweeping`).
One that cannot be ended (its person's seal does not open, say) waits for the next round and keeps no other waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from idp.authentication.sessions import Limits
from idp.model.session import Expired
from idp.store import sessions
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database, DatabaseUnavailable
from kernel.identifiers.subject import SubjectRef
from kernel.ledger.errors import LedgerUnavailable
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.logging import logger

AT_ONCE = 200
"""Sessions looked up together; each ends in a transaction of its own."""
MOST_LEFT = 1000
"""Sessions a round leaves as they are before it stops: with so many the fault is not theirs."""


class NotExpired(Exception):
    """Used, or ended, since it was looked up."""


@dataclass(frozen=True, slots=True)
class SessionExpiry:
    """Ends what is past its limits. ``reference`` finds a person's identifier in the ledger."""

    database: Database
    ledger: Ledger
    limits: Limits
    reference: Callable[[str], SubjectRef | None]
    clock: Clock

    def round(self, stop: Callable[[], bool]) -> int:
        """End everything that is past its limits now, or until told to stop; how many this node ended.

        What cannot be ended is left for the next round, and logged. Raises LedgerUnavailable, DatabaseUnavailable.
        """
        total, now = 0, self.clock.now()
        left: dict[str, str] = {}
        before = -1
        try:
            while before < total + len(left) and len(left) < MOST_LEFT:  # as long as the last look came to something
                before = total + len(left)
                total += sum(self._ended_or_left(each, now, left) for each in self._due(now, left) if not stop())
        finally:
            if left:
                logger("idp").error("sessions_not_ended", count=len(left), reasons=sorted(set(left.values())))
        return total

    def _due(self, now: datetime, left: Collection[str]) -> list[Expired]:
        with self.database.read() as connection:
            found = sessions.expired(connection, now, now - self.limits.idle, AT_ONCE + len(left))
        return [each for each in found if each.id not in left]

    def _ended_or_left(self, seen: Expired, now: datetime, left: dict[str, str]) -> bool:
        """Whether this node ended it. What it cannot end comes to ``left``, with the kind of failure."""
        try:
            return self._end(seen, now)
        except (DatabaseUnavailable, LedgerUnavailable):
            raise
        except Exception as failure:  # noqa: BLE001 - its fault alone: the others' departments wait to be told
            left[seen.id] = type(failure).__name__
            return False

    def _end(self, seen: Expired, now: datetime) -> bool:
        facts: dict[str, JSON] = {"person": seen.person, "actor": "provider", "command": f"session-limit-{seen.limit}"}

        def also(connection: Connection, _receipts: object) -> None:
            if not sessions.expire(connection, seen.id, now, now - self.limits.idle):
                raise NotExpired

        event = Event("SessionExpired", seen.id, facts=facts, subject=self.reference(seen.person))
        try:
            [receipt] = self.ledger.append([event], also=also)
        except NotExpired:
            return False
        return not receipt.repeated
