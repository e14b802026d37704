"""What a node does by itself, again and again."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog


class Ticker:
    """Runs one task again and again on a thread of its own; a failure is logged when it begins and when it is over."""

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

    def stop(self) -> None:
        """End after the run under way."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10.0)

    def run_once(self) -> None:
        """One run; nothing it raises goes further."""
        try:
            self._task()
        except Exception as trouble:  # noqa: BLE001 - this thread must outlive every failure
            self._note(failing=True, reason=type(trouble).__name__)
        else:
            self._note(failing=False, reason="")

    def _run(self) -> None:
        while not self._stop.is_set():
            self.run_once()
            self._stop.wait(self._every)

    def _note(self, *, failing: bool, reason: str) -> None:
        if failing != self._failing:
            self._failing = failing
            log = structlog.get_logger(__name__)
            (log.warning if failing else log.info)(
                "task fails" if failing else "task works again", task=self._name, reason=reason
            )
