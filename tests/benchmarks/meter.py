"""What a process tree has cost: CPU time and proportional memory, read from ``/proc`` (Linux)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Process:
    """One line of ``/proc/PID/stat``, as far as it matters: times in seconds, user and system together.

    ``reaped`` is the time of children that have ended and were waited for.
    """

    pid: int
    parent: int
    own: float
    reaped: float


def parse_stat(line: str, ticks: int = TICKS) -> Process:
    """proc(5): the name stands in parentheses and may itself hold spaces and parentheses."""
    head, _, tail = line.rpartition(")")
    fields = tail.split()  # from field 3 (state) on
    utime, stime, cutime, cstime = (int(fields[index]) / ticks for index in (11, 12, 13, 14))
    return Process(int(head.partition(" ")[0]), int(fields[1]), utime + stime, cutime + cstime)


def processes(proc: Path = PROC) -> dict[int, Process]:
    """Every process that can be seen now."""
    found: dict[int, Process] = {}
    for entry in proc.iterdir():
        if entry.name.isdigit():
            try:
                process = parse_stat((entry / "stat").read_text(encoding="utf-8", errors="replace"))
            except (OSError, IndexError, ValueError):  # it ended while we looked
                continue
            found[process.pid] = process
    return found


def tree(root: int, found: Iterable[Process]) -> list[Process]:
    """A process and all its descendants."""
    children: dict[int, list[Process]] = {}
    by_pid: dict[int, Process] = {}
    for process in found:
        by_pid[process.pid] = process
        children.setdefault(process.parent, []).append(process)
    members, waiting = [], [by_pid[root]] if root in by_pid else []
    while waiting:
        process = waiting.pop()
        members.append(process)
        waiting += children.get(process.pid, [])
    return members


def cpu_seconds(roots: Iterable[int], proc: Path = PROC) -> float:
    """CPU-seconds that these processes and their descendants, living and reaped, have used so far."""
    found = processes(proc)
    members = {process.pid: process for root in roots for process in tree(root, found.values())}
    return sum(process.own + process.reaped for process in members.values())


def parse_pss(text: str) -> int:
    """Bytes of ``Pss:`` in ``smaps_rollup``."""
    for line in text.splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def pss_bytes(roots: Iterable[int], proc: Path = PROC) -> int:
    """Proportional set size of the trees; a process that ended meanwhile counts as nothing."""
    found = processes(proc)
    total = 0
    for pid in {process.pid for root in roots for process in tree(root, found.values())}:
        try:
            total += parse_pss((proc / str(pid) / "smaps_rollup").read_text())
        except OSError:
            continue
    return total


def processor_name(proc: Path = PROC) -> str:
    """The model of the first processor, or "unknown"."""
    for line in (proc / "cpuinfo").read_text(errors="replace").splitlines():
        if line.startswith(("model name", "Model")):
            return line.partition(":")[2].strip()
    return "unknown"
