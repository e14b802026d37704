"""What becomes of an asking for a recovery: whom it names is looked up here, after whoever asked has their answer.

A clerk of any node takes a row a moment after it was written, finds the person and begins the recovery. A row is taken
by one conditional statement in the transaction of its one entry; where the ledger is away it stays for the next round.
Every asking has that entry, whomever it names: how many entries there are is public, and must say nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import Connection

from idp.askings import AT_ONCE, Rounds, SealedNames, TakenAlready
from idp.authentication import told
from idp.model.asking import Asking
from idp.model.person import Person, PersonKind
from idp.model.recovery import Recovery
from idp.model.secret import hashed
from idp.notices import Notices
from idp.proofing.recovery_asking import RECOVER, RECOVERY
from idp.store import people, recoveries
from idp.store.askings import RECOVERIES
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy, token
from kernel.envelope import CannotOpen
from kernel.ids import new_id
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.logging import logger

LINK_LASTS = timedelta(hours=24)


class Outcome(StrEnum):
    """What became of an asking."""

    BEGUN = "begun"
    UNDER_WAY = "under-way"
    UNREACHABLE = "unreachable"
    """No channel of theirs is confirmed."""
    NOBODY = "nobody"
    """It names no one who could come back this way: staff come back by an invitation of their administrator."""
    GIVEN_UP = "given-up"
    """It could not be looked at."""


@dataclass(frozen=True, slots=True)
class RecoveryClerk:
    """Looks whom askings name, and begins recoveries."""

    database: Database
    ledger: Ledger
    notices: Notices
    issuer: str
    delay: timedelta
    clock: Clock
    entropy: Entropy
    names: SealedNames

    @property
    def at_once(self) -> int:
        """How many a round looks at."""
        return AT_ONCE

    def round(self) -> int:
        """Look at what waits; how many were looked at. Raises DatabaseUnavailable, LedgerUnavailable."""
        return self._rounds.each(self._take, self._give_up)

    def close(self) -> None:
        """Nothing is kept open between two rounds."""

    @property
    def _rounds(self) -> Rounds:
        return Rounds(self.database, RECOVERIES, self.ledger, self.clock)

    def _take(self, asking: Asking) -> None:
        person = self._whom(asking)
        with self.database.read() as connection:
            outcome = self._outcome(connection, person)

        def change(connection: Connection) -> None:
            if self._outcome(connection, person) is not outcome:
                raise TakenAlready
            if person is not None and outcome is Outcome.BEGUN:
                self._begin(connection, asking, person)

        self._rounds.settle(asking, self._entry(asking, person, outcome), change)

    def _give_up(self, asking: Asking) -> None:
        self._rounds.settle(asking, self._entry(asking, None, Outcome.GIVEN_UP))

    def _entry(self, asking: Asking, person: Person | None, outcome: Outcome) -> Event:
        facts: dict[str, JSON] = {
            "recovery": asking.id,
            "person": None if person is None else person.id,
            "outcome": outcome.value,
            "actor": "provider",
            "command": RECOVERY,
        }
        return Event("RecoveryTakenUp", new_id("rcv", self.clock, self.entropy), facts=facts)

    def _whom(self, asking: Asking) -> Person | None:
        try:
            name, _ = self.names.open(asking)
        except CannotOpen:  # sealed before the keys were replaced
            logger("idp").warning("recovery_asking_unreadable", asking=asking.id)
            return None
        with self.database.read() as connection:
            found = people.by_username(connection, name)
        return found[0] if found is not None and may_recover(found[0]) else None

    def _outcome(self, connection: Connection, person: Person | None) -> Outcome:
        if person is None:
            return Outcome.NOBODY
        if recoveries.under_way(connection, person.id, self.clock.now()):
            return Outcome.UNDER_WAY
        channels = self.notices.channels.of(connection, person.id)
        reachable = any(each.confirmed_at is not None for each in channels)
        return Outcome.BEGUN if reachable else Outcome.UNREACHABLE

    def _begin(self, connection: Connection, asking: Asking, person: Person) -> None:
        """Tell every confirmed channel now, and write the message with the link, to be sent after the delay."""
        link, stop, due = token(self.entropy), token(self.entropy), self.clock.now() + self.delay
        made = Recovery(asking.id, person.id, hashed(stop), hashed(link), due, due + LINK_LASTS)
        channels = self.notices.channels.of(connection, made.person)
        confirmed = [each.contact for each in channels if each.confirmed_at is not None]
        recoveries.add(connection, made)
        stop_link = f"{self.issuer}{RECOVER}/stop/{stop}"
        hours = str(int(self.delay.total_seconds()) // 3600)
        self.notices.send(connection, made.person, told.RECOVERY_BEGUN, hours=hours, stop=stop_link)
        self.notices.send_to(
            connection,
            made.person,
            confirmed,
            told.RECOVERY_LINK,
            LINK_LASTS,
            self.delay,
            link=f"{self.issuer}{RECOVER}/link/{link}",
            stop=stop_link,
        )


def may_recover(person: Person) -> bool:
    """Staff come back by an invitation of their administrator, never by a message."""
    return person.kind is PersonKind.NATURAL and not person.disabled
