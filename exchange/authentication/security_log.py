"""Strangers' failures: counted always, logged at most once a second for each kind. They never cause a durable write."""

from __future__ import annotations

import threading

import structlog
from prometheus_client import Counter

from kernel.clock import Clock
from kernel.metrics import Metrics

LOG_EVERY = 1.0
"""Seconds between two log lines of one kind."""


class SecurityLog:
    """Counts refusals before a caller is authenticated. Safe for threads."""

    def __init__(self, metrics: Metrics, clock: Clock) -> None:
        """The counter is ``tongban_token_refusals_total`` by code; codes are ours, never a caller's words."""
        self._counter = metrics.counter("token_refusals", "Callers refused before authentication.", ("code",))
        self._clock = clock
        self._lock = threading.Lock()
        self._children: dict[str, Counter] = {}
        self._quiet_until: dict[str, float] = {}
        self._suppressed: dict[str, int] = {}

    def refused(self, code: str) -> None:
        """One refusal of this kind."""
        with self._lock:
            self._child(code).inc()
            now = self._clock.monotonic()
            if now < self._quiet_until.get(code, float("-inf")):
                self._suppressed[code] = self._suppressed.get(code, 0) + 1
                return
            self._quiet_until[code] = now + LOG_EVERY
            more = self._suppressed.pop(code, 0)
        structlog.get_logger(__name__).warning("caller refused", reason=code, suppressed=more)

    def _child(self, code: str) -> Counter:
        child = self._children.get(code)
        if child is None:
            child = self._children[code] = self._counter.labels(code)
        return child
