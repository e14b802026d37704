"""Engines whose every connection is durable, bounded in time and checked before it is used.

The refusals: SQLite below ``synchronous=FULL``, outside a file or without its write-ahead log; PostgreSQL with
``fsync`` or ``full_page_writes`` off, or with ``synchronous_commit`` weaker than the declared standbys need. They are
repeated on every new connection, because a server's settings change while a service runs.
"""

from __future__ import annotations

import contextlib
import os
import select
import sqlite3
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, Engine, ExceptionContext, create_engine, event, exc, make_url

from kernel.database.errors import DatabaseUnavailable, UnsafeDatabase
from kernel.text import Text

POOL_WAIT_SECONDS = 4.0
POSTGRESQL_IDLE_LIMIT = "1s"
"""How long a transaction may stand still: a node that froze while it held the log's head stops every other so long."""
_FULL = 2
"""What ``PRAGMA synchronous`` answers for FULL; 1 is NORMAL, 0 is OFF, 3 is EXTRA."""

_SQLITE_PRAGMAS = (
    "PRAGMA busy_timeout = 10000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",  # what is erased is overwritten, not only forgotten
    "PRAGMA trusted_schema = OFF",
    "PRAGMA temp_store = MEMORY",  # only what a savepoint goes back to: never worth a file
)

_POSTGRESQL_CONNECT: dict[str, Any] = {
    "connect_timeout": 4,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "application_name": "tongban",
}

# A plan made while a table was small is kept while it grows, until somebody analyses it: a fresh installation would
# read whole tables for its first minutes. What we ask has an index; where nothing has one, the table is read anyway.
_POSTGRESQL_SESSION = (
    "SELECT set_config('idle_in_transaction_session_timeout', %s, false), set_config('lock_timeout', '4s', false),"
    " set_config('statement_timeout', '10s', false), set_config('enable_seqscan', 'off', false),"
    " set_config('jit', 'off', false)"
)
_POSTGRESQL_DURABILITY = (
    "SELECT current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'),"
    " current_setting('synchronous_standby_names')"
)


def parse_url(url: str) -> URL:
    """The URL's parts; raises UnsafeDatabase for another database product or a SQLite URL that is not a plain file."""
    parts = _parts_of(url)
    if parts.get_backend_name() == "postgresql" and parts.drivername == "postgresql+psycopg":
        return parts
    if parts.get_backend_name() != "sqlite":
        raise UnsafeDatabase(
            Text(
                "数据库地址须以 sqlite:/// 或 postgresql+psycopg:// 开头",
                "a database URL starts with sqlite:/// or postgresql+psycopg://",
            )
        )
    if not parts.database or parts.database == ":memory:" or parts.query:
        raise UnsafeDatabase(
            Text(
                "SQLite 数据库必须是一个文件，且地址不带选项（sqlite:///路径）：内存库与选项都可能丢失已确认的数据",
                "a SQLite database is a file without options (sqlite:///path): memory and options can lose what was"
                " acknowledged",
            )
        )
    return parts


def _parts_of(url: str) -> URL:
    try:
        return make_url(url)
    except (exc.ArgumentError, ValueError):
        # The parser's own message repeats the URL, and with it a password.
        raise UnsafeDatabase(Text("数据库地址无法识别", "the database URL cannot be read")) from None


def sqlite_engine(url: URL, *, pool_size: int, writing: bool) -> Engine:
    """An engine over one SQLite file; a writing one begins with BEGIN IMMEDIATE, a reading one cannot write at all."""
    _make_private(Path(str(url.database)))
    engine = create_engine(
        url, hide_parameters=True, pool_size=pool_size, max_overflow=0, pool_timeout=POOL_WAIT_SECONDS
    )
    event.listen(engine, "connect", _prepare_sqlite_writer if writing else _prepare_sqlite_reader)
    if writing:
        event.listen(engine, "begin", _begin_immediate)
    return engine


def _make_private(path: Path) -> None:
    """Make the file before SQLite does, readable by nobody else; its journal inherits the mode."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise DatabaseUnavailable(f"the SQLite file cannot be opened: {error.strerror}") from None


def _prepare_sqlite_writer(connection: sqlite3.Connection, _record: object) -> None:
    with _closing_on_failure(connection):
        connection.isolation_level = None  # no BEGIN behind our back: the driver would begin deferred
        for pragma in _SQLITE_PRAGMAS:
            connection.execute(pragma)
        refuse_unsafe_sqlite(connection)


def _prepare_sqlite_reader(connection: sqlite3.Connection, record: object) -> None:
    _prepare_sqlite_writer(connection, record)
    connection.execute("PRAGMA query_only = ON")


def refuse_unsafe_sqlite(connection: sqlite3.Connection) -> None:
    """Raise UnsafeDatabase unless a commit on this connection survives a power cut."""
    (journal,) = connection.execute("PRAGMA journal_mode").fetchone()
    if journal != "wal":
        raise UnsafeDatabase(
            Text(
                "SQLite 未能启用 WAL 日志，请把数据文件放在本地磁盘上",
                "SQLite could not use its write-ahead log; put the data file on a local disk",
            )
        )
    (synchronous,) = connection.execute("PRAGMA synchronous").fetchone()
    if synchronous < _FULL:
        raise UnsafeDatabase(
            Text(
                "SQLite 的 synchronous 低于 FULL，断电会丢失已确认的数据；请恢复为 FULL",
                "SQLite's synchronous is below FULL: a power cut would lose what was acknowledged; set it to FULL",
            )
        )


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")  # take the write lock now: upgrading a read lock later can deadlock


def postgresql_engine(url: URL, *, pool_size: int, writing: bool) -> Engine:
    """An engine over PostgreSQL with bounded sessions, and a cheap look at each connection before use.

    A writing one has READ COMMITTED transactions. A reading one has none and a session that cannot write; its pool is
    its own, because switching a connection between the two costs more than a small query.
    """
    engine = create_engine(
        url,
        hide_parameters=True,
        isolation_level="READ COMMITTED" if writing else "AUTOCOMMIT",
        skip_autocommit_rollback=True,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_WAIT_SECONDS,
        connect_args={key: value for key, value in _POSTGRESQL_CONNECT.items() if key not in url.query},
    )
    event.listen(engine, "connect", _prepare_postgresql_writer if writing else _prepare_postgresql_reader)
    event.listen(engine, "checkout", _refuse_stale)
    event.listen(engine, "handle_error", _forget_values)
    return engine


def _prepare_postgresql_writer(connection: psycopg.Connection[Any], _record: object) -> None:
    with _closing_on_failure(connection):
        connection.execute(_POSTGRESQL_SESSION, (POSTGRESQL_IDLE_LIMIT,))
        refuse_unsafe_postgresql(connection)
        connection.commit()


def _prepare_postgresql_reader(connection: psycopg.Connection[Any], record: object) -> None:
    _prepare_postgresql_writer(connection, record)
    connection.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
    connection.commit()


def refuse_unsafe_postgresql(connection: psycopg.Connection[Any]) -> None:
    """Raise UnsafeDatabase unless a commit on this connection survives a crash of the server and of its standbys."""
    row = connection.execute(_POSTGRESQL_DURABILITY).fetchone()
    fsync, full_page_writes, synchronous_commit, standbys = row or ("?", "?", "?", "")
    _refuse_unless(fsync == "on", "fsync", fsync, "on")
    _refuse_unless(full_page_writes == "on", "full_page_writes", full_page_writes, "on")
    enough = {"on", "remote_apply"} if standbys else {"on", "remote_apply", "remote_write", "local"}
    _refuse_unless(synchronous_commit in enough, "synchronous_commit", synchronous_commit, "on")


def _refuse_unless(safe: bool, setting: str, found: str, needed: str) -> None:
    if not safe:
        raise UnsafeDatabase(
            Text(
                f"PostgreSQL 的 {setting} 为 {found}，崩溃会丢失已确认的数据；请改为 {needed}",
                f"PostgreSQL's {setting} is {found}: a crash would lose what was acknowledged; set it to {needed}",
            )
        )


def _forget_values(context: ExceptionContext) -> None:
    """The server repeats a row's values in DETAIL lines, and an error's text ends in logs: keep its first line."""
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None:
            error.args = tuple(str(part).partition("\n")[0] for part in error.args[:1]) + error.args[1:]


def _refuse_stale(connection: psycopg.Connection[Any], _record: object, _proxy: object) -> None:
    """An idle connection on which something can be read was closed by the server: have the pool make another.

    One system call instead of the round trip of a ping.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        raise exc.DisconnectionError


class _closing_on_failure(contextlib.AbstractContextManager[None]):  # noqa: N801 - reads as a statement
    """Close a connection that turned out not to be fit for use; the pool never saw it."""

    def __init__(self, connection: sqlite3.Connection | psycopg.Connection[Any]) -> None:
        self._connection = connection

    def __exit__(self, kind: type[BaseException] | None, *_details: object) -> None:
        if kind is not None:
            self._connection.close()
