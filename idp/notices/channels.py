"""The channels of a person: where notices go once the person has shown that a message arrives there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from idp.authentication.sealing import PersonVault
from idp.model.contact import Contact, ContactKind, InvalidContact, parse
from idp.store import contacts, people
from idp.store.contacts import StoredChannel
from kernel.clock import Clock
from kernel.entropy import Entropy
from kernel.ids import new_id

__all__ = ["MOST_CHANNELS", "Channel", "Channels", "ContactKind", "InvalidContact", "parse"]

MOST_CHANNELS = 6
"""Of one person: enough for everybody, and nobody can make us send without end."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel of a person, opened."""

    id: str
    contact: Contact = field(repr=False)
    confirmed_at: datetime | None
    created_at: datetime
    codes_since: datetime | None = None

    @property
    def may_send_codes(self) -> bool:
        """Codes as a second factor go to confirmed telephones alone (SP 800-63B-4 §3.1.3.1: never by e-mail)."""
        return self.contact.kind is ContactKind.PHONE and self.confirmed_at is not None


@dataclass(frozen=True, slots=True)
class Channels:
    """Reads and changes channels on the caller's connection, so that the entry and the notice commit with them."""

    vault: PersonVault
    clock: Clock
    entropy: Entropy

    def add(self, connection: Connection, person_id: str, contact: Contact, *, confirmed: bool = False) -> str:
        """Keep a channel; its id. ``confirmed`` where an operator or a register vouches for it."""
        channel, now = new_id("chn", self.clock, self.entropy), self.clock.now()
        sealed = self.vault.seal_more(
            person_id, people.data_key(connection, person_id), contact.value.encode(), _place(channel)
        )
        contacts.add(
            connection, StoredChannel(channel, person_id, contact.kind, sealed, now if confirmed else None, now)
        )
        return channel

    def of(self, connection: Connection, person_id: str) -> tuple[Channel, ...]:
        """Every channel of a person, oldest first."""
        stored = contacts.of_person(connection, person_id)
        wrapped = people.data_key(connection, person_id) if stored else b""
        return tuple(_opened(self.vault, each, wrapped) for each in stored)

    def confirm(self, connection: Connection, person_id: str, channel_id: str) -> bool:
        """A message arrived there; False when the channel is gone or was confirmed before."""
        return contacts.confirm(connection, person_id, channel_id, self.clock.now())

    def use_for_codes(self, connection: Connection, person_id: str, channel_id: str, wanted: bool) -> bool:
        """Whether codes sent to a confirmed telephone count as a second factor.

        False when it is none of theirs, or that was so before.
        """
        return contacts.use_for_codes(connection, person_id, channel_id, self.clock.now() if wanted else None)

    def remove(self, connection: Connection, person_id: str, channel_id: str) -> bool:
        """Forget a channel; False when there is none. Notices already written still reach it, but none that lets in."""
        return contacts.remove(connection, person_id, channel_id)


def still_confirmed(connection: Connection, vault: PersonVault, person_id: str, wrapped: bytes, to: Contact) -> bool:
    """Whether an address is a confirmed channel of a person now."""
    stored = [each for each in contacts.of_person(connection, person_id) if each.confirmed_at is not None]
    return any(_opened(vault, each, wrapped).contact == to for each in stored)


def _opened(vault: PersonVault, stored: StoredChannel, wrapped: bytes) -> Channel:
    value = vault.open_more(stored.person, wrapped, stored.sealed, _place(stored.id)).decode()
    return Channel(stored.id, Contact(stored.kind, value), stored.confirmed_at, stored.created_at, stored.codes_since)


def _place(channel_id: str) -> str:
    return f"channel {channel_id}"
