"""How much memory something takes, as the laws that bound it see it."""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_STATUS, _REFERENCES = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_FORGET_THE_PEAK = "5"
"""proc(5): what resets the peak of resident memory, VmHWM."""
_PEAK, _NOW = re.compile(r"VmHWM:\s+(\d+) kB"), re.compile(r"VmRSS:\s+(\d+) kB")


class Taken:
    """What a stretch of work took at most beyond what was there before it.

    Attributes:
        bytes: of Python's own objects, or resident in memory where the system tells (Linux), whichever is more: what a
            driver written in C holds is seen there alone, and by the kernel however briefly it is held.
    """

    bytes = 0


@contextmanager
def memory_taken() -> Iterator[Taken]:
    """Watch this process, of which nothing else should be busy meanwhile."""
    taken, already = Taken(), tracemalloc.is_tracing()
    if not already:
        tracemalloc.start()
    tracemalloc.reset_peak()
    before, resident = tracemalloc.get_traced_memory()[0], _resident_from_now_on()
    try:
        yield taken
    finally:
        taken.bytes = max(_resident(_PEAK) - resident, tracemalloc.get_traced_memory()[1] - before)
        if not already:
            tracemalloc.stop()


def _resident_from_now_on() -> int:
    """Bytes in memory now, which is the peak from here on; where the peak cannot be forgotten, the peak so far."""
    with suppress(OSError):
        _REFERENCES.write_text(_FORGET_THE_PEAK, "ascii")
        return _resident(_NOW)
    return _resident(_PEAK)


def _resident(which: re.Pattern[str]) -> int:
    """Bytes of this process that are in memory; 0 where the system does not say."""
    with suppress(OSError):
        if (found := which.search(_STATUS.read_text("ascii"))) is not None:
            return int(found[1]) << 10
    return 0
