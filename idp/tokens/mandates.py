"""For whom people may act: read where they choose, where a token is made, and once more where it is recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from idp.authentication.sealing import PersonVault
from idp.errors import AccessDeniedError, InvalidGrantError
from idp.model.appointment import Appointment
from idp.model.representation import (
    ONESELF,
    Capacity,
    Representation,
    SealedRepresentation,
    reference_of,
    reference_of_agency,
)
from idp.model.session import Family
from idp.store import appointments, people, representations
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
        """The standing ones of a person: their own proofs, then what they were appointed to; newest first."""
        now = self.clock.now()
        with self.database.read() as connection:
            own = [self._own(connection, each) for each in representations.of_person(connection, person_id, now)]
            appointed = appointments.of_agent(connection, person_id, now)
            return own + [made for each in appointed if (made := self._as_agent(connection, each)) is not None]

    def find(self, person_id: str, representation_id: str) -> Representation | None:
        """One of a person's own that stands."""
        return next((each for each in self.of(person_id) if each.id == representation_id), None)

    def entity_of(self, connection: Connection, appointed: Appointment) -> Representation | None:
        """The proof an appointment rests on; None while there is none."""
        standing = representations.of_person(connection, appointed.representative, self.clock.now())
        found = next((each for each in standing if each.entity_index == appointed.entity_index), None)
        return None if found is None else self._own(connection, found)

    def may_choose(self, person_id: str, chosen: str, service_items: Iterable[str] = ()) -> bool:
        """Whether a person may act so now, by the register, too. Raises TemporarilyUnavailableError."""
        if chosen == ONESELF:
            return True
        found = self.find(person_id, chosen)
        if found is None or not found.covers(service_items):
            return False
        try:
            self.confirm(found)
        except InvalidGrantError:
            return False
        return True

    def behind(self, family: Family) -> Representation | None:
        """What a family's tokens say; None where the person acts for themselves.

        Raises InvalidGrantError, TemporarilyUnavailableError.
        """
        if family.representation is None:
            return None
        found = self.find(family.person, family.representation)
        if found is None or not found.covers(detail.service_item for detail in family.details):
            raise InvalidGrantError("The person may no longer act for the entity.")
        self.confirm(found)
        return found

    def require(self, connection: Connection, family: Family) -> None:
        """In the transaction that records a token: whoever ended it came before, or finds the token to revoke.

        Raises InvalidGrantError.
        """
        if family.representation and not self._stands(connection, family.representation, family.person):
            raise InvalidGrantError("The person may no longer act for the entity.")

    def require_choice(self, connection: Connection, person_id: str, chosen: str | None) -> None:
        """In the transaction of the code: another person may have signed in since. Raises AccessDeniedError."""
        if chosen in (None, ONESELF):
            return
        if not self._stands(connection, str(chosen), person_id):
            raise AccessDeniedError("The person may not act for the entity chosen.")

    def _stands(self, connection: Connection, chosen: str, person_id: str) -> bool:
        now = self.clock.now()
        own = representations.stands(connection, chosen, person_id, now)
        return own or appointments.stands(connection, chosen, person_id, now)

    def _own(self, connection: Connection, kept: SealedRepresentation) -> Representation:
        key = people.data_key(connection, kept.person)
        stored = canonical.decode(self.vault.open_more(kept.person, key, kept.sealed, PLACE))
        assert isinstance(stored, dict)  # our own encoding, authenticated by the seal
        return Representation(
            id=kept.id,
            person=kept.person,
            capacity=kept.capacity,
            code=str(stored["code"]),
            name=str(stored["name"]),
            valid_until=kept.valid_until,
            confirmed_at=kept.confirmed_at,
            representative=kept.person,
            rests_on=kept.id,
            may_appoint=True,
            reference=reference_of(kept.person, kept.entity_index),
        )

    def _as_agent(self, connection: Connection, appointed: Appointment) -> Representation | None:
        """What an agent may do: no longer, and never more, than whoever appointed them."""
        entity = self.entity_of(connection, appointed)
        if entity is None or appointed.agent is None:
            return None
        return Representation(
            id=appointed.id,
            person=appointed.agent,
            capacity=Capacity.AGENT,
            code=entity.code,
            name=entity.name,
            valid_until=min(appointed.valid_until, entity.valid_until),
            confirmed_at=entity.confirmed_at,
            representative=appointed.representative,
            rests_on=entity.id,
            service_items=appointed.service_items,
            may_appoint=appointed.may_appoint,
            reference=reference_of_agency(appointed.id),
        )


PLACE = "representation"
"""What the sealed value belongs to."""
