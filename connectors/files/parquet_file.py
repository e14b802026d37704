"""Rows of a Parquet file, read by DuckDB in a cage: one thread, little memory, no other file, no network, no extension.

What a file's own description says about its size is checked before anything is unpacked; a description that lies meets
the limit of memory, and rows that are longer than what describes them meet the index's (attack case K3).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, BinaryIO

import duckdb

from connectors.base import Raw
from connectors.errors import SourceGarbled, SourceProblem, SourceTooLarge
from connectors.files.form import Survey
from connectors.files.report import BrokenFile
from connectors.files.settings import FileSettings

_MOST_CELL_BYTES = 1 << 17
"""As of a CSV cell. A dictionary can say one long text a million times in a few bytes."""
_AT_ONCE = 200
_LEAST = 12
_CAGE: Mapping[str, str] = {
    "threads": "1",
    "memory_limit": "512MB",
    "max_temp_directory_size": "0KiB",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
}


def rows(file: BinaryIO, settings: FileSettings, survey: Survey) -> Generator[Sequence[Raw]]:
    """The names of the columns that are needed and there, then their values; the survey is told of all columns.

    However wide a file is, only what is needed of it is unpacked and handed on. Raises: SourceGarbled, SourceTooLarge.
    """
    with _caged(file) as (database, path):
        yield from _rows(database, path, settings, survey)


def sample(file: BinaryIO, most_rows: int, most_bytes: int) -> tuple[Mapping[str, str], list[Sequence[Raw]]]:
    """Every column with its kind in DuckDB's words, and the first rows of a file that is no larger once it is unpacked.

    Raises: SourceGarbled, SourceTooLarge.
    """
    with _caged(file) as (database, path):
        _check_bytes(database, path, most_bytes)
        kinds = _kinds(database, path)
        listed = ", ".join(_bounded(name, kind) for name, kind in kinds.items())
        answer = database.execute(f"SELECT {listed} FROM read_parquet(?) LIMIT {most_rows:d}", [path])  # noqa: S608
        return kinds, [[_raw(value) for value in row] for row in answer.fetchall()]


@contextmanager
def _caged(file: BinaryIO) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """A database that reads this file and nothing else, and what it calls it. Raises: SourceGarbled, SourceTooLarge."""
    _check_marks(file)
    try:
        with duckdb.connect(":memory:", config=dict(_CAGE)) as database:
            path = f"/dev/fd/{file.fileno()}"
            database.execute("SET allowed_paths = ?", [[path]])
            database.execute("SET enable_external_access = false")
            database.execute("SET lock_configuration = true")
            yield database, path
    except SourceProblem:
        raise
    except duckdb.OutOfMemoryException:
        raise SourceTooLarge("expanded") from None
    except Exception as error:  # noqa: BLE001 - a reader of broken files fails in ways of its own
        if _TOO_LONG in str(error):
            raise BrokenFile("parquet", 0, "", "long") from None
        raise SourceGarbled("parquet") from None


def _check_marks(file: BinaryIO) -> None:
    """What begins and ends like no Parquet file is none: https://parquet.apache.org/docs/file-format/"""
    begins = file.read(4)
    size = file.seek(0, 2)
    ends = file.read() if file.seek(max(0, size - 4)) and size >= _LEAST else b""
    file.seek(0)
    if begins != b"PAR1" or ends != b"PAR1":
        raise BrokenFile("parquet")


_TOO_LONG = "tongban-cell-too-long"


def _rows(
    database: duckdb.DuckDBPyConnection, path: str, settings: FileSettings, survey: Survey
) -> Generator[Sequence[Raw]]:
    _check_size(database, path, settings)
    kinds = _kinds(database, path)
    survey.begin([*kinds], settings.needed)
    names = [name for name in settings.needed if name in kinds]
    yield names
    if len(names) < len(settings.needed):
        return  # whoever reads the header says what is missing
    listed = ", ".join(_bounded(name, kinds[name]) for name in names)
    answer = database.execute(f"SELECT {listed} FROM read_parquet(?)", [path])  # noqa: S608 - names are quoted
    while some := answer.fetchmany(_AT_ONCE):
        for row in some:
            yield [_raw(value) for value in row]


def _kinds(database: duckdb.DuckDBPyConnection, path: str) -> dict[str, str]:
    described = database.execute("DESCRIBE SELECT * FROM read_parquet(?)", [path]).fetchall()
    return {str(name): str(kind) for name, kind, *_ in described}


def _check_size(database: duckdb.DuckDBPyConnection, path: str, settings: FileSettings) -> None:
    found = database.execute("SELECT num_rows FROM parquet_file_metadata(?)", [path]).fetchone()
    if found is None or found[0] > settings.max_rows:
        raise SourceTooLarge("rows")
    _check_bytes(database, path, settings.max_file_bytes)


def _check_bytes(database: duckdb.DuckDBPyConnection, path: str, most: int) -> None:
    found = database.execute("SELECT sum(total_uncompressed_size) FROM parquet_metadata(?)", [path]).fetchone()
    if found is not None and (found[0] or 0) > most:
        raise SourceTooLarge("expanded")


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
