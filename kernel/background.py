"""What a node does by itself, again and again."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from kernel.database import DatabaseUnavailable
from kernel.ledger.errors import LedgerUnavailable


class Ticker:
    """Runs one task again and again on a thread of its own; a failure is logged when it begins and when it is over.

    That a database or a ledger is away is a warning, anything else an error; of either the log says the kind alone.
    """

    def __init__(self, name: str, every: float, task: Callable[[], object]) -> None:
        """``every`` is the pause in seconds between two runs."""
        self._name = name
        self._every = every
        self._task = task
        self._stop = threading.Event()
        self._failing = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin; the first run is at once."""
        self._thread.start()

    def stop(self, patience: float = 10.0) -> None:
        """End after the run under way, waiting so many seconds for it."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=patience)

    def run_once(self) -> None:
        """One run; nothing it raises goes further."""
        try:
            self._task()
        except Exception as trouble:  # noqa: BLE001 - this thread must outlive every failure
            self._fails(trouble)
        else:
            self._works()

    def _run(self) -> None:
        while not self._stop.is_set():
            self.run_once()
            self._stop.wait(self._every)

    def _fails(self, trouble: Exception) -> None:
        if not self._failing:
            away = isinstance(trouble, (DatabaseUnavailable, LedgerUnavailable))
            log = structlog.get_logger(__name__)
            (log.warning if away else log.error)("task fails", task=self._name, reason=type(trouble).__name__)
        self._failing = True

    def _works(self) -> None:
        if self._failing:
            structlog.get_logger(__name__).info("task works again", task=self._name)
        self._failing = False
