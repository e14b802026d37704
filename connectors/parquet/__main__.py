"""The process that reads one Parquet file: an order on standard input, lines on standard output.

The first line is an array of the columns with their kinds, each further one a row (`connectors.raw_json`), the last
one an object: ``{"end": reason}``, "" where everything is there. Where that is missing, the process came to grief: over
the file, where it ended by a signal or with the status `BROKEN`; with another status, before it looked at the file.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path

import orjson

from connectors.parquet import BROKEN
from connectors.parquet.reading import Order, Refused, path_of, read

_MOST_MEMORY = 768 << 20
"""Bytes: what DuckDB counts itself, and what it does not count."""
_MOST_SECONDS = 300
"""Of work without a row: nothing but a file made for it takes as long."""
_AFTER_OTHERS = 5
"""Steps of niceness: a third of the time of a process that wants as much, so that a small file still counts at once."""


def main() -> None:
    """Read what is ordered."""
    confine()
    order, out, reason = Order(**orjson.loads(sys.stdin.buffer.read())), sys.stdout.buffer, ""
    Path(path_of(order.descriptor)).stat()  # not everywhere has an open file a path: that is no fault of the file
    try:
        for lines in read(order):
            out.write(b"".join(line + b"\n" for line in lines))
            signal.setitimer(signal.ITIMER_PROF, _MOST_SECONDS)
    except Refused as refused:
        reason = str(refused)
    except Exception:  # noqa: BLE001 - a reader of broken files fails in ways of its own
        sys.exit(BROKEN)
    out.write(orjson.dumps({"end": reason}) + b"\n")


def confine() -> None:
    """Little memory, no file written, no picture of memory left behind, and an end to work that leads to nothing.

    Where the machine lacks memory, this process goes and not the service beside it (Linux: proc(5), oom_score_adj).
    Where it lacks time, look-ups come first, however many files are read at once.
    """
    os.nice(_AFTER_OTHERS)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", "ascii")
    _, allowed = resource.getrlimit(resource.RLIMIT_DATA)
    most = _MOST_MEMORY if allowed == resource.RLIM_INFINITY else min(allowed, _MOST_MEMORY)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.setitimer(signal.ITIMER_PROF, _MOST_SECONDS)


if __name__ == "__main__":
    main()
