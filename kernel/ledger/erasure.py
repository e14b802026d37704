"""Erasure: a subject's key, salts and ciphertexts go, the log stays, and every receipt given out keeps verifying.

What is deleted lives on for a while outside the tables: in SQLite's write-ahead log until it is emptied, in
PostgreSQL's dead rows until they are vacuumed, in its write-ahead log and in backups until they are recycled. ``scrub``
does what a process can do at once; how long the rest takes is the operator's to state (ADR 0007).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from sqlalchemy import Connection

from kernel.database import Database
from kernel.ledger import rows
from kernel.ledger.event import Event
from kernel.ledger.receipt import Receipt
from kernel.ledger.subjects import Subjects

ERASED = "SubjectErased"


class Forgetting:
    """The erasure of one subject, in the transaction that records it."""

    def __init__(self, subjects: Subjects, located: bytes, until: str) -> None:
        """``located`` is the subject's blind index; ``until`` the last month in which the log may speak of it."""
        self._subjects, self._located, self._until = subjects, located, until
        self.entries = 0
        """How many entries lost what was kept beside them."""

    def __call__(self, connection: Connection, _receipts: Sequence[Receipt]) -> None:
        """Delete; what the same batch recorded about the subject goes too."""
        known = self._subjects.key(connection, self._located)
        if known is not None:
            self.entries = rows.forget(connection, self._located, self._subjects.tags(*known, self._until))


def event(erasure: str) -> Event:
    """What is recorded: that somebody was erased, not who, nor which entries were theirs."""
    return Event(ERASED, erasure)


def scrub(database: Database) -> None:
    """Have the database overwrite what was deleted, as far as it can at once; raises SQLAlchemy's DBAPIError."""
    _SCRUBBING[database.dialect](database)


def _empty_write_ahead_log(database: Database) -> None:
    """SQLite zeroes deleted content (``secure_delete``); emptying its write-ahead log drops the older copies."""
    with closing(database.engine.raw_connection()) as connection:  # outside any transaction
        connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _vacuum(database: Database) -> None:
    """PostgreSQL keeps deleted rows until they are vacuumed."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.detach()  # a large table takes longer than a statement may: this session is not given back
        connection.exec_driver_sql("SET statement_timeout = 0")
        connection.exec_driver_sql("VACUUM ledger_subject")
        connection.exec_driver_sql("VACUUM ledger_payload")


_SCRUBBING = {"sqlite": _empty_write_ahead_log, "postgresql": _vacuum}
