"""A process that records without end and says on its output what was acknowledged to it.

``python -m tests.doubles.ledger_worker URL NAME [behind|async]``; one line for each acknowledged entry: index, request
and base64 of the receipt. ``behind`` and ``async`` break the promise of durability on purpose, for the canaries.
"""

from __future__ import annotations

import itertools
import os
import queue
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Sequence

from kernel.clock import SystemClock
from kernel.database import Database, DatabaseUnavailable, engines
from kernel.ledger.batch import Outcome, Request
from kernel.ledger.errors import LedgerUnavailable
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from tests.doubles.ledgers import SOMEBODY, open_ledger

THREADS = 4


def write_behind(ledger: Ledger) -> None:
    """Canary: answer as soon as the batch is made, commit a little later."""
    database, batches = ledger._database, ledger._batches

    def write(requests: Sequence[Request]) -> list[Outcome]:
        made: queue.SimpleQueue[list[Outcome]] = queue.SimpleQueue()

        def work(connection) -> None:
            made.put(batches.write(connection, requests))
            time.sleep(0.05)

        threading.Thread(target=database.write, args=(work,), daemon=True).start()
        return made.get()

    ledger._sequencer._write = write


def asynchronous_commit() -> None:
    """Canary: a session that does not wait for the disk, and a start-up check that does not mind."""
    engines.refuse_unsafe_postgresql = lambda connection: connection.execute("SET synchronous_commit = off")


def record(ledger: Ledger, name: str, numbers: itertools.count[int]) -> None:
    while True:
        request = f"{name}-{next(numbers)}"
        try:
            event = Event("EvidenceReleased", request, "1", {}, SOMEBODY, f"a.{request}.c", request.encode())
            (receipt,) = ledger.append([event])
        except LedgerUnavailable:
            time.sleep(0.01)
            continue
        line = f"{receipt.index} {request} {b64encode(receipt.text.encode()).decode()}\n".encode()
        assert len(line) <= 4096  # written in one piece, or not at all
        os.write(sys.stdout.fileno(), line)


def opened(url: str) -> Database:
    """The database, once it answers: after a crash it needs a moment."""
    while True:
        try:
            return Database.open(url)
        except DatabaseUnavailable:
            time.sleep(0.05)


def main(url: str, name: str, canary: str = "") -> None:
    if canary == "async":
        asynchronous_commit()
    ledger = open_ledger(opened(url), clock=SystemClock())
    if canary == "behind":
        write_behind(ledger)
    numbers = itertools.count()
    threads = [threading.Thread(target=record, args=(ledger, name, numbers)) for _ in range(THREADS)]
    for thread in threads:
        thread.start()


if __name__ == "__main__":
    main(*sys.argv[1:])
