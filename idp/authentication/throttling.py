"""Throttling of guesses: each failure makes the next try wait longer, per account and per address, on every node.

A passkey is not counted: it cannot be guessed. A device that is known to the account has a count of its own, and that
alone: neither those who guess at the account nor those who share its address can make its owner wait (ADR 0018).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv6Address, ip_address

from sqlalchemy import Connection

from idp.store import throttles
from idp.store.throttles import Delay
from kernel.clock import Clock
from kernel.database import Database
from kernel.envelope import hmac_sha256

KEEP = timedelta(days=3)
"""Longer than the longest wait, so that waiting forgets nothing."""
LONGEST_WAIT = timedelta(minutes=15)
LONGEST_WAITS_OF_AN_ACCOUNT = ((100, timedelta(days=1)), (50, timedelta(hours=1)), (0, LONGEST_WAIT))
"""After so many failures in a row on one account, the most first: SP 800-63B-4 §3.2.2 bounds them at 100, and a guess a
day thereafter is none. A device known to the account, and a passkey, wait for none of this."""
FREE_TRIES_OF_AN_ACCOUNT = 3
FREE_TRIES_OF_AN_ADDRESS = 30


class TooManyTries(Exception):
    """Not tried at all: the wait is not over. ``seconds`` says how long it still is."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__("too many tries")
        self.seconds = max(1, int(wait.total_seconds()) + 1)


def growing(free: int, longest: Delay = lambda _failures: LONGEST_WAIT) -> Delay:
    """After ``free`` failures the wait doubles with each further one, up to ``longest``: a quarter of an hour."""

    def delay(failures: int) -> timedelta:
        beyond = min(max(failures - free, 0), 17)
        return min(timedelta(seconds=2**beyond), longest(failures)) if beyond else timedelta(0)

    return delay


def _of_an_account(failures: int) -> timedelta:
    return next(wait for least, wait in LONGEST_WAITS_OF_AN_ACCOUNT if failures >= least)


_OF_AN_ACCOUNT = growing(FREE_TRIES_OF_AN_ACCOUNT, _of_an_account)
_OF_AN_ADDRESS = growing(FREE_TRIES_OF_AN_ADDRESS)


@dataclass(frozen=True, slots=True)
class Throttle:
    """Counts tries before they are made, so that parallel guesses cannot outrun the count."""

    database: Database
    clock: Clock
    key: bytes = field(repr=False)

    def reserve(self, account: str, address: str, device: str | None = None) -> int:
        """Count a try as failed in advance; returns the failures in a row. Raises TooManyTries.

        A name nobody has is counted like any other, so that the wait does not tell which names exist. ``device`` is
        the name of a device this account was signed in on before: it has a count of its own, which strangers'
        guesses do not move (SP 800-63B-4 §3.2.2), neither at this account nor from this address at others.
        """
        now, keys = self.clock.now(), [(self._account(account, device), _OF_AN_ACCOUNT)]
        if device is None:
            keys.append((self._address(address), _OF_AN_ADDRESS))
        outcome = self.database.write(lambda connection: throttles.reserve(connection, keys, KEEP, now))
        if isinstance(outcome, timedelta):
            raise TooManyTries(outcome)
        return outcome

    def succeeded(self, account: str, address: str, device: str | None = None, *, tries: int = 1) -> None:
        """The try was good: its count starts afresh, the address gets its try back, or as many ``tries`` as it took.

        A success on a known device leaves the strangers' count as it is: they must not profit from the owner's visit.
        """
        own, shared = self._account(account, device), self._address(address)

        def count(connection: Connection) -> None:
            throttles.forget(connection, own)
            if device is None:
                for _ in range(tries):
                    throttles.give_back(connection, shared, self.clock.now())

        self.database.write(count)

    def forget(self, connection: Connection, account: str) -> None:
        """Strangers' guesses at an account count no longer, with what else the transaction changes."""
        throttles.forget(connection, self._account(account, None))

    def reserve_one(self, what: str, by: str | None = None) -> None:
        """Count a try at something that has no address. Raises TooManyTries.

        ``by`` is who tries at many such things, a client say: its wait grows as an address's does, whatever it tries.
        """
        now, keys = self.clock.now(), [(self._digest("one", what), _OF_AN_ACCOUNT)]
        if by is not None:
            keys.append((self._digest("by", by), _OF_AN_ADDRESS))
        outcome = self.database.write(lambda connection: throttles.reserve(connection, keys, KEEP, now))
        if isinstance(outcome, timedelta):
            raise TooManyTries(outcome)

    def succeeded_with_one(self, what: str, by: str) -> None:
        """That try was good: its count starts afresh, and ``by`` gets back this try."""
        one, many, now = self._digest("one", what), self._digest("by", by), self.clock.now()

        def count(connection: Connection) -> None:
            throttles.forget(connection, one)
            throttles.give_back(connection, many, now)

        self.database.write(count)

    def forgive_one(self, connection: Connection, by: str) -> None:
        """An earlier try counts for ``by`` no longer, with what else the transaction changes."""
        throttles.give_back(connection, self._digest("by", by), self.clock.now())

    def not_tried(self, what: str, by: str) -> None:
        """It did not come to that try: it counts for nothing."""
        one, many, now = self._digest("one", what), self._digest("by", by), self.clock.now()

        def count(connection: Connection) -> None:
            throttles.give_back(connection, one, now)
            throttles.give_back(connection, many, now)

        self.database.write(count)

    def _account(self, account: str, device: str | None) -> bytes:
        return self._digest("account", account) if device is None else self._digest(f"account on {device}", account)

    def _address(self, address: str) -> bytes:
        return self._digest("address", network(address))

    def _digest(self, kind: str, text: str) -> bytes:
        return hmac_sha256(self.key, f"throttle\0{kind}\0{text}".encode())


def network(address: str) -> str:
    """What counts as one address: an IPv6 customer has a whole /64."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return parsed.exploded[:19]
    return str(parsed)
