"""What can be wrong with a database, told apart from what can be wrong with a statement.

A database that is full, locked, restarting or out of reach is nobody's mistake: it becomes ``DatabaseUnavailable``,
which the services translate to 503. A broken constraint or a misspelt column stays what it is.
"""

from __future__ import annotations

import sqlite3

from sqlalchemy import exc

from kernel.text import Text

_SQLITE_OUT_OF_ORDER = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOTADB,
    }
)
_POSTGRESQL_OUT_OF_ORDER = frozenset({"08", "28", "40", "53", "57", "58", "XX"})
"""SQLSTATE classes: connection, authorization, rollback by the server, resources, operator, system, internal."""

_IDLE_TOO_LONG = "25P03"
_POSTGRESQL_STATES = frozenset({"25006", _IDLE_TOO_LONG, "55P03"})
"""Read-only (a standby), idle for too long in a transaction, lock not available."""


class UnsafeDatabase(Exception):
    """This database could lose what it acknowledged, or cannot be judged; the service must not start on it."""

    def __init__(self, text: Text) -> None:
        """``text`` says what is wrong and how to mend it."""
        super().__init__(f"{text.zh} / {text.en}")
        self.text = text


class DatabaseUnavailable(Exception):
    """The database cannot answer now; the text names the condition and never a statement's values."""

    def __init__(self, reason: str, *, uncertain: bool = False, paused: bool = False) -> None:
        """``uncertain``: the write may have been committed although the acknowledgement was lost.

        ``paused``: this process stood still for so long that the server rolled its transaction back; the same work may
        be done again.
        """
        super().__init__(reason)
        self.uncertain = uncertain
        self.paused = paused


def as_unavailable(error: BaseException, *, uncertain: bool = False) -> DatabaseUnavailable | None:
    """The same failure as DatabaseUnavailable, or None where the database is well and the statement was wrong."""
    reason = _reason(error)
    if reason is None:
        return None
    paused = getattr(getattr(error, "orig", None), "sqlstate", None) == _IDLE_TOO_LONG
    unavailable = DatabaseUnavailable(reason, uncertain=uncertain, paused=paused)
    unavailable.__cause__ = error
    return unavailable


def _reason(error: BaseException) -> str | None:
    if isinstance(error, UnsafeDatabase):
        return str(error)
    if isinstance(error, exc.TimeoutError):
        return "no free database connection"
    if isinstance(error, sqlite3.Error):
        return _sqlite_reason(error)
    return _driver_reason(error) if isinstance(error, exc.DBAPIError) else None


def _driver_reason(error: exc.DBAPIError) -> str | None:
    if isinstance(error.orig, sqlite3.Error):
        return _sqlite_reason(error.orig)
    state = getattr(error.orig, "sqlstate", None)
    if state is None:  # the driver's own: no connection, or one that broke
        broken = error.connection_invalidated or isinstance(error, (exc.OperationalError, exc.InterfaceError))
        return "no connection to the database" if broken else None
    out_of_order = state[:2] in _POSTGRESQL_OUT_OF_ORDER or state in _POSTGRESQL_STATES
    return f"{type(error.orig).__name__} ({state})" if out_of_order else None


def _sqlite_reason(error: sqlite3.Error) -> str | None:
    code = getattr(error, "sqlite_errorcode", None)  # absent where the module itself complains
    if code is None or code & 0xFF not in _SQLITE_OUT_OF_ORDER:  # the lowest byte is the primary result code
        return None
    return error.sqlite_errorname
