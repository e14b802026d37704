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
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

SAMPLES = 7


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing to be timed. ``once`` does it and returns whether it was right; ``units`` is how much one call does."""

    name: str
    once: Callable[[], object]
    units: int = 1
    note: str = ""


Group = Callable[[Path, ExitStack], Iterator[Operation]]


def groups() -> tuple[Group, ...]:
    """Every group; imported late, since each brings the rooms that it measures."""
    from tests.benchmarks.micro import databases, ledgers, policy, proofs, search, signatures

    return (
        signatures.operations,
        policy.operations,
        proofs.operations,
        databases.operations,
        ledgers.operations,
        search.operations,
    )


def run(quick: bool) -> list[dict[str, Any]]:
    """Every operation, with a time budget each."""
    found: list[dict[str, Any]] = []
    for group in groups():
        with tempfile.TemporaryDirectory(prefix="tongban-micro-") as folder, ExitStack() as stack:
            found += [timed(operation, 0.05 if quick else 0.4) for operation in group(Path(folder), stack)]
    return found


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


def _calls(operation: Operation, seconds: float) -> int:
    _, wall = _sample(operation.once, 1)
    return max(1, min(100_000, int(seconds / max(wall, 1e-6))))


def _sample(once: Callable[[], object], calls: int) -> tuple[float, float]:
    cpu, wall = time.process_time(), time.perf_counter()  # the writer's thread belongs to the price
    for _ in range(calls):
        once()
    return time.process_time() - cpu, time.perf_counter() - wall


def show(found: Sequence[Mapping[str, Any]]) -> None:
    """The table."""
    if found:
        table = Table("operation", "CPU µs", "wall µs", "note", title="Micro benchmarks (median)")
        for one in found:
            table.add_row(one["name"], f"{one['cpu_us']:,.1f}", f"{one['wall_us']:,.1f}", one["note"])
        Console(width=120).print(table)
