"""A file's rows by subject, in a private temporary SQLite database that vanishes with the process.

Not a store of ours: it is the file itself, turned so that a look-up in millions of rows takes microseconds and memory
stays small.
"""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson

from connectors.base import Raw
from connectors.files.tables import Row


class Index:
    """Rows by subject. Safe for threads."""

    def __init__(self, columns: Sequence[str], rows: Iterable[Row]) -> None:
        """Read all rows. Raises whatever reading them raises."""
        self._columns = tuple(columns)
        self._lock = threading.Lock()
        self._database = sqlite3.connect("", check_same_thread=False, isolation_level=None)  # "": temporary, private
        weakref.finalize(self, self._database.close)
        self._fill(rows)

    def find(self, subjects: Sequence[str], limit: int) -> list[dict[str, Raw]]:
        """The rows of any of the subjects, at most `limit`."""
        places = ", ".join("?" * len(subjects))
        statement = f"SELECT line FROM record WHERE subject IN ({places}) LIMIT ?"  # noqa: S608 - question marks only
        with self._lock:
            lines = self._database.execute(statement, (*subjects, limit)).fetchall()
        return [dict(zip(self._columns, _unpacked(line), strict=True)) for (line,) in lines]

    def _fill(self, rows: Iterable[Row]) -> None:
        for setting in ("PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF", "BEGIN"):
            self._database.execute(setting)
        self._database.execute("CREATE TABLE record (subject TEXT NOT NULL, line BLOB NOT NULL)")
        lines = ((row.subject, _packed(row.values)) for row in rows)
        self._database.executemany("INSERT INTO record VALUES (?, ?)", lines)
        self._database.execute("CREATE INDEX record_subject ON record (subject)")
        self._database.execute("COMMIT")


def _packed(values: Sequence[Raw]) -> bytes:
    return orjson.dumps([_tagged(value) for value in values])


def _unpacked(line: bytes) -> list[Raw]:
    return [_untagged(value) for value in orjson.loads(line)]


def _tagged(value: Any) -> Any:
    """JSON has no dates and no decimal fractions: they are kept as an object of one member that says which."""
    if isinstance(value, datetime):
        return {"instant": value.isoformat()}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    if isinstance(value, Decimal):
        return {"number": str(value)}
    return value


def _untagged(value: Any) -> Raw:
    if not isinstance(value, dict):
        plain: Raw = value
        return plain
    ((tag, text),) = value.items()
    if tag == "instant":
        return datetime.fromisoformat(text)
    return date.fromisoformat(text) if tag == "day" else Decimal(text)
