"""Withdrawing consent (PIPL article 15): as easy as giving it, in one place, with effect on every node in a second."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from idp.model.consent import Answers, Consent
from idp.revocations import Revocations
from idp.store import consents, families
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy
from kernel.identifiers.subject import SubjectRef
from kernel.ids import new_id
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger


@dataclass(frozen=True, slots=True)
class ConsentBook:
    """A person's consents and notices."""

    database: Database
    ledger: Ledger
    memory: Revocations
    clock: Clock
    entropy: Entropy

    def of_person(self, person_id: str) -> Answers:
        """What a person agreed to and was told, newest first."""
        now = self.clock.now()
        with self.database.read() as connection:
            return Answers(
                consents.in_force(connection, person_id, now),
                consents.past(connection, person_id, now),
                consents.notices(connection, person_id),
            )

    def in_force(self, person_id: str) -> tuple[Consent, ...]:
        """The consents that can be withdrawn, newest first."""
        with self.database.read() as connection:
            return consents.in_force(connection, person_id, self.clock.now())

    def withdraw(self, person_id: str, client_id: str, reference: SubjectRef | None) -> None:
        """End all consent a client holds, and every token that stems from it. Raises LedgerUnavailable.

        Consents first, families second: a code made meanwhile from what was remembered has either been committed and
        is found here, or finds its consent gone (`consents.still_given`).
        """
        now = self.clock.now()
        facts: dict[str, JSON] = {"client": client_id, "actor": person_id, "command": "own-consents"}

        def work(connection: Connection, _receipts: object) -> None:
            consents.withdraw(connection, person_id, client_id, now)
            families.revoke_client(connection, person_id, client_id, now)

        entry = Event("ConsentWithdrawn", new_id("wdr", self.clock, self.entropy), facts=facts, subject=reference)
        self.ledger.append([entry], also=work)
        self.memory.refreshed()
