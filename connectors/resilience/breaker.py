"""The circuit breaker: a source that keeps failing is left alone, then tried with one look-up."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connectors.errors import (
    SourceAnswersLater,
    SourceGarbled,
    SourceProblem,
    SourceTimedOut,
    SourceTooLarge,
    SourceUnavailable,
)
from kernel.clock import Clock

COUNTED = (SourceUnavailable, SourceTimedOut, SourceTooLarge, SourceGarbled)
"""What speaks against the source as a whole. Being busy, ambiguous or wrongly described does not.

That an answer comes later speaks for it where the source was reached: it has the question.
"""


class BreakerState(StrEnum):
    """CLOSED: look-ups pass. OPEN: none passes. HALF_OPEN: one passes, and its outcome decides."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(frozen=True, slots=True)
class Health:
    """How a source has been doing lately.

    Attributes:
        state: of its breaker.
        failures: how many look-ups failed in a row.
        last_success: when one last succeeded; None before the first.
        last_failure: when one last failed; None before the first.
        last_reason: `SourceProblem.reason` of that failure.
    """

    state: BreakerState
    failures: int
    last_success: datetime | None
    last_failure: datetime | None
    last_reason: str


class Breaker:
    """Opens after `threshold` failures in a row, for `open_seconds`; then lets one look-up try. Safe for threads."""

    def __init__(self, clock: Clock, *, threshold: int, open_seconds: float) -> None:
        self._clock = clock
        self._threshold = threshold
        self._open_seconds = open_seconds
        self._lock = threading.Lock()
        self._failures = 0
        self._reopens_at: float | None = None
        self._trying = False
        self._last_success: datetime | None = None
        self._last_failure: datetime | None = None
        self._last_reason = ""

    @contextmanager
    def watch(self, *, probing: bool = False) -> Iterator[None]:
        """Let one look-up through and note how it went. Raises: SourceUnavailable while open.

        ``probing``: nobody waits for this one; it passes whatever the state, and closes the breaker when it succeeds.
        """
        tries = not probing and self._admit()
        try:
            yield
        except COUNTED as problem:
            self._failed(problem, tries)
            raise
        except SourceAnswersLater as problem:
            if problem.reached:
                self._succeeded()
            raise
        else:
            self._succeeded()
        finally:
            if tries:
                self._tried()

    def health(self) -> Health:
        """A snapshot."""
        with self._lock:
            return Health(self._state(), self._failures, self._last_success, self._last_failure, self._last_reason)

    def _state(self) -> BreakerState:
        if self._reopens_at is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if self._clock.monotonic() < self._reopens_at else BreakerState.HALF_OPEN

    def _admit(self) -> bool:
        """Whether this look-up is the one that tries. Raises: SourceUnavailable."""
        with self._lock:
            state = self._state()
            if state is BreakerState.OPEN or (state is BreakerState.HALF_OPEN and self._trying):
                raise SourceUnavailable("breaker-open", retry_after=self._seconds_left())
            if state is BreakerState.CLOSED:
                return False
            self._trying = True
            return True

    def _tried(self) -> None:
        with self._lock:
            self._trying = False

    def _seconds_left(self) -> int:
        left = (self._reopens_at or 0.0) - self._clock.monotonic()
        return max(1, math.ceil(left))

    def _failed(self, problem: SourceProblem, tries: bool) -> None:
        with self._lock:
            self._failures += 1
            self._last_failure, self._last_reason = self._clock.now(), problem.reason
            # A try decides nothing any more when a probe or a look-up of before has closed the breaker meanwhile.
            if (tries and self._reopens_at is not None) or self._failures >= self._threshold:
                self._reopens_at = self._clock.monotonic() + self._open_seconds

    def _succeeded(self) -> None:
        with self._lock:
            self._failures = 0
            self._reopens_at = None
            self._last_success = self._clock.now()
