"""Sessions that nobody ended: they are ended here once idle or old, so that departments are told of these, too.

Any number of nodes may look; each end is one conditional statement and one entry, whoever comes first. What expired
while no node ran is ended by the first that runs again, and nothing of it is swept away before (`idp.store.sweeping`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from idp.authentication.sessions import Limits
from idp.model.session import Expired
from idp.store import sessions
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.identifiers.subject import SubjectRef
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger

AT_ONCE = 200
"""Sessions looked up together; each ends in a transaction of its own."""


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

        Raises LedgerUnavailable.
        """
        total, now = 0, self.clock.now()
        while ended := sum(self._end(each, now) for each in self._due(now) if not stop()):
            total += ended
        return total

    def _due(self, now: datetime) -> list[Expired]:
        with self.database.read() as connection:
            return sessions.expired(connection, now, now - self.limits.idle, AT_ONCE)

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
