"""Several sample departments started at once: what they all read is read once, then each is a process of its own.

python -m tongban.demo.departments.together --folder DEPARTMENTS --world WORLD civil=8411 market=8420 …
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import FrameType


def main() -> None:
    """Fork each department; leave when told to, or when one of them ends that was not told to."""
    parser = argparse.ArgumentParser(description="Sample departments of the Tongban demonstration.")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--world", type=Path, required=True)
    parser.add_argument("departments", nargs="+", metavar="NAME=PORT")
    given = parser.parse_args()
    wanted = [one.partition("=")[::2] for one in given.departments]
    mains: dict[str, Callable[[], None]] = {
        name: import_module(f"tongban.demo.departments.{name}").main for name, _port in wanted
    }
    for name, port in wanted:
        words = ["--port", port, "--folder", str(given.folder / name), "--world", str(given.world)]
        if os.fork() == 0:
            sys.argv = [name, *words]
            mains[name]()
            sys.exit(0)
    sys.exit(watch(len(wanted)))


def watch(running: int) -> int:
    """Wait for the children: 0 when all ended as they were told to, 1 as soon as one ended by itself."""
    told = False

    def end(_signal: int, _frame: FrameType | None) -> None:
        nonlocal told
        told = True

    signal.signal(signal.SIGTERM, end)
    while running:
        os.wait()
        running -= 1
        if not told:
            os.killpg(0, signal.SIGTERM)
            return 1
    return 0


if __name__ == "__main__":
    main()
