"""The thread that keeps the tables from growing: once a minute it ends and removes what has expired."""

from __future__ import annotations

import threading

from idp.authentication.expiry import SessionExpiry
from idp.store import sweeping
from kernel.clock import Clock
from kernel.database import Database, DatabaseUnavailable
from kernel.ledger.errors import LedgerUnavailable
from kernel.logging import logger

EVERY_SECONDS = 60.0


class Sweeper:
    """Sweeps until it is closed."""

    def __init__(self, database: Database, expiry: SessionExpiry, clock: Clock) -> None:
        self._database, self._expiry, self._clock = database, expiry, clock
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def sweep(self) -> int:
        """End what is over, and remove everything that has expired; how many rows went."""
        try:
            self._expiry.round(self._closing.is_set)
        finally:  # a ledger that is away ends no session, and keeps nothing else that is past its time
            removed = self._removed()
        return removed

    def _removed(self) -> int:
        total, removed = 0, 1
        while removed and not self._closing.is_set():
            removed = sweeping.sweep(self._database.write, self._clock.now())
            total += removed
        return total

    def close(self) -> None:
        """Stop, after the bite or the session under way."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5.0)

    def _run(self) -> None:
        while not self._closing.wait(EVERY_SECONDS):
            try:
                self.sweep()
            except (DatabaseUnavailable, LedgerUnavailable):
                logger("idp").warning("sweep_waits")
            except Exception as failure:  # noqa: BLE001 - as the herald: one fault must not end the thread
                logger("idp").error("sweep_failed", reason=type(failure).__name__)
