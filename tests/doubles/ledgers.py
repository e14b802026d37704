"""Ledgers for tests: fresh tables on either engine, keys from fixed seeds, a clock that stands still."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from kernel.clock import Clock, ManualClock
from kernel.database import Database
from kernel.entropy import SystemEntropy
from kernel.envelope import KeyEncryptionKey
from kernel.identifiers.subject import SubjectRef
from kernel.ledger import store
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger

ORIGIN = "ledger.example/v1/ledger"
VKEY = "ledger.example/v1/ledger+4058ef7c+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
"""Of the key whose seed is the bytes 0 to 31."""
START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
SOMEBODY = SubjectRef("citizen-number", "500199199003071237")
SOMEBODY_ELSE = SubjectRef("citizen-number", "500199198501010019")


class SeededSigner:
    """Ed25519 from a 32-byte seed."""

    def __init__(self, seed: bytes = bytes(range(32))) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = self._private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)


def prepare(database: Database) -> None:
    """Make the log's tables, unless they are there."""
    metadata = sa.MetaData()
    store.define(metadata)
    metadata.create_all(database.engine)


def remove(url: str) -> None:
    """Take the log's tables away again."""
    metadata, database = sa.MetaData(), Database.open(url)
    store.define(metadata)
    metadata.drop_all(database.engine)
    database.close()


def open_ledger(
    database: Database,
    *,
    clock: Clock | None = None,
    fence: Callable[[Connection], int] | None = None,
    signer: SeededSigner | None = None,
    origin: str = ORIGIN,
    serving: bool = False,
) -> Ledger:
    """A ledger on a prepared database."""
    return Ledger(
        database,
        origin=origin,
        signer=signer or SeededSigner(),
        kek=KeyEncryptionKey({"kek-1": b"k" * 32}, "kek-1"),
        tag_key=b"t" * 32,
        clock=clock or ManualClock(START),
        entropy=SystemEntropy(),
        fence=fence,
        serving=serving,
    )


@contextmanager
def ledger_at(
    url: str, *, clock: Clock | None = None, fence: Callable[[Connection], int] | None = None, serving: bool = False
) -> Iterator[Ledger]:
    """A ledger on the database of this URL, and everything closed afterwards."""
    database = Database.open(url)
    try:
        prepare(database)
        ledger = open_ledger(database, clock=clock, fence=fence, serving=serving)
        try:
            yield ledger
        finally:
            ledger.close()
    finally:
        database.close()


def release(number: int, *, subject: SubjectRef | None = SOMEBODY, evidence: str | None = None) -> Event:
    """The release of a piece of evidence."""
    jws = evidence if evidence is not None else f"eyJhbGciOiJFUzI1NiJ9.{'e' * (number % 5)}.c2ln"
    return Event(
        "EvidenceReleased", f"er_{number:06d}", "1", {"fields": ["name"]}, subject, evidence=jws, payload=jws.encode()
    )


def append_all(ledger: Ledger, count: int, *, at_once: int = 1) -> list[str]:
    """Record ``count`` releases, ``at_once`` in a call; their receipts' texts."""
    texts: list[str] = []
    for start in range(0, count, at_once):
        events: Sequence[Event] = [release(number) for number in range(start, min(start + at_once, count))]
        texts.extend(receipt.text for receipt in ledger.append(events))
    return texts
