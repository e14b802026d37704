"""Looking people up, and opening what is sealed of them at the moment it is needed."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from idp.authentication.sealing import PersonVault
from idp.model.person import Person
from idp.store import people
from kernel.database import Database
from kernel.identifiers.subject import SubjectRef


@dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts of one provider."""

    database: Database
    vault: PersonVault

    def active(self, person_id: str) -> Person | None:
        """The account, unless it is unknown or disabled (T6: asked again at every redemption)."""
        with self.database.read() as connection:
            return self.still_active(connection, person_id)

    def still_active(self, connection: Connection, person_id: str) -> Person | None:
        """The same in a look at the database that has begun."""
        found = people.find(connection, person_id)
        return None if found is None or found.disabled else found

    def standing(self, connection: Connection, person_id: str) -> tuple[Person, SubjectRef | None] | None:
        """The account and its identifier, as `active` and `reference` give them, in one look at the database."""
        found = people.find_sealed(connection, person_id)
        if found is None or found[0].disabled:
            return None
        return found[0], self.vault.open_subject(person_id, found[1])

    def reference(self, person_id: str) -> SubjectRef | None:
        """The identifier the exchange and the ledger know the person by; None for an account without one."""
        with self.database.read() as connection:
            sealed = people.sealed(connection, person_id)
        return self.vault.open_subject(person_id, sealed)

    def totp_secret(self, person_id: str) -> str | None:
        """The person's TOTP secret; None for an account without one."""
        with self.database.read() as connection:
            sealed = people.sealed(connection, person_id)
        return self.vault.open_totp(person_id, sealed)
