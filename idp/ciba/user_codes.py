"""What a person tells the clerk before they may be asked at all (CIBA Core 1.0 §7.1, `user_code`).

A client registered for user codes sends one with every request, whomever it asks about: so neither their absence nor a
wrong one tells who exists, or who chose one. Guesses are counted before they are made, per client and name, and cost
what a password costs.
"""

from __future__ import annotations

from dataclasses import dataclass

from idp.authentication.passwords import HashingBusy, Passwords
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


@dataclass(frozen=True, slots=True)
class UserCodes:
    """Checks what was told. Raises TemporarilyUnavailableError, LedgerUnavailable."""

    database: Database
    passwords: Passwords
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
        tries = f"user code of {name} told to {client.id}"
        try:
            self.throttle.reserve_one(tries)
        except TooManyTries as early:
            wait = (("Retry-After", str(early.seconds)),)
            raise BackchannelDeniedError("Too many wrong user codes. Try again later.", headers=wait) from None
        if not self._matches(name, told):
            # Counted above, so that nobody can flood the log; whom it was about is not said: it may be nobody.
            event = Event("UserCodeRefused", new_id("cib", self.clock, self.entropy), facts={"client": client.id})
            self.ledger.append([event])
            raise InvalidUserCodeError("The user code is wrong.")
        self.throttle.forget(tries)

    def _matches(self, name: str, told: str) -> bool:
        with self.database.read() as connection:
            found = people.by_username(connection, name)
        try:
            return self.passwords.verify(told, None if found is None else found[1].user_code_hash)
        except HashingBusy:
            raise TemporarilyUnavailableError from None
