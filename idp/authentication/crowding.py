"""How many sessions one person may have at once: one more ends those unused longest (ADR 0101)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection

from idp.store import sessions
from kernel.canonical import JSON
from kernel.database import Database
from kernel.identifiers.subject import SubjectRef
from kernel.ledger.event import Event

T = TypeVar("T")

MOST = 100
"""Sessions of a person. Signing in by a passkey is not slowed down: without a bound, whoever stole one could begin more
sessions than can be ended while everybody's entries wait."""
_AT_ONCE = 100
"""Those that one sign-in ends at most; the next goes on."""
_TRIES = 5


class CrowdMoved(Exception):
    """Some of the sessions that were to make room have ended meanwhile, and that has its entries."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """The sessions of a person that one more ends."""

    person: str
    found: tuple[str, ...]

    def end(self, connection: Connection, now: datetime) -> None:
        """End them, before the one more begins. Raises CrowdMoved."""
        if self.found and sessions.end_these(connection, self.found, now) != len(self.found):
            raise CrowdMoved

    def entries(self, reference: SubjectRef | None) -> list[Event]:
        """What the ledger says of those ends: what it says of other limits."""
        facts: dict[str, JSON] = {"person": self.person, "actor": "provider", "command": "session-limit-number"}
        return [Event("SessionExpired", each, facts=facts, subject=reference) for each in self.found]


def making_room(database: Database, person_id: str, begin: Callable[[Leaving], T]) -> T:
    """Begin one more session, with entries for those that leave for it.

    Where many begin at one moment there may be some too many until the next; whoever signs in again and again does not
    keep others of this person from signing in: after a few tries theirs begins without one that leaves.
    """
    for _ in range(_TRIES):
        with database.read() as connection:
            found = sessions.unused_longest(connection, person_id, keeping=MOST - 1, limit=_AT_ONCE)
        try:
            return begin(Leaving(person_id, found))
        except CrowdMoved:
            continue
    return begin(Leaving(person_id, ()))
