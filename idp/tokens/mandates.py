"""For whom people may act: read where they choose, where a token is made, and once more where it is recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection

from idp.authentication.sealing import PersonVault
from idp.errors import AccessDeniedError, InvalidGrantError
from idp.model.representation import ONESELF, Representation
from idp.model.session import Family
from idp.store import people, representations
from kernel import canonical
from kernel.clock import Clock
from kernel.database import Database

Confirm = Callable[[Representation], None]
"""Asks the register again where that is due. Raises InvalidGrantError, TemporarilyUnavailableError."""


@dataclass(frozen=True, slots=True)
class Mandates:
    """Opens what is sealed of people's representations; those that ended or lapsed are not there."""

    database: Database
    vault: PersonVault
    confirm: Confirm
    clock: Clock

    def of(self, person_id: str) -> list[Representation]:
        """The standing ones of a person, newest first."""
        with self.database.read() as connection:
            found = representations.of_person(connection, person_id, self.clock.now())
            key = people.data_key(connection, person_id) if found else b""
        return [
            Representation(
                each.id,
                each.person,
                each.capacity,
                *self._opened(person_id, key, each.sealed),
                each.valid_until,
                each.confirmed_at,
            )
            for each in found
        ]

    def find(self, person_id: str, representation_id: str) -> Representation | None:
        """One of a person's own that stands."""
        return next((each for each in self.of(person_id) if each.id == representation_id), None)

    def may_choose(self, person_id: str, chosen: str) -> bool:
        """Whether a person may act so now, by the register, too. Raises TemporarilyUnavailableError."""
        if chosen == ONESELF:
            return True
        found = self.find(person_id, chosen)
        try:
            if found is not None:
                self.confirm(found)
        except InvalidGrantError:
            return False
        return found is not None

    def behind(self, family: Family) -> Representation | None:
        """What a family's tokens say; None where the person acts for themselves.

        Raises InvalidGrantError, TemporarilyUnavailableError.
        """
        if family.representation is None:
            return None
        found = self.find(family.person, family.representation)
        if found is None:
            raise InvalidGrantError("The person may no longer act for the entity.")
        self.confirm(found)
        return found

    def require(self, connection: Connection, family: Family) -> None:
        """In the transaction that records a token: whoever ended it came before, or finds the token to revoke.

        Raises InvalidGrantError.
        """
        chosen = family.representation
        if chosen and not representations.stands(connection, chosen, family.person, self.clock.now()):
            raise InvalidGrantError("The person may no longer act for the entity.")

    def require_choice(self, connection: Connection, person_id: str, chosen: str | None) -> None:
        """In the transaction of the code: another person may have signed in since. Raises AccessDeniedError."""
        if chosen in (None, ONESELF):
            return
        if not representations.stands(connection, str(chosen), person_id, self.clock.now()):
            raise AccessDeniedError("The person may not act for the entity chosen.")

    def _opened(self, person_id: str, key: bytes, sealed: bytes) -> tuple[str, str]:
        stored = canonical.decode(self.vault.open_more(person_id, key, sealed, PLACE))
        assert isinstance(stored, dict)  # our own encoding, authenticated by the seal
        return str(stored["code"]), str(stored["name"])


PLACE = "representation"
"""What the sealed value belongs to."""
