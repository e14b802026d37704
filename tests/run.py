"""Run the whole suite on every core, measure coverage, and hold the rooms that decide to their floor.

Tests about other rooms are not traced, since tracing costs two thirds of a test again;
TONGBAN_TEST_COVERAGE=whole traces them, too.

With arguments, plain pytest runs with them (``make test PYTEST_ARGS="tests/unit -x"``) and no floor is held: a part of
the suite cannot reach it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.prepare import left_out

ROOT = Path(__file__).resolve().parent.parent
FLOORS = {"policies": 95, "kernel": 95, "exchange/gateway": 95}
"""Least branch coverage in per cent, by room."""
SHARED_MEMORY = Path("/dev/shm")
ROOM_FOR_FILES = 4 << 30
"""Bytes free in memory below which files are kept on disk."""


def python(*words: str, **environment: str) -> int:
    """Exit status of this interpreter run with ``words`` from the project's root."""
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=ROOT, env=os.environ | environment, check=False).returncode


def traced() -> list[str]:
    """Words that trace the rooms with a floor alone: others are read by nobody, and cost two fifths of the tracing."""
    whole = os.environ.get("TONGBAN_TEST_COVERAGE") == "whole"
    return ["--cov"] if whole else [f"--cov={room}" for room in FLOORS]


def branches_covered(room: str) -> float:
    """Share of a room's branches that the suite took, in per cent."""
    report = ROOT / ".build" / f"coverage-{room.replace('/', '-')}.json"
    report.parent.mkdir(exist_ok=True)
    python("-m", "coverage", "json", "--quiet", f"--include={room}/*", "-o", str(report))
    totals = json.loads(report.read_text(encoding="utf-8"))["totals"]
    return 100 * float(totals["covered_branches"]) / max(1, int(totals["num_branches"]))


def floors_held() -> bool:
    """Whether each room in FLOORS is covered as promised; lists what is missing where one is not."""
    held = True
    for room, floor in FLOORS.items():
        covered = branches_covered(room)
        print(f"branch coverage of {room}: {covered:.1f} % (floor {floor} %)")
        if covered < floor:
            python("-m", "coverage", "report", f"--include={room}/*")
            held = False
    return held


@contextmanager
def temporary_files_in_memory() -> Iterator[dict[str, str]]:
    """Environment in which tests keep their thousands of small files in memory, where there is room for them."""
    if not SHARED_MEMORY.is_dir() or shutil.disk_usage(SHARED_MEMORY).free < ROOM_FOR_FILES:
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="tongban-tests-", dir=SHARED_MEMORY, ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)  # PostgreSQL refuses to run as root, and its own user must reach its files
        yield {"TMPDIR": folder}


def main(arguments: list[str]) -> int:
    """The suite's exit status, or 1 when a floor was not held."""
    if arguments:
        return python("-m", "pytest", *arguments)
    for stale in ROOT.glob(".coverage*"):
        stale.unlink()
    # One more than cores: a worker often waits for a browser, a service or a database; with two more, it takes longer.
    workers = os.environ.get("TONGBAN_TEST_WORKERS", str((os.cpu_count() or 1) + 1))
    suite = ["-q", "-n", workers, "--durations", "25", *traced(), "--cov-report=", "tests"]
    with temporary_files_in_memory() as environment:
        status = python("-m", "pytest", *suite, **environment)
    held = floors_held()
    left_out()
    return status or (0 if held else 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
