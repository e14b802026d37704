"""Making every logged decision again, under the rules that held then: each must come out exactly as it was logged."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing import get_context

from exchange.governance.simulation.rules import PastRules
from exchange.store import decisions
from exchange.store.decisions import Period, Written
from kernel.database import Database
from policies import recorded

MOST_NAMED = 1_000
"""Differing decisions that a report names; all of them are counted."""
SMALL = 20_000
"""Entries that one process replays faster than others could start."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of a replay.

    ``differing`` names decisions (request/item) that came out otherwise than logged; ``other_rules`` counts those made
    by a schema or guards other than this software's, which are not compared.
    """

    decisions: int = 0
    agreeing: int = 0
    other_rules: int = 0
    differing: tuple[str, ...] = ()

    @property
    def disagreeing(self) -> int:
        """Decisions that came out otherwise."""
        return self.decisions - self.agreeing - self.other_rules

    def __add__(self, other: Replayed) -> Replayed:
        return Replayed(
            self.decisions + other.decisions,
            self.agreeing + other.agreeing,
            self.other_rules + other.other_rules,
            (*self.differing, *other.differing)[:MOST_NAMED],
        )


def replay(database: Database, url: str, period: Period, processes: int) -> Replayed:
    """Replay the decisions of a period, a long log by so many processes, each with its own connection to ``url``.

    Raises DatabaseUnavailable, InvalidCatalogue, InvalidImage.
    """
    with database.read() as connection:
        found = decisions.span(connection)
    if found is None:
        return Replayed()
    first, last = found
    if processes == 1 or last - first < SMALL:
        return _part(database, first - 1, last, period)
    parts = [(url, start, end, period) for start, end in _split(first - 1, last, processes)]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        return sum(pool.map(_elsewhere, parts), Replayed())


def _split(after: int, last: int, parts: int) -> Iterable[tuple[int, int]]:
    marks = [after + (last - after) * number // parts for number in range(parts + 1)]
    return pairwise(marks)


def _elsewhere(part: tuple[str, int, int, Period]) -> Replayed:
    url, after, last, period = part
    database = Database.open(url, pool_size=1)
    try:
        return _part(database, after, last, period)
    finally:
        database.close()


def _part(database: Database, after: int, last: int, period: Period) -> Replayed:
    with database.read() as connection:
        return recompute(decisions.between(connection, after, last, period), PastRules(connection))


def recompute(logged: Iterable[Written], rules: PastRules) -> Replayed:
    """Make each decision again and compare what it says, to the letter."""
    count = agreeing = other = 0
    differing: list[str] = []
    ours, epoch, retrial = recorded.rules(), (-1, -1), None
    for _, request, item, at, policies, catalogue, theirs, asked, begins, ends, verdict in logged:
        count += 1
        if theirs != ours:
            other += 1
            continue
        if retrial is None or epoch != (policies, catalogue):
            epoch, retrial = (policies, catalogue), recorded.Retrial(rules.image(policies, catalogue))
        if retrial.verdict(asked, at, begins, ends) == verdict:
            agreeing += 1
        elif len(differing) < MOST_NAMED:
            differing.append(f"{request}/{item}")
    return Replayed(count, agreeing, other, tuple(differing))
