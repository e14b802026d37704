"""Rounds: warm-up, alternation A B A B, what each round cost, and the ratio within each round."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.benchmarks import load, meter
from tests.benchmarks.cases import Case
from tests.benchmarks.contender import Contender, Work
from tests.benchmarks.load import Measured
from tests.benchmarks.processes import Processes

GUESSED_RATE = 3000
"""Requests a second, to begin with, for which single-use values are prepared."""
MARGIN = 1.6
LEAST_RATE = 1000
"""However slow a round was: another may meet a quieter machine."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how often. ``quick`` marks figures that nobody should quote."""

    rounds: int = 5
    seconds: float = 4.0
    warm_up: float = 1.0
    connections: int = 16
    quick: bool = False


QUICK = Plan(rounds=2, seconds=1.0, warm_up=1.0, quick=True)


@dataclass(frozen=True, slots=True)
class Round:
    """One contender's part of one round. ``void`` says why it does not count, "" when it does."""

    measured: Measured
    cpu: float
    pss: int
    void: str

    @property
    def per_core(self) -> float:
        """Completed requests per CPU-second of the server's process tree."""
        return self.measured.requests / self.cpu if self.cpu > 0 else 0.0

    @property
    def rps(self) -> float:
        """Completed requests per second of wall-clock time."""
        return self.measured.requests / self.measured.seconds if self.measured.seconds else 0.0


@dataclass(frozen=True, slots=True)
class Spread:
    """Smallest, middle and largest of some figures."""

    low: float
    middle: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread | None:
        """None of no values."""
        return cls(min(values), statistics.median(values), max(values)) if values else None

    def verdict(self, goal: float | None) -> str:
        """Whether a goal is reached; undecided when the spread straddles it, "" without one."""
        if goal is None:
            return ""
        if self.low >= goal:
            return "reached"
        return "missed" if self.high < goal else "undecided"


@dataclass(frozen=True, slots=True)
class Result:
    """One case: all rounds of ours and of the peer's (empty when it did not run, for ``reason``)."""

    case: Case
    subject: tuple[Round, ...]
    peer: tuple[Round, ...]
    reason: str = ""

    def per_core(self, side: str) -> Spread | None:
        """Requests per CPU-second over the rounds that count."""
        return Spread.of([one.per_core for one in getattr(self, side) if not one.void])

    def ratio(self) -> Spread | None:
        """Ours to the peer's, taken within each round in which both count."""
        return Spread.of(ratios(self.subject, self.peer))


def ratios(subject: Sequence[Round], peer: Sequence[Round]) -> list[float]:
    """One ratio a round; a round that is void on either side has none."""
    pairs = [(ours, theirs) for ours, theirs in zip(subject, peer, strict=False) if not ours.void and not theirs.void]
    return [ours.per_core / theirs.per_core for ours, theirs in pairs if theirs.per_core > 0]


Say = Callable[[str], None]


class Runner:
    """Runs cases over contenders that are already started."""

    def __init__(self, processes: Processes, plan: Plan, say: Say) -> None:
        """``say`` gets one line for each thing that happens."""
        self._processes, self._plan, self._say = processes, plan, say
        self._rates: dict[str, float] = {}

    def run(self, case: Case, subject: Contender, peer: Contender | None, reason: str = "") -> Result:
        """Check that every answer is right, then alternate. Raises CheckFailed."""
        sides: Mapping[str, tuple[Contender, Work]] = {
            role: (side, side.works()[case.key])
            for role, side in (("subject", subject), ("peer", peer))
            if side is not None
        }
        for _, work in sides.values():
            work.check()
        rounds: dict[str, list[Round]] = {"subject": [], "peer": []}
        for number in range(self._plan.rounds):
            for role, (side, work) in sides.items():
                done = self._round(side, work)
                rounds[role].append(done)
                self._say(_line(case, number, side, done))
        return Result(case, tuple(rounds["subject"]), tuple(rounds["peer"]), reason)

    def _round(self, side: Contender, work: Work) -> Round:
        roots = [self._processes.pid(name) for name in side.programs()]
        self._load(side, work, self._plan.warm_up)
        recorded = work.recorded() if work.recorded else 0
        prepared = self._prepared(side, work, self._plan.seconds)
        before = meter.cpu_seconds(roots)
        measured = load.run(
            prepared[0], seconds=self._plan.seconds, connections=self._plan.connections, once=prepared[1]
        )
        cpu = meter.cpu_seconds(roots) - before
        self._rates[side.name] = max(measured.requests / measured.seconds, self._rates.get(side.name, LEAST_RATE))
        kept = work.recorded() - recorded if work.recorded else measured.requests
        return Round(measured, cpu, meter.pss_bytes(roots), void(measured, kept))

    def _load(self, side: Contender, work: Work, seconds: float) -> None:
        request, once = self._prepared(side, work, seconds)
        load.run(request, seconds=seconds, connections=self._plan.connections, once=once)

    def _prepared(self, side: Contender, work: Work, seconds: float) -> tuple[load.Request, Sequence[str]]:
        """A new request, with as many single-use values as may be needed: never one twice."""
        request = work.request()
        if work.once is None:
            return request, ()
        count = int(self._rates.get(side.name, GUESSED_RATE) * max(seconds, 1.0) * MARGIN) + self._plan.connections
        return request, work.once(request, count)


def void(measured: Measured, recorded: int) -> str:
    """Why a round does not count; "" when it does."""
    if measured.errors:
        named = ("status", "connect", "read", "write", "timeout", "wrong", "exhausted")
        return ", ".join(f"{name} {getattr(measured, name)}" for name in named if getattr(measured, name))
    if recorded < measured.requests:
        return f"only {recorded} durable records of {measured.requests} answers"
    return "" if measured.requests else "no request was completed"


def _line(case: Case, number: int, side: Contender, done: Round) -> str:
    bound = " client-bound" if done.measured.client_bound else ""
    state = f"VOID: {done.void}" if done.void else f"p99 {done.measured.p99_ms:.1f} ms{bound}"
    return f"  {case.name} round {number + 1} {side.name}: {done.per_core:,.0f} /core, {done.rps:,.0f} rps, {state}"
