"""Rows of a Parquet file, read by DuckDB in a cage: one thread, little memory, no other file, no network, no extension.

What the file and its pages say about their size is checked before anything is unpacked; DuckDB gives a page no more
room than its header says. Rows that are longer than all that meet the limit of the index (attack case K3).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import orjson

from connectors.base import Raw
from connectors.parquet.pages import Chunk, TooMuch, check
from connectors.raw_json import packed

MOST_LINE_BYTES = 1 << 20
"""Of a row as it is written out: as of a line of text; no record is longer."""
_MOST_CELL_BYTES = 1 << 17
"""As of a CSV cell. A dictionary can say one long text a million times in a few bytes."""
_AS_THEY_ARE = frozenset(
    {"VARCHAR", "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "DATE", "TIMESTAMP", "DECIMAL"}
)
"""Kinds whose values Python has as the port has them."""
_AT_ONCE = 200
_CAGE: Mapping[str, str] = {
    "threads": "1",
    "memory_limit": "512MB",
    "max_temp_directory_size": "0KiB",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
}
_CHUNKS = """SELECT coalesce(CASE WHEN dictionary_page_offset >= 4 THEN dictionary_page_offset END, data_page_offset),
    greatest(num_values, row_group_num_rows), total_uncompressed_size FROM parquet_metadata(?)"""
"""A reader begins at the dictionary where the footer names one, and reads until a group of rows is whole."""
_TOO_LONG = "tongban-cell-too-long"


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted of a file.

    Attributes:
        descriptor: of the file, opened for reading.
        needed: names of columns; None for all.
        most_rows: of the file, more than which are refused; with `first_only`, so many are read and the rest is left.
        most_bytes: of the file once it is unpacked.
    """

    descriptor: int
    needed: Sequence[str] | None
    most_rows: int
    most_bytes: int
    first_only: bool


class Refused(Exception):
    """The file cannot be used; the text is a short reason: `rows`, `expanded`, `pages`, `long`."""


def read(order: Order) -> Generator[list[bytes]]:
    """One line of every column with its kind in DuckDB's words; then rows, some at a time, of the needed columns.

    Where one of these is missing there are no rows. Raises: Refused, and anything else for a file that is broken.
    """
    with _caged(order.descriptor) as (database, path):
        _check(database, path, order)
        described = database.execute("DESCRIBE SELECT * FROM read_parquet(?)", [path]).fetchall()
        kinds = {str(name): str(kind) for name, kind, *_ in described}
        yield [orjson.dumps([*kinds.items()])]
        names = [*kinds] if order.needed is None else order.needed
        if kinds.keys() >= set(names):
            yield from _rows(database, path, [(name, kinds[name]) for name in names], order)


def path_of(descriptor: int) -> str:
    """What an open file is called."""
    return f"/dev/fd/{descriptor}"


@contextmanager
def _caged(descriptor: int) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """A database that reads this file and nothing else, and what it calls it."""
    try:
        with duckdb.connect(":memory:", config=dict(_CAGE)) as database:
            path = path_of(descriptor)
            database.execute("SET allowed_paths = ?", [[path]])
            database.execute("SET enable_external_access = false")
            database.execute("SET lock_configuration = true")
            yield database, path
    except (duckdb.OutOfMemoryException, MemoryError):
        raise Refused("expanded") from None
    except TooMuch as more:
        raise Refused(str(more)) from None
    except duckdb.Error as error:
        if _TOO_LONG in str(error):
            raise Refused("long") from None
        raise


def _check(database: duckdb.DuckDBPyConnection, path: str, order: Order) -> None:
    found = database.execute("SELECT num_rows FROM parquet_file_metadata(?)", [path]).fetchone()
    if not order.first_only and (found is None or found[0] > order.most_rows):
        raise Refused("rows")
    check(order.descriptor, _chunks(database, path), order.most_bytes)


def _chunks(database: duckdb.DuckDBPyConnection, path: str) -> Iterator[Chunk]:
    listed = database.execute(_CHUNKS, [path])
    while some := listed.fetchmany(_AT_ONCE):
        yield from (Chunk(*each) for each in some)


def _rows(
    database: duckdb.DuckDBPyConnection, path: str, columns: Sequence[tuple[str, str]], order: Order
) -> Generator[list[bytes]]:
    listed = ", ".join(_bounded(name, kind) for name, kind in columns)
    limit = f" LIMIT {order.most_rows:d}" if order.first_only else ""
    answer = database.execute(f"SELECT {listed} FROM read_parquet(?){limit}", [path])  # noqa: S608 - names are quoted
    others = [at for at, (_, kind) in enumerate(columns) if kind.partition("(")[0] not in _AS_THEY_ARE]
    while some := answer.fetchmany(_AT_ONCE):
        lines = [packed(_raws(row, others)) for row in some]
        if max(map(len, lines)) > MOST_LINE_BYTES:
            raise Refused("long")
        yield lines


def _raws(row: Sequence[Any], others: Sequence[int]) -> Sequence[Raw]:
    """A row whose values at these places are not yet what the port calls a value."""
    if not others:
        return row
    values = [*row]
    for at in others:
        values[at] = _raw(values[at])
    return values


def _bounded(name: str, kind: str) -> str:
    """A column, or an error instead of a value that is too long."""
    column = '"' + name.replace('"', '""') + '"'
    if kind == "BLOB":
        length = f"octet_length({column})"
    elif kind == "VARCHAR" or kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION", "ENUM", "JSON")):
        length = f"strlen({column}::VARCHAR)"
    else:
        return column
    return f"CASE WHEN {length} > {_MOST_CELL_BYTES} THEN error('{_TOO_LONG}') ELSE {column} END"


def _raw(value: object) -> Raw:
    if isinstance(value, float):
        return Decimal(repr(value)) if value == value and abs(value) != float("inf") else None
    if isinstance(value, datetime):
        return value if value.tzinfo is None else value.astimezone(UTC)
    if value is None or isinstance(value, bool | int | str | Decimal | date):
        return value
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list | tuple):
        return [_raw(each) for each in value]
    if isinstance(value, dict):
        members: dict[Any, Any] = value
        return {str(key): _raw(each) for key, each in members.items()}
    return str(value)
