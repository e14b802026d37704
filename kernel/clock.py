"""Time as an argument: a decision made twice with the same clock is the same decision."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """The wall-clock time, aware, in UTC; for anything that is stored or compared with a date."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards, from an unspecified start; for deadlines and leases."""
        ...


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        """The machine's wall clock in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """The machine's monotonic clock, in seconds."""
        return time.monotonic()


class ManualClock:
    """A clock that stands still until it is advanced; both of its faces move together."""

    def __init__(self, start: datetime) -> None:
        """Stand at ``start``; raises ValueError for a time without a zone."""
        if start.tzinfo is None:
            raise ValueError("a clock needs an aware time: naive datetimes do not say which hour they mean")
        self._now = start.astimezone(UTC)
        self._monotonic = 0.0

    def now(self) -> datetime:
        """The time it was set or advanced to, in UTC."""
        return self._now

    def monotonic(self) -> float:
        """Seconds advanced since it was made."""
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Move on by ``seconds``; raises ValueError when asked to run backwards."""
        if seconds < 0:
            raise ValueError("a clock does not run backwards")
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds
