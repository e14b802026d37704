"""Waiting for what happens behind a source."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from connectors.errors import SourceProblem
from connectors.source import Source


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


def looked(source: Source) -> Source:
    """A source of files once its place has been looked at."""
    shelf: Any = source._connector._shelf  # type: ignore[attr-defined]
    assert settled(lambda: shelf._next_look > 0, 60.0)
    return source


def look_again(source: Source) -> Source:
    """A source of files that lie elsewhere, once somebody has looked there anew."""
    shelf: Any = source._connector._shelf  # type: ignore[attr-defined]
    assert settled(lambda: not shelf._looking, 60.0)
    shelf._next_look = 0.0
    shelf._wake.set()
    return looked(source)
