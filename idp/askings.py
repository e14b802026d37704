"""Askings about whoever has a name: kept sealed in a row of one length, looked at after whoever asked has an answer.

So nothing of the answer, not even how long it took, can depend on whether there is such an account. Clerks of any node
take what waits a moment later; each has exactly one entry, whomever it names: how many there are is public.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from sqlalchemy import Connection

from idp.model.asking import Asking
from idp.store.askings import Askings
from kernel.clock import Clock
from kernel.database import Database, DatabaseUnavailable
from kernel.envelope import open_, seal
from kernel.ledger.errors import LedgerUnavailable
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.logging import logger

AT_ONCE = 20
"""How many a round looks at; after a full one the next begins without waiting."""
_NAME_BYTES, _LENGTH_BYTES = 512, 2


class TakenAlready(Exception):
    """Another node's clerk was faster, or what was found has changed: nothing is written here."""


@dataclass(frozen=True, slots=True)
class SealedNames:
    """Seals what was given as a name, which may be anything: a name, a number, a password in the wrong field.

    ``table`` names whose rows these are, so that none can be moved to another.
    """

    key: bytes = field(repr=False)
    table: str

    def seal(self, asking_id: str, name: str, beside: bytes = b"") -> bytes:
        """A name, filled up to one length, and what goes ``beside`` it. What is too long is nobody's name."""
        encoded = name.encode()
        kept = encoded if len(encoded) <= _NAME_BYTES else b""
        head = len(kept).to_bytes(_LENGTH_BYTES) + kept.ljust(_NAME_BYTES, b"\0")
        return seal(self.key, head + beside, self._place(asking_id))

    def open(self, asking: Asking) -> tuple[str, bytes]:
        """The name, and what went beside it. Raises CannotOpen."""
        opened = open_(self.key, asking.sealed, self._place(asking.id))
        if len(opened) == _NAME_BYTES:  # written by an earlier version: the name alone, without its length
            return opened.rstrip(b"\0").decode(), b""
        length, rest = int.from_bytes(opened[:_LENGTH_BYTES]), opened[_LENGTH_BYTES:]
        return rest[:length].decode(), rest[_NAME_BYTES:]

    def _place(self, asking_id: str) -> bytes:
        return f"idp.{self.table}\0{asking_id}".encode()


@dataclass(frozen=True, slots=True)
class Rounds:
    """Goes through what waits in one table, and sees to it that each is taken once."""

    database: Database
    askings: Askings
    ledger: Ledger
    clock: Clock

    def each(self, take: Callable[[Asking], None], give_up: Callable[[Asking], None]) -> int:
        """Have each taken, or given up where that fails; how many. Raises DatabaseUnavailable, LedgerUnavailable.

        What cannot be looked at would be first in line for ever: it goes, and whoever asked may ask again.
        """
        with self.database.read() as connection:
            waiting = self.askings.waiting(connection, self.clock.now(), AT_ONCE)
        for asking in waiting:
            try:
                take(asking)
            except (DatabaseUnavailable, LedgerUnavailable):
                raise
            except Exception as failure:  # noqa: BLE001 - the next one is somebody else's
                logger("idp").error("asking_given_up", asking=asking.id, reason=type(failure).__name__)
                give_up(asking)
        return len(waiting)

    def settle(self, asking: Asking, event: Event, change: Callable[[Connection], None] = lambda _: None) -> None:
        """Take one with its entry and its change, in one transaction; nothing of it where that raises TakenAlready.

        Raises DatabaseUnavailable, LedgerUnavailable, and whatever else ``change`` raises.
        """

        def also(connection: Connection, _receipts: object) -> None:
            if not self.askings.take(connection, asking.id):
                raise TakenAlready
            change(connection)

        with suppress(TakenAlready):
            self.ledger.append([event], also=also)
