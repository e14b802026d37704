"""A file's rows by subject, in a private SQLite database beside which nothing else of the file is kept.

Not a store of ours: it is the file itself, turned so that a look-up in millions of rows takes microseconds and memory
stays small. It holds personal data, so it lies in a folder of mode 0700 and goes with the edition it was made from.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from connectors.base import Raw
from connectors.errors import SourceTooLarge
from connectors.files.report import Report
from connectors.files.settings import Changes
from connectors.files.tables import Row
from connectors.raw_json import packed, unpacked

_QUICK = ("PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF", "PRAGMA cache_size = -16384")
_AT_ONCE = 200
"""Rows of a sample that are taken together."""
_SCHEMA = "CREATE TABLE record (number INTEGER PRIMARY KEY, subject TEXT NOT NULL, line BLOB, key TEXT)"


class Index:
    """Rows by subject, in a finished database that nobody changes any more. Safe for threads."""

    def __init__(self, path: Path, columns: Sequence[str], *, vanishing: bool) -> None:
        """Open it; ``vanishing`` takes its name away, so that it goes with the process. Raises: sqlite3.Error."""
        self._columns = tuple(columns)
        self._lock = threading.Lock()
        location = path.absolute().as_uri() + "?mode=ro&immutable=1"
        self._database = sqlite3.connect(location, uri=True, check_same_thread=False, isolation_level=None)
        weakref.finalize(self, self._database.close)
        self._database.execute("SELECT number FROM record LIMIT 1")  # nothing is opened before it is read
        if vanishing:
            path.unlink()

    def find(self, subjects: Sequence[str]) -> Generator[dict[str, Raw]]:
        """The rows of any of the subjects, each read as it is asked for.

        The index is one caller's until the generator is closed.
        """
        places = ", ".join("?" * len(subjects))
        statement = f"SELECT line FROM record WHERE subject IN ({places})"  # noqa: S608 - question marks only
        with self._lock, closing(self._database.execute(statement, tuple(subjects))) as lines:
            for (line,) in lines:
                yield dict(zip(self._columns, unpacked(line), strict=True))

    def subjects(self, after: str, limit: int) -> tuple[str, ...]:
        """Whom there are rows of behind a subject, in order, at most ``limit``."""
        statement = "SELECT DISTINCT subject FROM record WHERE subject > ? ORDER BY subject LIMIT ?"
        with self._lock:
            return tuple(subject for (subject,) in self._database.execute(statement, (after, limit)))

    def sample(self, first: int, then_every: int) -> Iterator[dict[str, Raw]]:
        """The first rows, then one of so many. Look-ups come in between: the index is never taken for long."""
        with self._lock:
            last = int(self._database.execute("SELECT coalesce(max(number), 0) FROM record").fetchone()[0])
        further = range(first - first % then_every + then_every, last + 1, then_every)
        numbers = [*range(1, min(first, last) + 1), *further]
        for at in range(0, len(numbers), _AT_ONCE):
            some = numbers[at : at + _AT_ONCE]
            statement = f"SELECT line FROM record WHERE number IN ({', '.join('?' * len(some))})"  # noqa: S608
            with self._lock:
                lines = self._database.execute(statement, some).fetchall()
            for (line,) in lines:
                yield dict(zip(self._columns, unpacked(line), strict=True))

    def copy(self, path: Path) -> None:
        """Write the same rows to another place."""
        with self._lock, closing(sqlite3.connect(path)) as other:
            self._database.backup(other)


def build(
    path: Path,
    columns: Sequence[str],
    rows: Iterable[Row],
    *,
    most_bytes: int,
    changes: Changes | None = None,
    base: Index | None = None,
    report: Report | None = None,
) -> int:
    """Write an index with these columns; returns how many rows it has. Memory stays small however many they are.

    Args:
        path: a new file, which only its owner may read.
        rows: of the file.
        most_bytes: that they may take here, written out as they are.
        changes: None where the rows are the whole register.
        base: with `changes`, what they are applied to.
        report: where rows without a key are noted.

    Raises: SourceTooLarge, and whatever reading the rows raises; sqlite3.Error, OSError.
    """
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    if base is not None:
        base.copy(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        for setting in (*_QUICK, "BEGIN"):
            database.execute(setting)
        if base is None:
            database.execute(_SCHEMA)
        lines = _changed(rows, columns, changes, report or Report()) if changes else _whole(rows)
        before = int(database.execute("SELECT coalesce(max(number), 0) FROM record").fetchone()[0])
        bounded = _bounded(lines, most_bytes)
        database.executemany("INSERT INTO record (subject, line, key) VALUES (?, ?, ?)", bounded)
        database.execute("CREATE INDEX IF NOT EXISTS record_subject ON record (subject)")
        if changes is not None:
            _supersede(database, before)
        database.execute("COMMIT")
        return int(database.execute("SELECT count(*) FROM record").fetchone()[0])


_Packed = tuple[str, bytes | None, str | None]


def _bounded(rows: Iterable[_Packed], most_bytes: int) -> Iterator[_Packed]:
    """The rows while there is room for them. Raises: SourceTooLarge.

    Whatever a format says of its size, here it shows: a dictionary, or a table of shared texts, says one long text in
    every row by a few bits (attack case K3).
    """
    left = most_bytes
    for subject, line, key in rows:
        left -= len(subject.encode()) + len(line or b"") + len((key or "").encode())
        if left < 0:
            raise SourceTooLarge("expanded")
        yield subject, line, key


def _whole(rows: Iterable[Row]) -> Iterator[_Packed]:
    return ((row.subject, packed(row.values), None) for row in rows)


def _changed(rows: Iterable[Row], columns: Sequence[str], changes: Changes, report: Report) -> Iterator[_Packed]:
    for row in rows:
        values: Mapping[str, Raw] = dict(zip(columns, row.values, strict=True))
        key = [values[name] for name in changes.key]
        if missing := [name for name in changes.key if values[name] in (None, "")]:
            report.add(row.line, missing[0], "key")
            continue
        gone = changes.removed is not None and str(values[changes.removed[0]]).strip() in changes.removed[1]
        yield row.subject, None if gone else packed(row.values), packed(key).decode()
    report.check()


def _supersede(database: sqlite3.Connection, before: int) -> None:
    """Of the rows with one key the last one stays, and none where that says that it is gone."""
    database.execute("CREATE INDEX IF NOT EXISTS record_key ON record (key)")
    database.execute(
        "DELETE FROM record WHERE key IN (SELECT key FROM record WHERE number > ?)"
        " AND EXISTS (SELECT 1 FROM record AS later WHERE later.key = record.key AND later.number > record.number)",
        (before,),
    )
    database.execute("DELETE FROM record WHERE number > ? AND line IS NULL", (before,))
