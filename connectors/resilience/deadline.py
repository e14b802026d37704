"""A deadline: how long a caller is still willing to wait."""

from __future__ import annotations

from connectors.errors import SourceTimedOut
from kernel.clock import Clock


class Deadline:
    """`seconds` from now by the clock's monotonic face. Everything a look-up does draws on the same budget."""

    __slots__ = ("_clock", "_ends")

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._ends = clock.monotonic() + seconds

    def left(self) -> float:
        """Seconds left, more than nothing. Raises: SourceTimedOut when there are none."""
        left = self._ends - self._clock.monotonic()
        if left <= 0:
            raise SourceTimedOut("deadline")
        return left
