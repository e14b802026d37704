"""The laws of the connector port for the file formats beside those of conftest.py."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import pytest

from connectors.kit.bench import COLUMNS, Bench
from connectors.kit.laws import *  # noqa: F403 - the laws are the tests
from tests.contract.connectors.conftest import FileBench, closed
from tests.doubles.drop_folder import fixed_width_bytes

SOME_LAYOUT = {
    "unit": "bytes",
    "columns": [{"name": name, "from": at * 20 + 1, "to": at * 20 + 20} for at, name in enumerate(COLUMNS)],
}


class FixedWidthBench(FileBench):
    """Columns at positions counted in bytes, as wide as the widest value once there are any."""

    def _write(self, folder: Path, rows: Sequence[Sequence[str]]) -> None:
        encoding = self._settings["encoding"]
        widths = [max(len(cell.encode(encoding)) for cell in column) for column in zip(*rows, strict=True)]
        ends = list(itertools.accumulate(widths))
        columns = [
            {"name": name, "from": end - width + 1, "to": end}
            for name, end, width in zip(COLUMNS, ends, widths, strict=True)
        ]
        self._settings = {**self._settings, "layout": {"unit": "bytes", "columns": columns}}
        (folder / "people.txt").write_bytes(fixed_width_bytes(rows[1:], widths, encoding, "bytes"))


class JsonLinesBench(FileBench):
    """One object a line."""

    def _write(self, folder: Path, rows: Sequence[Sequence[str]]) -> None:
        lines = (json.dumps(dict(zip(COLUMNS, row, strict=True)), ensure_ascii=False) for row in rows[1:])
        (folder / "people.jsonl").write_text("".join(f"{line}\n" for line in lines), "utf-8", newline="")


class ParquetBench(FileBench):
    """Columns of text."""

    def _write(self, folder: Path, rows: Sequence[Sequence[str]]) -> None:
        lines = [f"({', '.join(self._quoted(cell) for cell in row)})" for row in rows[1:]]
        values = ", ".join(lines) or "('', '', '', '')"
        names = ", ".join(f'"{name}"' for name in COLUMNS)
        self._copy(folder, f"SELECT * FROM (VALUES {values}) AS t({names}) WHERE {bool(lines)}")

    def _copy(self, folder: Path, query: str) -> None:
        with duckdb.connect(":memory:") as database:
            database.execute(f"COPY ({query}) TO '{folder}/people.parquet' (FORMAT parquet)")

    @staticmethod
    def _quoted(cell: str) -> str:
        return "'" + cell.replace("'", "''") + "'"


FORMATS = {
    "fixed-width": (FixedWidthBench, {"encoding": "gb18030", "layout": SOME_LAYOUT}),
    "json-lines": (JsonLinesBench, {"encoding": "utf-8"}),
    "parquet": (ParquetBench, {}),
}


@pytest.fixture(scope="module", params=FORMATS)
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Overrides the suite's own."""
    made, settings = FORMATS[request.param]
    yield from closed(made({"format": request.param, **settings}, tmp_path_factory.mktemp(request.param)))
