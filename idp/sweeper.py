"""The thread that keeps the tables from growing: once a minute it ends and removes what has expired."""

from __future__ import annotations

import threading

from idp.authentication.expiry import SessionExpiry
from idp.store import sweeping
from kernel.background import Ticker
from kernel.clock import Clock
from kernel.database import Database

EVERY_SECONDS = 60.0


class Sweeper:
    """Sweeps until it is closed."""

    def __init__(self, database: Database, expiry: SessionExpiry, clock: Clock) -> None:
        self._database, self._expiry, self._clock = database, expiry, clock
        self._closing = threading.Event()
        self._ticker = Ticker("sweeper", EVERY_SECONDS, self.sweep)

    def start(self) -> None:
        """Begin."""
        self._ticker.start()

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
        self._ticker.stop()
