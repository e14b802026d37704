"""Looking people up, and opening what is sealed of them at the moment it is needed."""

from __future__ import annotations

from dataclasses import dataclass

from idp.authentication.sealing import PersonVault
from idp.model.person import Account, Person
from idp.store import people
from idp.store.people import SealedSecrets
from kernel.database import Database
from kernel.envelope import CannotOpen
from kernel.identifiers.subject import SubjectRef
from kernel.logging import logger


@dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts of one provider."""

    database: Database
    vault: PersonVault

    def active(self, person_id: str) -> Account | None:
        """The account, unless it is unknown or disabled (T6: asked again at every redemption)."""
        with self.database.read() as connection:
            found = people.find(connection, person_id)
        return None if found is None or found.disabled else found

    def standing(self, person: Person, sealed: SealedSecrets) -> tuple[Person, SubjectRef | None] | None:
        """Somebody who was just looked up, and their identifier; None for an account that is disabled (T6)."""
        return None if person.disabled else (person, self.vault.open_subject(person.id, sealed))

    def reference(self, person_id: str) -> SubjectRef | None:
        """The identifier the exchange and the ledger know the person by; None for an account without one.

        Raises CannotOpen where the keys were replaced since it was sealed.
        """
        with self.database.read() as connection:
            sealed = people.sealed(connection, person_id)
        return self.vault.open_subject(person_id, sealed)

    def reference_at_an_end(self, person_id: str) -> SubjectRef | None:
        """As ``reference``, for the entry of a session's end: None where the seal does not open: it ends anyway."""
        try:
            return self.reference(person_id)
        except CannotOpen:
            logger("idp").error("sign_out_recorded_without_its_person")
            return None

    def totp_secret(self, person_id: str) -> str | None:
        """The person's TOTP secret; None for an account without one."""
        with self.database.read() as connection:
            sealed = people.sealed(connection, person_id)
        return self.vault.open_totp(person_id, sealed)
