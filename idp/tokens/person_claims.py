"""What is known about a person, by the names of OpenID Connect Core 1.0 §5.1, and what of it is told."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from idp.model.contact import ContactKind
from idp.model.person import Person
from idp.notices import Channels
from kernel.canonical import JSON
from kernel.database import Database

_BY_KIND: Mapping[ContactKind, tuple[str, str]] = {
    ContactKind.EMAIL: ("email", "email_verified"),
    ContactKind.PHONE: ("phone_number", "phone_number_verified"),
}
_OF_CHANNELS = frozenset(name for names in _BY_KIND.values() for name in names)


@dataclass(frozen=True, slots=True)
class PersonClaims:
    """Reads what accounts and their confirmed channels know; what nobody confirmed is not known."""

    database: Database
    channels: Channels

    def told(self, person: Person, names: Collection[str]) -> dict[str, JSON]:
        """The claims that were allowed. What is not known is left out (§5.3.2), never null; channels stay sealed."""
        known: dict[str, JSON] = {"name": person.name}
        if not _OF_CHANNELS.isdisjoint(names):
            known |= self._reachable(person)
        return {name: value for name, value in known.items() if name in names}

    def _reachable(self, person: Person) -> dict[str, JSON]:
        """The first confirmed address of each kind."""
        with self.database.read() as connection:
            channels = self.channels.of(connection, person.id)
        known: dict[str, JSON] = {}
        for channel in (each for each in channels if each.confirmed_at is not None):
            value, verified = _BY_KIND[channel.contact.kind]
            if value not in known:
                known[value], known[verified] = channel.contact.value, True
        return known
