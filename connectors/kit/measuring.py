"""How much memory something takes, as the laws that bound it see it."""

from __future__ import annotations

import mmap
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PAGES = Path("/proc/self/statm")
_PAGE = mmap.PAGESIZE
_BETWEEN_LOOKS = 0.01
"""Seconds. What is read whole is held for longer, since somebody makes something of it."""


class Taken:
    """What a stretch of work took at most beyond what was there before it.

    Attributes:
        bytes: of Python's own objects, or resident in memory where the system tells (Linux), whichever is more: what a
            driver written in C holds is seen there alone.
    """

    bytes = 0


@contextmanager
def memory_taken() -> Iterator[Taken]:
    """Watch this process, of which nothing else should be busy meanwhile."""
    taken, done, most = Taken(), threading.Event(), [0]
    already = tracemalloc.is_tracing()
    if not already:
        tracemalloc.start()
    tracemalloc.reset_peak()
    before, resident = tracemalloc.get_traced_memory()[0], _resident()

    def look() -> None:
        while not done.wait(_BETWEEN_LOOKS):
            most[0] = max(most[0], _resident() - resident)

    watching = threading.Thread(target=look, daemon=True)
    watching.start()
    try:
        yield taken
    finally:
        done.set()
        watching.join()
        taken.bytes = max(most[0], tracemalloc.get_traced_memory()[1] - before)
        if not already:
            tracemalloc.stop()


def _resident() -> int:
    """Bytes of this process that are in memory; 0 where the system does not say."""
    with suppress(OSError):
        return int(_PAGES.read_text("ascii").split()[1]) * _PAGE
    return 0
