"""``--hanging``: what a look-up in one source costs while ten others hang, beside the same while none does.

A hundred healthy sources over HTTP, as the exchange opens them, and ten that never answer: five over HTTP, whose
adapter keeps its deadline, and five directories, whose calls the source's own threads carry. Ten callers ask those,
each until the deadline and then again; their breakers are kept from opening, since the question is what the waiting
itself costs the others. Meanwhile one caller times look-ups in the healthy ones, one by one. Rounds of both kinds,
and of a second measurement without any that hangs, follow one another in changing order, so that whatever else the
machine does meets all three; the second one says how far the machine differs from itself. The healthy service is
another process, and the silent one a queue of the kernel's that nobody takes connections from, so that nothing but
our own code shares the interpreter with the caller.
"""

from __future__ import annotations

import itertools
import random
import resource
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from connectors.errors import SourceTimedOut
from connectors.kit.bench import source
from connectors.source import Source
from tests.benchmarks.beside_sources import on_one_core
from tests.benchmarks.contender import require
from tests.benchmarks.processes import LOAD_CORE, Processes, Program, free_ports
from tests.benchmarks.source import RECORD
from tests.doubles.connectors import retrieve

SOURCES, HANGING = 100, 10
GOAL = 1.05
"""At most so many times as long where ten others hang."""
ROUNDS, SECONDS = 40, 1.2
"""Of each condition within a round; longer than the deadline, so that every caller gives up and asks again in it."""
RESAMPLED = 4000
QUIET, HANG, AGAIN = "none hangs", f"{HANGING} hang", "none hangs, again"
"""What a round measures: the third is the first once more."""
LIMITS = {"failures": 1000, "deadline_ms": 1000}
FIELD = next(iter(RECORD))


@dataclass(frozen=True, slots=True)
class Phase:
    """Look-ups of one round under one condition: median and 95th percentile by the clock and the median in CPU time of
    the caller, µs; switches of its thread per look-up, and the CPU time of all other threads here, in ms per second.
    """

    wall: float
    p95: float
    cpu: float
    switches: float
    others: float


def run(quick: bool) -> dict[str, Any]:
    """Start everything, alternate, and say how much longer a look-up takes."""
    with tempfile.TemporaryDirectory(prefix="tongban-hanging-") as folder, ExitStack() as stack:
        processes = stack.enter_context(Processes(Path(folder)))
        (port,) = free_ports(1)
        words = (sys.executable, "-m", "tests.benchmarks.source", str(port))
        processes.start(Program("source", words, f"http://127.0.0.1:{port}/records", core=LOAD_CORE))
        stack.enter_context(on_one_core())
        healthy = [opened(stack, port) for _ in range(SOURCES)]
        silent = stack.enter_context(silence())
        silent_port = silent.getsockname()[1]
        stuck = [open_one(stack, silent_port) for open_one in (opened, directory) for _ in range(HANGING // 2)]
        callers = stack.enter_context(waiting(stuck, silent))
        rounds = list(measured(healthy, callers, 2 if quick else ROUNDS, SECONDS))
    told = summary(rounds, random.Random(1))
    show(told)
    return told | {"rounds": [{name: vars_of(phase) for name, phase in one.items()} for one in rounds]}


def opened(stack: ExitStack, port: int) -> Source:
    """A source over HTTP on this port of loopback."""
    settings = {"url": f"http://127.0.0.1:{port}/records", "body": {"id": "{subject}"}}
    return stack.enter_context(source("rest", settings, {"name": {"path": FIELD}}, limits=LIMITS))


def directory(stack: ExitStack, port: int) -> Source:
    """A directory on this port."""
    settings = {"url": f"ldap://127.0.0.1:{port}", "anonymous": True, "base": "dc=demo", "subject_attribute": "uid"}
    return stack.enter_context(source("ldap", settings, ["cn"], limits=LIMITS))


@contextmanager
def silence() -> Iterator[socket.socket]:
    """A port on which connections are made and nobody ever says anything."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as silent:
        silent.setblocking(False)
        yield silent


class Callers:
    """One for each source that hangs: they ask while they are told to."""

    def __init__(self, stuck: Sequence[Source], silent: socket.socket) -> None:
        self._silent = silent
        self._asks, self._over = threading.Event(), threading.Event()
        self._idle = threading.Semaphore(0)
        self.given_up = 0
        self._threads = [threading.Thread(target=self._ask, args=(one,), daemon=True) for one in stuck]
        for each in self._threads:
            each.start()

    @contextmanager
    def asking(self) -> Iterator[None]:
        """They ask meanwhile; afterwards none of them waits for anything any more."""
        self._asks.set()
        time.sleep(0.05)  # they have begun by then
        try:
            yield
        finally:
            self._asks.clear()
            for _ in self._threads:
                self._idle.acquire()
            with suppress(BlockingIOError):  # those that were given up leave their places in the queue
                while True:
                    self._silent.accept()[0].close()

    def close(self) -> None:
        """End them."""
        self._over.set()
        self._asks.set()
        for each in self._threads:
            each.join(timeout=5)

    def _ask(self, one: Source) -> None:
        while True:
            self._asks.wait()
            if self._over.is_set():
                return
            while self._asks.is_set():
                try:
                    retrieve(one)
                except SourceTimedOut:
                    self.given_up += 1  # told for a check alone: one more or less is no matter
            self._idle.release()


@contextmanager
def waiting(stuck: Sequence[Source], silent: socket.socket) -> Iterator[Callers]:
    """Callers of these sources, who ask nothing yet."""
    callers = Callers(stuck, silent)
    try:
        yield callers
    finally:
        callers.close()


def measured(healthy: Sequence[Source], callers: Callers, rounds: int, seconds: float) -> Iterator[Mapping[str, Phase]]:
    """Every round: the three in an order of its own."""
    turn = itertools.cycle(healthy)

    def once() -> None:
        require(retrieve(next(turn)).values == {"name": RECORD[FIELD]}, "another record came")

    for _ in range(2 * SOURCES):  # every source has its connection
        once()
    orders = itertools.cycle(itertools.permutations((QUIET, HANG, AGAIN)))
    for _, order in zip(range(rounds), orders, strict=False):
        found: dict[str, Phase] = {}
        for name in order:
            with ExitStack() as stack:
                if name == HANG:
                    stack.enter_context(callers.asking())
                before = callers.given_up
                found[name] = timed(once, seconds)
                asked = callers.given_up - before
                require((asked >= HANGING // 2) == (name == HANG), f"{asked} look-ups hung while {name}")
        yield found


def timed(once: Callable[[], None], seconds: float) -> Phase:
    """Calls one by one for so long, after a few that do not count."""
    for _ in range(20):
        once()
    taken: list[tuple[int, int]] = []
    began, all_cpu, own_cpu = time.perf_counter(), time.process_time(), time.thread_time()
    before = resource.getrusage(resource.RUSAGE_THREAD)
    while time.perf_counter() - began < seconds:
        wall, cpu = time.perf_counter_ns(), time.thread_time_ns()
        once()
        taken.append((time.perf_counter_ns() - wall, time.thread_time_ns() - cpu))
    after = resource.getrusage(resource.RUSAGE_THREAD)
    lasted = time.perf_counter() - began
    others = (time.process_time() - all_cpu) - (time.thread_time() - own_cpu)
    switches = after.ru_nvcsw + after.ru_nivcsw - before.ru_nvcsw - before.ru_nivcsw
    walls, cpus = (sorted(column) for column in zip(*taken, strict=True))
    return Phase(
        wall=statistics.median(walls) / 1e3,
        p95=walls[len(walls) * 95 // 100] / 1e3,
        cpu=statistics.median(cpus) / 1e3,
        switches=switches / len(taken),
        others=max(0.0, others) * 1e3 / lasted,
    )


def summary(rounds: Sequence[Mapping[str, Phase]], dice: random.Random) -> dict[str, Any]:
    """Medians of the rounds, the ratios within each round, and whether the goal is reached."""
    phases = {
        name: {what: statistics.median(getattr(one[name], what) for one in rounds) for what in Phase.__slots__}
        for name in (QUIET, HANG, AGAIN)
    }
    ratios = {
        what: {
            "beside ten that hang": interval([beside(one, what) for one in rounds], dice),
            "beside none, once more": interval(
                [getattr(one[AGAIN], what) / getattr(one[QUIET], what) for one in rounds], dice
            ),
        }
        for what in ("wall", "p95", "cpu")
    }
    return {
        "phases": phases,
        "ratios": ratios,
        "goal": GOAL,
        "verdict": verdict(*ratios["wall"].values()),
    }


def beside(one: Mapping[str, Phase], what: str) -> float:
    """How many times as long within one round, by the mean of its two measurements without any that hangs."""
    quiet: float = (getattr(one[QUIET], what) + getattr(one[AGAIN], what)) / 2
    found: float = getattr(one[HANG], what) / quiet
    return found


def interval(ratios: Sequence[float], dice: random.Random) -> list[float]:
    """The median of the rounds' ratios, between the bounds of its 95 % bootstrap interval: low, median, high."""
    medians = sorted(statistics.median(dice.choices(ratios, k=len(ratios))) for _ in range(RESAMPLED))
    low, high = medians[int(0.025 * RESAMPLED)], medians[int(0.975 * RESAMPLED) - 1]
    return [low, statistics.median(ratios), high]


def verdict(found: Sequence[float], control: Sequence[float]) -> str:
    """Whether the goal is reached by the whole interval; undecided where it lies within.

    Undecided also where the machine's difference from itself (``control``) is as large as what is looked for.
    """
    low, _, high = found
    if not 1 / GOAL <= control[0] <= control[-1] <= GOAL:
        return "undecided"
    if high <= GOAL:
        return "reached"
    return "missed" if low > GOAL else "undecided"


def vars_of(phase: Phase) -> dict[str, float]:
    """The figures of a phase by name."""
    return {name: getattr(phase, name) for name in Phase.__slots__}


def show(told: Mapping[str, Any]) -> None:
    """The two tables."""
    table = Table(
        "a look-up while", "p50 µs", "p95 µs", "CPU µs", "switches", "others' CPU ms/s", title="medians of the rounds"
    )
    for name, one in told["phases"].items():
        table.add_row(name, *(f"{one[what]:,.1f}" for what in Phase.__slots__))
    ratio = Table("times as long", "p50", "p95", "CPU", title="95 % interval of the median, bootstrapped")
    for name in told["ratios"]["wall"]:
        shown = (" / ".join(f"{value:.3f}" for value in told["ratios"][what][name]) for what in ("wall", "p95", "cpu"))
        ratio.add_row(name, *shown)
    Console(width=120).print(table, ratio, f"at most {GOAL:g} times as long (p50 by the clock): {told['verdict']}")
