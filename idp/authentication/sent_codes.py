"""Codes sent to a telephone or a mailbox: six digits, five minutes, five tries, good once (SP 800-63B-4 §3.1.3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Connection

from idp.authentication import told
from idp.notices import Channel, Notices
from idp.store import second_factors
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy
from kernel.envelope import hmac_sha256

GOOD_FOR = timedelta(minutes=5)
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class SentCodes:
    """Sends codes and accepts them. Six digits are kept under a key: a plain hash of them could be looked up."""

    database: Database
    notices: Notices
    clock: Clock
    entropy: Entropy
    key: bytes = field(repr=False)

    def send(self, person_id: str) -> bool:
        """Send a code to the telephone that counts as a second factor; False when there is none."""

        def work(connection: Connection) -> bool:
            phone = self.phone_of(connection, person_id)
            if phone is not None:
                self.send_to(connection, person_id, phone)
            return phone is not None

        return self.database.write(work)

    def send_to(self, connection: Connection, person_id: str, channel: Channel) -> None:
        """Send a code to a channel; the one before is worth nothing any more."""
        code = f"{int.from_bytes(self.entropy.bytes(8)) % 10**_DIGITS:0{_DIGITS}}"
        now = self.clock.now()
        digest = self._hash(channel.id, code)
        second_factors.send_code(connection, channel.id, person_id, digest, now, now + GOOD_FOR)
        self.notices.send_to(connection, person_id, [channel.contact], told.CODE, GOOD_FOR, code=code)

    def spend(self, person_id: str, text: str) -> bool:
        """Accept the code sent to the telephone that counts as a second factor: True once."""

        def work(connection: Connection) -> bool:
            phone = self.phone_of(connection, person_id)
            return phone is not None and self.spend_at(connection, person_id, phone.id, text)

        return self.database.write(work)

    def spend_at(self, connection: Connection, person_id: str, channel_id: str, text: str) -> bool:
        """Accept the code sent to a channel: True once. A wrong try is counted, so the caller must let it commit."""
        digest = self._hash(channel_id, text.replace(" ", "")[: _DIGITS + 1])
        return second_factors.try_code(connection, channel_id, person_id, digest, self.clock.now())

    def phone(self, person_id: str) -> Channel | None:
        """The telephone that counts as a second factor."""
        with self.database.read() as connection:
            return self.phone_of(connection, person_id)

    def phone_of(self, connection: Connection, person_id: str) -> Channel | None:
        """The same in a transaction."""
        channels = self.notices.channels.of(connection, person_id)
        return next((each for each in channels if each.may_send_codes and each.codes_since is not None), None)

    def _hash(self, channel_id: str, code: str) -> bytes:
        return hmac_sha256(self.key, f"{channel_id}\0{code}".encode())


def sending_to(person_id: str) -> str:
    """What codes sent to a person are counted under (`throttling`), until one that was sent comes back."""
    return f"codes sent to {person_id}"
