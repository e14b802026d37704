"""What a person tells the clerk before they may be asked at all (CIBA Core 1.0 §7.1, `user_code`).

A client registered for user codes sends one with every request, whomever it asks about: so neither their absence nor a
wrong one tells who exists, or who chose one. Guesses cost what a password costs, in a few places of the pool, and are
counted before they are made: per client and name, and per client, lest invented names be guessed at for ever.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from idp.authentication.passwords import HashingBusy, Share
from idp.authentication.throttling import Throttle, TooManyTries
from idp.errors import (
    BackchannelDeniedError,
    InvalidUserCodeError,
    MissingUserCodeError,
    TemporarilyUnavailableError,
)
from idp.model.client import Client
from idp.store import people
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy
from kernel.ids import new_id
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger

PLACES = 4
"""How many are checked, or wait for it, at a time."""


@dataclass(frozen=True, slots=True)
class UserCodes:
    """Checks what was told. Raises TemporarilyUnavailableError, LedgerUnavailable."""

    database: Database
    hashing: Share
    throttle: Throttle
    ledger: Ledger
    clock: Clock
    entropy: Entropy

    def check(self, client: Client, name: str, told: str | None) -> None:
        """Raises MissingUserCodeError, InvalidUserCodeError, BackchannelDeniedError (after too many wrong ones)."""
        if not client.user_codes:
            return
        if not told:
            raise MissingUserCodeError("The client sends a user code with every request.")
        tries, by = f"user code of {name} told to {client.id}", _told_to(client)
        try:
            self.throttle.reserve_one(tries, by)
        except TooManyTries as early:
            wait = (("Retry-After", str(early.seconds)),)
            raise BackchannelDeniedError("Too many wrong user codes. Try again later.", headers=wait) from None
        try:
            matches = self._matches(name, told)
        except HashingBusy:
            self.throttle.not_tried(tries, by)
            raise TemporarilyUnavailableError from None
        if not matches:
            # Counted above, so that nobody can flood the log; whom it was about is not said: it may be nobody.
            event = Event("UserCodeRefused", new_id("cib", self.clock, self.entropy), facts={"client": client.id})
            self.ledger.append([event])
            raise InvalidUserCodeError("The user code is wrong.")
        self.throttle.succeeded_with_one(tries, by)

    def make_up(self, connection: Connection, client: Client) -> None:
        """A request with a right code is kept: it makes up for a wrong one, so that honest mistakes never add up.

        Not a right code alone: somebody who knows one could send it again and again, to guess at others' in between.
        """
        if client.user_codes:
            self.throttle.forgive_one(connection, _told_to(client))

    def _matches(self, name: str, told: str) -> bool:
        """Raises HashingBusy."""
        with self.database.read() as connection:
            found = people.by_username(connection, name)
        return self.hashing.verify(told, None if found is None else found[1].user_code_hash)


def _told_to(client: Client) -> str:
    return f"user codes told to {client.id}"
