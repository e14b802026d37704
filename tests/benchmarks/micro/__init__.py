"""Micro benchmarks: single operations in one process, median CPU time. They explain the comparisons; they are no goals.

Every operation is checked once before it is timed.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

SAMPLES = 7


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing to be timed. ``once`` does it and returns whether it was right; ``units`` is how much one call does.

    ``apart`` > 0: so many calls are timed one by one, and the slowest of them are told, too.
    ``in_turn`` > 0: these are so many different calls, again and again, and the slowest are told by the median of each,
    too. What all calls take includes whatever else the machine did; a slow median is slow by itself.
    """

    name: str
    once: Callable[[], object]
    units: int = 1
    note: str = ""
    apart: int = 0
    in_turn: int = 0


Group = Callable[[Path, ExitStack], Iterator[Operation]]


NAMES = ("signatures", "policy", "decisions", "proofs", "databases", "ledgers", "search")
"""The groups, in their order; imported when they are run, since each brings the rooms that it measures."""


def run(quick: bool, names: Sequence[str] = NAMES) -> list[dict[str, Any]]:
    """Every operation of these groups, with a time budget each."""
    found: list[dict[str, Any]] = []
    for name in names:
        group: Group = import_module(f"{__name__}.{name}").operations
        with tempfile.TemporaryDirectory(prefix="tongban-micro-") as folder, ExitStack() as stack:
            found += [_measured(operation, quick) for operation in group(Path(folder), stack)]
    return found


def _measured(operation: Operation, quick: bool) -> dict[str, Any]:
    return _apart(operation, quick) if operation.apart else timed(operation, 0.05 if quick else 0.4)


def timed(operation: Operation, budget: float) -> dict[str, Any]:
    """Medians over samples that together take about ``budget`` seconds; microseconds for one unit."""
    if not operation.once():
        raise AssertionError(f"{operation.name} does not do what it should")
    calls = _calls(operation, budget / SAMPLES)
    samples = [_sample(operation.once, calls) for _ in range(SAMPLES)]
    scale = 1e6 / calls / operation.units
    return {
        "name": operation.name,
        "cpu_us": statistics.median(cpu for cpu, _ in samples) * scale,
        "wall_us": statistics.median(wall for _, wall in samples) * scale,
        "calls": calls * SAMPLES,
        "note": operation.note,
    }


PERCENTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99, "p999": 0.999}


def _apart(operation: Operation, quick: bool) -> dict[str, Any]:
    """Each call by itself, in CPU time of this thread and by the clock, their own price included; microseconds."""
    calls = max(10, operation.apart // 20) if quick else operation.apart
    for _ in range(max(1, calls // 20)):
        if not operation.once():
            raise AssertionError(f"{operation.name} does not do what it should")
    taken = [_one(operation.once) for _ in range(calls)]
    each = sorted(_median_of_each([cpu for cpu, _ in taken], operation.in_turn))
    cpu, wall = (sorted(column) for column in zip(*taken, strict=True))
    return {
        "name": operation.name,
        "cpu_us": _at(cpu, 0.50),
        "wall_us": _at(wall, 0.50),
        "cpu_us_at": {name: _at(cpu, share) for name, share in PERCENTILES.items()},
        "wall_us_at": {name: _at(wall, share) for name, share in PERCENTILES.items()},
        "cpu_us_of_each": {name: _at(each, share) for name, share in PERCENTILES.items()} if each else None,
        "different": len(each),
        "calls": calls,
        "note": operation.note,
    }


def _median_of_each(taken: Sequence[int], in_turn: int) -> list[int]:
    return [int(statistics.median(taken[first::in_turn])) for first in range(min(in_turn, len(taken)))]


def _one(once: Callable[[], object]) -> tuple[int, int]:
    wall, cpu = time.perf_counter_ns(), time.thread_time_ns()
    once()
    return time.thread_time_ns() - cpu, time.perf_counter_ns() - wall


def _at(sorted_ns: Sequence[int], share: float) -> float:
    """The value that so large a share of all does not exceed, in microseconds."""
    return sorted_ns[min(len(sorted_ns) - 1, int(share * len(sorted_ns)))] / 1e3


def _calls(operation: Operation, seconds: float) -> int:
    _, wall = _sample(operation.once, 1)
    return max(1, min(100_000, int(seconds / max(wall, 1e-6))))


def _sample(once: Callable[[], object], calls: int) -> tuple[float, float]:
    cpu, wall = time.process_time(), time.perf_counter()  # the writer's thread belongs to the price
    for _ in range(calls):
        once()
    return time.process_time() - cpu, time.perf_counter() - wall


def show(found: Sequence[Mapping[str, Any]]) -> None:
    """The tables."""
    if found:
        table = Table("operation", "CPU µs", "wall µs", "note", title="Micro benchmarks (median)")
        for one in found:
            table.add_row(one["name"], f"{one['cpu_us']:,.1f}", f"{one['wall_us']:,.1f}", one["note"])
        Console(width=120).print(table)
    if apart := [one for one in found if "cpu_us_at" in one]:
        table = Table("timed one by one", "calls", *PERCENTILES, title="CPU µs (wall µs)")
        for one in apart:
            pairs = [f"{one['cpu_us_at'][name]:,.0f} ({one['wall_us_at'][name]:,.0f})" for name in PERCENTILES]
            table.add_row(one["name"], f"{one['calls']:,}", *pairs)
            if one["cpu_us_of_each"]:
                medians = [f"{one['cpu_us_of_each'][name]:,.0f}" for name in PERCENTILES]
                table.add_row("  by the median of each", f"{one['different']:,}", *medians)
        Console(width=120).print(table)
