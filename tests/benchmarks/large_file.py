"""``--large-file``: a look-up in ten million rows of a CSV file, beside the same rows in SQLite and DuckDB tables.

The file is read as a drop is read, in a process of its own, whose memory is told. Then 20,000 people, and some whom
nobody knows, are looked up one by one, on a page cache that holds what was just written. Every answer is checked.
"""

from __future__ import annotations

import csv
import json
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb

from connectors.base import Query
from connectors.kit.bench import manifest
from connectors.registry import build
from connectors.source import Source
from kernel.clock import SystemClock
from kernel.identifiers.subject import SubjectRef

ROWS, LOOK_UPS, SCANS = 10_000_000, 20_000, 5
_STEP = 7_654_321
"""Prime to the number of rows: neighbours in the file are no neighbours by number."""
COLUMNS = ("id", "name", "born", "address", "until")


def run(quick: bool) -> dict[str, Any]:
    """Make the file, index it, look people up in every way. Raises AssertionError for a wrong answer."""
    rows = 100_000 if quick else ROWS
    told: dict[str, Any] = {"rows": rows}
    with tempfile.TemporaryDirectory(prefix="tongban-large-") as made:
        folder = Path(made)
        (folder / "drop").mkdir()
        path = folder / "drop" / "people.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerow(COLUMNS)
            csv.writer(file).writerows(_rows(rows))
        told["file_bytes"] = path.stat().st_size
        built = subprocess.run([sys.executable, "-m", __name__, made, str(rows)], check=True, capture_output=True)
        told["index"] = json.loads(built.stdout)
        wanted = [_row(number, rows) for number in random.Random(7).sample(range(rows), min(rows // 2, LOOK_UPS))]
        told["look_ups"] = [*_ours(folder, rows, wanted), *_sqlite(folder, rows, wanted), *_duckdb(folder, wanted)]
    show(told)
    return told


def _rows(rows: int) -> Iterator[Sequence[str]]:
    return (_row(number, rows) for number in range(rows))


def _row(number: int, rows: int) -> tuple[str, ...]:
    """Somebody invented, of the division that is assigned to nobody."""
    who = number * _STEP % rows
    born = f"{1940 + who % 80}{who % 12 + 1:02d}{who % 28 + 1:02d}"
    return (f"500199{who:012d}", f"演示{who % 9973:04d}", born, f"演示区沙箱路 {who % 4999} 号", "20361231")


def _opened(folder: Path, rows: int) -> Source:
    where = {"folder": str(folder / "drop"), "pattern": "people.csv", "format": "csv", "encoding": "utf-8"}
    sized = {"subject_column": "id", "max_rows": rows, "max_file_bytes": 10_000_000_000}
    fields = {name: {"column": name} for name in COLUMNS[1:]}
    described = manifest("files", {**where, **sized}, {"fields": fields})
    clock = SystemClock()
    return build(described, secrets={}.__getitem__, roots=[folder], clock=clock, cache=folder / "cache")


def _index(folder: Path, rows: int) -> dict[str, Any]:
    """Read the file as a drop is read; in a process that does nothing else."""
    before, memory, began = resource.getrusage(resource.RUSAGE_SELF), _peak_memory(), time.perf_counter()
    with _opened(folder, rows) as source:
        connector: Any = source._connector
        connector._shelf._wait(3600.0)
        edition = connector._shelf.current(1.0)
    used = resource.getrusage(resource.RUSAGE_SELF)
    assert edition.current.rows == rows
    return {
        "wall_s": time.perf_counter() - began,
        "cpu_s": used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime,
        "memory_before_bytes": memory,
        "memory_peak_bytes": _peak_memory(),
        "bytes": sum(path.stat().st_size for path in (folder / "cache" / "people").glob("*.sqlite3")),
    }


def _peak_memory() -> int:
    """Bytes that this program has had resident at most (proc(5)); what getrusage says includes who started it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM"))


Find = Callable[[str], tuple[Any, ...] | None]


def _ours(folder: Path, rows: int, wanted: Sequence[tuple[str, ...]]) -> list[dict[str, Any]]:
    """Through the source with all its limits, as the exchange asks; and the connector alone."""
    with _opened(folder, rows) as source:
        connector: Any = source._connector
        began = time.perf_counter()
        connector._shelf._wait(60.0)
        opened = time.perf_counter() - began

        def whole(number: str) -> tuple[Any, ...] | None:
            values = source.retrieve(Query(SubjectRef("citizen-number", number))).values
            return tuple(values[name] for name in COLUMNS[1:]) if values else None

        def alone(number: str) -> tuple[Any, ...] | None:
            records = connector.fetch(Query(SubjectRef("citizen-number", number)))
            return tuple(records[0].values[name] for name in COLUMNS[1:]) if records else None

        told = [_timed("files connector: the source as the exchange asks it", whole, wanted)]
        told += [_timed("files connector: the adapter alone", alone, wanted)]
    return [{**each, "opened_s": opened} for each in told]


_SELECT = "SELECT name, born, address, until FROM people WHERE id = ?"


def _sqlite(folder: Path, rows: int, wanted: Sequence[tuple[str, ...]]) -> list[dict[str, Any]]:
    began = time.perf_counter()
    with closing(sqlite3.connect(folder / "plain.sqlite3", isolation_level=None)) as database:
        for statement in ("PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF", "BEGIN"):
            database.execute(statement)
        database.execute("CREATE TABLE people (id TEXT, name TEXT, born TEXT, address TEXT, until TEXT)")
        database.executemany("INSERT INTO people VALUES (?, ?, ?, ?, ?)", _rows(rows))
        database.execute("CREATE INDEX by_id ON people (id)")
        database.execute("COMMIT")
        made = time.perf_counter() - began
        find: Find = lambda number: database.execute(_SELECT, (number,)).fetchone()  # noqa: E731
        return [{**_timed("plain SQLite: a table with an index", find, wanted), "made_s": made}]


def _duckdb(folder: Path, wanted: Sequence[tuple[str, ...]]) -> list[dict[str, Any]]:
    began = time.perf_counter()
    config = {"threads": "1", "memory_limit": "6GB", "temp_directory": str(folder / "spill")}
    source = f"read_csv('{folder}/drop/people.csv', header = true, all_varchar = true)"
    with duckdb.connect(str(folder / "plain.duckdb"), config=dict(config)) as database:
        database.execute(f"CREATE TABLE people AS SELECT * FROM {source}")
        scan: Find = lambda number: database.execute(_SELECT, (number,)).fetchone()  # noqa: E731
        scanned = _timed("plain DuckDB: a table without an index", scan, wanted[:SCANS])
        database.execute(f"COPY people TO '{folder}/people.parquet' (FORMAT parquet)")
        parquet = _SELECT.replace("people", f"'{folder}/people.parquet'")
        over: Find = lambda number: database.execute(parquet, (number,)).fetchone()  # noqa: E731
        file = _timed("plain DuckDB: the rows as a Parquet file", over, wanted[:SCANS])
        database.execute("CREATE INDEX by_id ON people (id)")
        made = time.perf_counter() - began
        indexed = _timed("plain DuckDB: a table with an index", scan, wanted[: LOOK_UPS // 10])
    return [{**indexed, "made_s": made}, scanned, file]


def _timed(name: str, find: Find, wanted: Sequence[tuple[str, ...]]) -> dict[str, Any]:
    """Each look-up by itself; one in ten is about somebody whom nobody knows."""
    taken = []
    for at, (number, *values) in enumerate(wanted):
        known = at % 10 != 9
        asked = number if known else f"500198{number[6:]}"
        began, used = time.perf_counter_ns(), time.process_time_ns()
        found = find(asked)
        taken.append((time.perf_counter_ns() - began, time.process_time_ns() - used))
        assert found == (tuple(values) if known else None)
    wall, cpu = (sorted(column) for column in zip(*taken, strict=True))
    return {"name": name, "calls": len(taken), "wall_us": _shares(wall), "cpu_us": _shares(cpu)}


def _shares(taken: Sequence[int]) -> dict[str, float]:
    """What so large a share of them does not exceed, in microseconds."""
    return {f"p{share}": taken[min(len(taken) - 1, len(taken) * share // 100)] / 1e3 for share in (50, 95, 99)}


def show(told: dict[str, Any]) -> None:
    """What was measured."""
    index = told["index"]
    print(f"{told['rows']:,} rows, {told['file_bytes'] / 1e6:,.0f} MB; index {index['bytes'] / 1e6:,.0f} MB")
    print(f"made in {index['wall_s']:.0f} s, {index['cpu_s']:.0f} s of CPU")
    print(
        f"memory {index['memory_before_bytes'] / 1e6:.0f} MB before, at most {index['memory_peak_bytes'] / 1e6:.0f} MB"
    )
    for one in told["look_ups"]:
        made = f", made in {one['made_s']:.0f} s" if "made_s" in one else ""
        times = ", ".join(f"{name} {value:,.0f} ({one['cpu_us'][name]:,.0f})" for name, value in one["wall_us"].items())
        print(f"{one['name']}: {one['calls']:,} look-ups, µs (of CPU): {times}{made}", flush=True)


if __name__ == "__main__":
    print(json.dumps(_index(Path(sys.argv[1]), int(sys.argv[2]))))
