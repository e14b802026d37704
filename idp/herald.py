"""The herald: a thread that sees to what is due (logout notices, pings, askings) in rounds.

Any number of nodes may run one of each.
"""

from __future__ import annotations

import threading
from typing import Protocol

from kernel.database import DatabaseUnavailable
from kernel.ledger.errors import LedgerUnavailable
from kernel.logging import logger

EVERY_SECONDS = 0.5


class Delivery(Protocol):
    """What delivers in rounds."""

    @property
    def at_once(self) -> int:
        """How many a round takes at the most: after so many, more may be due."""
        ...

    def round(self) -> int:
        """Try what is due now; how many were tried."""
        ...

    def close(self) -> None:
        """Take up nothing more."""
        ...


class Herald:
    """Delivers until it is closed."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="herald", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Stop, after the calls under way."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5.0)
        self._delivery.close()

    def _run(self) -> None:
        pause = EVERY_SECONDS
        while not self._closing.wait(pause):
            pause = 0.0 if self._full_round() else EVERY_SECONDS

    def _full_round(self) -> bool:
        """Whether there was so much to do that more may wait."""
        try:
            return self._delivery.round() >= self._delivery.at_once
        except (DatabaseUnavailable, LedgerUnavailable):
            logger("idp").warning("herald_waits")
        except Exception as failure:  # noqa: BLE001 - what waits is for many; one fault must not end the thread
            logger("idp").error("herald_failed", of=type(self._delivery).__name__, reason=type(failure).__name__)
        return False
