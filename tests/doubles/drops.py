"""Waiting for what happens behind a source."""

from __future__ import annotations

import time
from collections.abc import Callable

from connectors.errors import SourceProblem


def settled(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether it comes true within the time; a source that has no answer yet counts as not yet."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        try:
            if condition():
                return True
        except SourceProblem:
            pass
        time.sleep(0.02)
    return False
