"""Durable appends to the ledger (SQLite, synchronous=FULL): entry, tree head and signed checkpoint in one commit."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from exchange.app import PACKAGE, open_ledger
from kernel import migrations
from kernel.clock import SystemClock
from kernel.database import Database
from kernel.entropy import SystemEntropy
from kernel.keys import KeyRing
from kernel.ledger.event import Event
from kernel.settings import ExchangeSettings
from tests.benchmarks.micro import Operation

BATCHES = (1, 16, 128)


def operations(folder: Path, stack: ExitStack) -> Iterator[Operation]:
    """One call that records so many events; the price is that of one event."""
    url, clock, entropy = f"sqlite:///{folder}/ledger.sqlite3", SystemClock(), SystemEntropy()
    migrations.upgrade(url, PACKAGE)
    keys = KeyRing.create(folder / "keys", clock=clock, entropy=entropy)
    database = Database.open(url)
    stack.callback(database.close)
    settings = ExchangeSettings(origin="http://exchange.test", database_url=url, key_dir=folder / "keys")
    ledger = open_ledger(settings, database, keys, clock=clock, entropy=entropy, serving=False)
    stack.callback(ledger.close)
    numbers = itertools.count()

    def events(count: int) -> list[Event]:
        facts = {"consumer": "11500000DEM000057T", "evidence_type": "sample-record", "outcome": "delivered"}
        return [Event("EvidenceReleased", f"er_{next(numbers)}", facts=facts) for _ in range(count)]

    for batch in BATCHES:
        yield Operation(
            f"Ledger.append, batch {batch}", lambda n=batch: len(ledger.append(events(n), timeout=30)) == n, batch
        )
