"""The sign-ins that a change of one's own account ends, besides the one it is made in (ADR 0101)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from idp.model.assurance import Factor
from idp.store import sessions
from kernel.canonical import JSON
from kernel.database import Database
from kernel.identifiers.subject import SubjectRef
from kernel.ledger.event import Event

MOST_NAMED = 1000
"""Sessions with entries of their own. More are ended all the same: whoever stole a factor does not prevent its removal
by signing in more often than the log takes entries at once."""
_TRIES = 5
"""How often the sessions that a change ends are looked up when others begin or end at that moment. Whoever signs in
again and again does not prevent the removal of what they stole: at last all end, the newest without an entry."""


class OthersStand(Exception):
    """The sessions that a change ends are not those any more that were found before it."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Which of the person's other sessions a change ends: those in which ``shown`` was shown, or every one."""

    shown: Factor | None = None


EVERY_OTHER = Ending()
"""A change after which nobody else is to be signed in."""


def having_shown(factor: Factor) -> Ending:
    """Those in which a factor of this kind was shown, whenever: it may have been the one that is removed."""
    return Ending(factor)


@dataclass(frozen=True, slots=True)
class Others:
    """The sessions that a change made ``here`` ends, as the first of them were ``found``; none without ``ending``.

    ``whatever_stands``: when the change is made, even where that is something else.
    """

    person: str
    here: str
    ending: Ending | None
    whatever_stands: bool
    found: tuple[str, ...] = ()

    def find(self, connection: Connection) -> Others:
        """Those that stand now."""
        return replace(self, found=self._standing(connection))

    def end(self, connection: Connection, now: datetime) -> None:
        """End them as every session ends, so that departments are told.

        Raises OthersStand where they are not those that were found, unless ``whatever_stands`` is to end.
        """
        if self.ending is None:
            return
        if not self.whatever_stands and self._standing(connection) != self.found:
            raise OthersStand
        sessions.end_others_of_person(connection, self.person, self.here, self.ending.shown, now)

    def entries(self, command: str, reference: SubjectRef | None) -> list[Event]:
        """What the ledger says of those ends: what it says of any."""
        facts: dict[str, JSON] = {"actor": self.person, "command": command}
        return [Event("SignedOut", each, facts=facts, subject=reference) for each in self.found]

    def _standing(self, connection: Connection) -> tuple[str, ...]:
        if self.ending is None:
            return ()
        return sessions.others_of_person(connection, self.person, self.here, self.ending.shown, MOST_NAMED)


def naming(
    database: Database, person_id: str, here: str, ending: Ending | None, write: Callable[[Others], None]
) -> None:
    """Make a change that ends sessions, with entries for those that it is told of."""
    for tries_left in reversed(range(_TRIES)):
        others = Others(person_id, here, ending, whatever_stands=not tries_left)
        with database.read() as connection:
            found = others.find(connection)
        try:
            write(found)
        except OthersStand:
            continue
        return
