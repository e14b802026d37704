"""Politeness: look-ups begin no closer together than a source's owner asks for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from connectors.errors import SourceBusy
from connectors.resilience.deadline import Deadline
from kernel.clock import Clock


class Pace:
    """Turns at least ``interval`` seconds apart, in the order of asking. Who would wait longer than ``wait_seconds`` is
    told that the source is busy, and takes nobody's turn. Safe for threads.
    """

    def __init__(
        self, clock: Clock, *, interval: float, wait_seconds: float, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock = clock
        self._interval = interval
        self._wait_seconds = wait_seconds
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next = float("-inf")

    def take(self, deadline: Deadline) -> None:
        """Wait for a turn. Raises: SourceBusy, SourceTimedOut."""
        if not self._interval:
            return
        patience = min(self._wait_seconds, deadline.left())
        with self._lock:
            now = self._clock.monotonic()
            turn = max(now, self._next)
            if turn - now > patience:
                raise SourceBusy("pace", retry_after=max(1, round(turn - now)))
            self._next = turn + self._interval
        if turn > now:
            self._sleep(turn - now)
