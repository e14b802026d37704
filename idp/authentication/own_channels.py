"""People's own telephones and mailboxes: added, confirmed by a code, removed; and codes as a second factor."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from idp.authentication import told
from idp.authentication.devices import Device, KnownDevices
from idp.authentication.other_factors import PHONE_CODES
from idp.authentication.other_sessions import having_shown
from idp.authentication.own_account import NothingThere, OwnChanges, Owner, Told, WrongCode, added, removed
from idp.authentication.sent_codes import SentCodes, sending_to
from idp.authentication.throttling import Throttle
from idp.model.assurance import Factor
from idp.model.contact import Contact
from idp.notices import Channel, Channels
from idp.notices.channels import MOST_CHANNELS
from kernel.database import Database


class TooManyChannels(Exception):
    """There is no room for one more."""


@dataclass(frozen=True, slots=True)
class OwnChannels:
    """Every method raises LedgerUnavailable; the caller has made sure of a strong and recent sign-in."""

    database: Database
    changes: OwnChanges
    channels: Channels
    sent_codes: SentCodes
    throttle: Throttle
    known_devices: KnownDevices

    def of(self, owner: Owner) -> tuple[Channel, ...]:
        """All channels."""
        with self.database.read() as connection:
            return self.channels.of(connection, owner.person.id)

    def find(self, owner: Owner, channel_id: str) -> Channel:
        """One of them. Raises NothingThere."""
        for channel in self.of(owner):
            if channel.id == channel_id:
                return channel
        raise NothingThere

    def add(self, owner: Owner, contact: Contact, device: Device) -> str:
        """Keep a channel, to be confirmed by the code that goes there; its id. Raises TooManyChannels, TooManyTries."""
        self._throttle(owner, device)
        added: list[str] = []

        def change(connection: Connection) -> None:
            if len(self.channels.of(connection, owner.person.id)) >= MOST_CHANNELS:  # here, where changes take turns
                raise TooManyChannels
            added[:] = [self.channels.add(connection, owner.person.id, contact)]
            self._send(connection, owner, added[0])

        self.changes.make(owner, "ContactAdded", change, told.CHANNEL_ADDED, {"kind": contact.kind.value})
        return added[0]

    def send_again(self, owner: Owner, channel_id: str, device: Device) -> None:
        """Another code to a channel that is not confirmed yet. Raises NothingThere, TooManyTries."""
        if self.find(owner, channel_id).confirmed_at is not None:
            raise NothingThere
        self._throttle(owner, device)
        self.database.write(lambda connection: self._send(connection, owner, channel_id))

    def confirm(self, owner: Owner, channel_id: str, code: str, device: Device) -> None:
        """The code arrived, and what was sent so far counts no longer. Raises WrongCode, NothingThere."""
        person = owner.person.id
        if not self.database.write(lambda connection: self.sent_codes.spend_at(connection, person, channel_id, code)):
            raise WrongCode
        self.throttle.succeeded(sending_to(person), device.address, self.known_devices.proven(device, person))

        def change(connection: Connection) -> None:
            if not self.channels.confirm(connection, person, channel_id):
                raise NothingThere

        self.changes.make(owner, "ContactConfirmed", change, None)

    def use_for_codes(self, owner: Owner, channel_id: str, wanted: bool) -> None:
        """Let codes sent to a confirmed telephone count as a second factor, or no longer. Raises NothingThere.

        Where that is so already nothing changes, and nothing is told.
        """
        channel = self.find(owner, channel_id)
        if not channel.may_send_codes:
            raise NothingThere
        if (channel.codes_since is not None) is wanted:
            return

        def change(connection: Connection) -> None:
            if not self.channels.use_for_codes(connection, owner.person.id, channel_id, wanted):
                raise NothingThere

        told_of = added(PHONE_CODES) if wanted else removed(PHONE_CODES)
        self.changes.tell(owner, change, told_of, ending=None if wanted else having_shown(Factor.PHONE))

    def remove(self, owner: Owner, channel_id: str) -> None:
        """Forget a channel; the notice of it goes there, too. Raises NothingThere.

        With a telephone whose codes count as a second factor that factor is removed, and told of as one.
        """
        channel = self.find(owner, channel_id)
        signs_in = channel.codes_since is not None
        last_told = [] if channel.confirmed_at is None else [channel.contact]

        def change(connection: Connection) -> None:
            if channel not in self.channels.of(connection, owner.person.id):  # it was confirmed, or put to another use
                raise NothingThere
            self.channels.remove(connection, owner.person.id, channel_id)
            self.sent_codes.notices.send_to(connection, owner.person.id, last_told, told.CHANNEL_REMOVED)

        gone = Told("ContactRemoved", told.CHANNEL_REMOVED, {"kind": channel.contact.kind.value})
        if signs_in:
            self.changes.tell(owner, change, gone, removed(PHONE_CODES), ending=having_shown(Factor.PHONE))
        else:
            self.changes.tell(owner, change, gone)

    def _throttle(self, owner: Owner, device: Device) -> None:
        person = owner.person.id
        self.throttle.reserve(sending_to(person), device.address, self.known_devices.proven(device, person))

    def _send(self, connection: Connection, owner: Owner, channel_id: str) -> None:
        for channel in self.channels.of(connection, owner.person.id):
            if channel.id == channel_id:
                self.sent_codes.send_to(connection, owner.person.id, channel)
