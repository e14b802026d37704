"""``--beside-sources``: one look-up as a plain call to its source, and the same governed; in turn, by one caller.

The sources are the department's HTTP service and an SQLite database. A call's CPU time is that of everything that
takes part in it: the caller, the source, and for a governed call the exchange with its durable ledger (SQLite FULL).
Every answer is checked.
"""

from __future__ import annotations

import http.client
import json
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks import meter
from tests.benchmarks.contender import require
from tests.benchmarks.exchange import TongbanExchange
from tests.benchmarks.load import Request
from tests.benchmarks.processes import LOAD_CORE, Processes, can_pin
from tests.benchmarks.runner import Spread
from tests.benchmarks.source import FIELDS, RECORD
from tests.benchmarks.world import EVIDENCE, GRANTED, PERSON, ROWS, TABLE

ROUNDS, CALLS, PLAIN_CALLS = 7, 400, 4000
"""A plain call is so short that CPU time, which is told in hundredths of a second, needs many of them."""
PEOPLE = 100_000


@dataclass(frozen=True, slots=True)
class Side:
    """A way to look a record up: ``begin`` makes the call of a round, ``programs`` are the others that work for it."""

    name: str
    begin: Callable[[], Callable[[], object]]
    programs: Sequence[str]
    calls: int


@dataclass(frozen=True, slots=True)
class Taken:
    """One round of one side: milliseconds by the clock, and CPU microseconds a call."""

    p50: float
    p99: float
    cpu: float


def run(quick: bool) -> dict[str, Any]:
    """Start everything, alternate, and say what each cost and how much dearer governed is."""
    with tempfile.TemporaryDirectory(prefix="tongban-beside-") as folder, Processes(Path(folder) / "logs") as processes:
        rows = filled(Path(folder) / "register.sqlite3")
        exchange = TongbanExchange(grants=1, rows=rows)
        exchange.start(processes, Path(folder))
        with closing(sqlite3.connect(rows)) as database, on_one_core():
            sides = sides_of(exchange, database)
            rounds = [
                {side.name: timed(side, processes, side.calls // 20 if quick else side.calls) for side in sides}
                for _ in range(2 if quick else ROUNDS)
            ]
    told = summary(rounds)
    show(told)
    return told | {"rounds": [{name: [one.p50, one.p99, one.cpu] for name, one in each.items()} for each in rounds]}


def sides_of(exchange: TongbanExchange, database: sqlite3.Connection) -> tuple[Side, ...]:
    """Each source, plain and governed."""
    columns = ", ".join(GRANTED)
    statement = f"SELECT {columns} FROM {TABLE} WHERE subject = ?"
    expected = tuple(RECORD[name] for name in GRANTED)
    asked = json.dumps({"subject": PERSON}).encode()
    plain = Request(exchange.source_port, "POST", "/records", (("Content-Type", "application/json"),), asked)

    def row() -> object:
        return require(database.execute(statement, (PERSON,)).fetchone() == expected, "another row came")

    def of_service(answer: Any) -> None:
        require(answer == RECORD, "another record came")

    own, source = ("tongban-exchange",), ("source",)
    return (
        Side("service, plain", lambda: caller(plain, of_service), source, PLAIN_CALLS),
        Side(
            "service, governed",
            lambda: caller(exchange.governed(EVIDENCE), exchange.check_governed),
            (*own, *source),
            CALLS,
        ),
        Side("database, plain", lambda: row, (), PLAIN_CALLS),
        Side("database, governed", lambda: caller(exchange.governed(ROWS), exchange.check_governed), own, CALLS),
    )


def caller(request: Request, check: Callable[[Any], object]) -> Callable[[], object]:
    """One call over a connection that is kept, its answer parsed and checked."""
    connection = http.client.HTTPConnection("127.0.0.1", request.port, timeout=20)

    def once() -> object:
        connection.request(request.method, request.path, request.body, dict(request.headers))
        answer = connection.getresponse()
        body = answer.read()
        require(answer.status == 200, f"{request.path} answered {answer.status}: {body[:300]!r}")
        return check(json.loads(body))

    return once


def timed(side: Side, processes: Processes, calls: int) -> Taken:
    """One round: a few calls to warm up, then each by itself."""
    once = side.begin()
    for _ in range(max(5, calls // 20)):
        once()
    roots = [processes.pid(name) for name in side.programs]
    before, own = meter.cpu_seconds(roots), time.thread_time()
    taken = []
    for _ in range(calls):
        began = time.perf_counter()
        once()
        taken.append(time.perf_counter() - began)
    cpu = time.thread_time() - own + meter.cpu_seconds(roots) - before
    taken.sort()
    return Taken(taken[calls // 2] * 1e3, taken[min(calls - 1, calls * 99 // 100)] * 1e3, cpu / calls * 1e6)


def summary(rounds: Sequence[Mapping[str, Taken]]) -> dict[str, Any]:
    """Medians of the rounds, and how many times dearer governed is, taken within each round."""
    sides = {
        name: {what: _middle([getattr(one[name], what) for one in rounds]) for what in ("p50", "p99", "cpu")}
        for name in rounds[0]
    }
    ratios = {
        source: {
            what: _spread(
                [getattr(one[f"{source}, governed"], what) / getattr(one[f"{source}, plain"], what) for one in rounds]
            )
            for what in ("p50", "p99", "cpu")
        }
        for source in ("service", "database")
    }
    return {"sides": sides, "ratios": ratios}


def _middle(values: Sequence[float]) -> float:
    return _spread(values)[1]


def _spread(values: Sequence[float]) -> list[float]:
    found = Spread.of(values)
    assert found is not None
    return [found.low, found.middle, found.high]


def show(told: Mapping[str, Any]) -> None:
    """The two tables."""
    table = Table("call", "p50 ms", "p99 ms", "CPU µs", title="One look-up, one caller (medians of the rounds)")
    for name, one in told["sides"].items():
        table.add_row(name, f"{one['p50']:.2f}", f"{one['p99']:.2f}", f"{one['cpu']:,.0f}")
    ratio = Table("governed to plain", "p50", "p99", "CPU", title="min / median / max of the rounds")
    for source, one in told["ratios"].items():
        ratio.add_row(source, *(" / ".join(f"{value:,.0f}" for value in one[what]) for what in ("p50", "p99", "cpu")))
    Console(width=120).print(table, ratio)


def filled(path: Path, people: int = PEOPLE) -> Path:
    """An SQLite database of so many people, one of them the person asked about, found by their number."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            f"CREATE TABLE {TABLE} (subject TEXT PRIMARY KEY, {', '.join(f'{name} TEXT' for name in FIELDS)})"
        )
        others = ((f"other-{number}", *RECORD.values()) for number in range(people))
        places = ", ".join("?" * (1 + len(FIELDS)))
        insert = f"INSERT INTO {TABLE} VALUES ({places})"
        database.executemany(insert, others)
        database.execute(insert, (PERSON, *RECORD.values()))
    return path


@contextmanager
def on_one_core() -> Iterator[None]:
    """The caller beside the source, away from the exchange, as the load generator is."""
    before = os.sched_getaffinity(0)
    if can_pin():
        os.sched_setaffinity(0, {LOAD_CORE})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
