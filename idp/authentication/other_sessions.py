"""The sign-ins that a change of one's own account ends, besides the one it is made in (ADR 0101)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from idp.model.assurance import Factor
from idp.model.session import Session
from idp.store import sessions
from kernel.canonical import JSON
from kernel.identifiers.subject import SubjectRef
from kernel.ledger.event import Event

Ending = Callable[[Session], bool]
"""Which of the person's other sessions a change ends."""
MOST_NAMED = 1000
"""Sessions with entries of their own. More are ended all the same: whoever stole a factor does not prevent its removal
by signing in more often than the log takes entries at once."""


class OthersStand(Exception):
    """The sessions that a change ends are not those any more that were found before it."""


def every_other(_: Session) -> bool:
    """A change after which nobody else is to be signed in."""
    return True


def having_shown(factor: Factor) -> Ending:
    """Those in which a factor of this kind was shown, whenever: it may have been the one that is removed."""
    return lambda session: factor in session.authentication.factors


@dataclass(frozen=True, slots=True)
class Others:
    """The sessions that a change made ``here`` ends, as they were ``found`` before it; none without ``ending``."""

    person: str
    here: str
    ending: Ending | None
    found: tuple[str, ...]

    @classmethod
    def find(cls, connection: Connection, person_id: str, here: str, ending: Ending | None) -> Others:
        """Those that stand now."""
        return cls(person_id, here, ending, _standing(connection, person_id, here, ending))

    def end(self, connection: Connection, now: datetime, *, whatever_stands: bool) -> None:
        """End them as every session ends, so that departments are told.

        Raises OthersStand where they are not those that were found, unless ``whatever_stands`` is to end.
        """
        standing = _standing(connection, self.person, self.here, self.ending)
        if standing != self.found and not whatever_stands:
            raise OthersStand
        for each in standing:
            sessions.end(connection, each, now)

    def entries(self, command: str, reference: SubjectRef | None) -> list[Event]:
        """What the ledger says of those ends: what it says of any."""
        facts: dict[str, JSON] = {"actor": self.person, "command": command}
        return [Event("SignedOut", each, facts=facts, subject=reference) for each in self.found[:MOST_NAMED]]


def _standing(connection: Connection, person_id: str, here: str, ending: Ending | None) -> tuple[str, ...]:
    if ending is None:
        return ()
    unended = sessions.unended_of_person(connection, person_id)
    return tuple(each.id for each in unended if each.id != here and ending(each))
