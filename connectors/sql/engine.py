"""A pooled engine that can only read."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from connectors.adapters import Limits
from connectors.errors import SourceMisconfigured
from connectors.sql.encryption import of_mysql, of_postgresql

TESTED = frozenset({"sqlite+pysqlite", "postgresql+psycopg", "mysql+pymysql", "mariadb+pymysql"})
"""Dialects and drivers that are set up to read only here, and exercised against real servers."""

_LEAST_SQLITE_LENGTH = 100_000
"""SQLite's limit counts statements and index rows too; below this it would refuse its own schema."""


def open_engine(location: str, limits: Limits, *, insecure: bool = False) -> Engine:
    """An engine for a SQLAlchemy URL; nothing is connected yet. Raises: SourceMisconfigured.

    ``insecure``: whether a database on another machine may be spoken to as its URL says, without verified TLS.
    """
    try:
        url = make_url(location)
        kind = url.get_backend_name()
        encryption = {} if insecure or url.drivername not in TESTED else _ENCRYPTION.get(kind, _none)(url)
        return _OPENERS.get(kind, _open_other)(url, limits, encryption)
    except (ArgumentError, ValueError):
        raise SourceMisconfigured("url") from None
    except (NoSuchModuleError, ImportError):
        raise SourceMisconfigured("driver-missing") from None


def _engine(url: URL, limits: Limits, **options: Any) -> Engine:
    # One statement is one look-up, and a transaction of its own: what a session says of its transactions (read only,
    # one snapshot) holds for it. Writing the transaction out would cost two more round trips.
    return create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        pool_size=limits.concurrency,
        max_overflow=0,
        pool_timeout=limits.deadline,
        pool_recycle=1800,
        hide_parameters=True,
        **options,
    )


def _open_sqlite(url: URL, limits: Limits, _: Mapping[str, Any]) -> Engine:
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise SourceMisconfigured("url")
    location = Path(url.database).absolute().as_uri() + "?mode=ro"  # https://www.sqlite.org/uri.html

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            location, uri=True, timeout=limits.deadline, check_same_thread=False, isolation_level=None
        )
        connection.execute("PRAGMA query_only = ON")
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, max(limits.max_bytes, _LEAST_SQLITE_LENGTH))
        return connection

    return _engine(make_url("sqlite://"), limits, creator=connect, poolclass=QueuePool)


def _open_postgresql(url: URL, limits: Limits, encryption: Mapping[str, Any]) -> Engine:
    if url.drivername != "postgresql+psycopg":
        return _open_other(url, limits, encryption)
    milliseconds = math.ceil(limits.deadline * 1000)
    arguments = {
        "connect_timeout": max(2, math.ceil(limits.deadline)),  # libpq counts whole seconds, at least two
        "tcp_user_timeout": milliseconds,
        "application_name": "tongban-connector",
        **encryption,
    }
    engine = _engine(url, limits, connect_args=arguments)

    def prepare(connection: Any, _: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('default_transaction_read_only', 'on', false)")
            cursor.execute("SELECT set_config('default_transaction_isolation', 'repeatable read', false)")
            cursor.execute("SELECT set_config('statement_timeout', %s, false)", (str(milliseconds),))
        connection.commit()

    event.listen(engine, "connect", prepare)
    return engine


def _open_mysql(url: URL, limits: Limits, encryption: Mapping[str, Any]) -> Engine:
    if url.drivername not in TESTED:
        return _open_other(url, limits, encryption)
    seconds = math.ceil(limits.deadline)
    arguments = {
        "connect_timeout": max(1, seconds),
        "read_timeout": seconds + 1,  # the server's own limit comes first, and says more
        "write_timeout": seconds + 1,
        # The driver writes values into the statement itself, escaped. It is safe in this character set only: in GBK a
        # backslash can be the second half of a character. What a URL says about these is therefore not heard.
        "charset": "utf8mb4",
        "client_flag": 0,
        "local_infile": False,
        "init_command": None,
        "read_default_file": None,
        **encryption,
    }
    engine = _engine(url, limits, connect_args=arguments)

    def prepare(connection: Any, _: object) -> None:
        with connection.cursor() as cursor:
            # Values are escaped by backslashes, so the mode in which a backslash is a letter must be off.
            cursor.execute("SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'")
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute(_time_limit(connection.get_server_info(), limits.deadline))

    event.listen(engine, "connect", prepare)
    return engine


def _time_limit(server: str, seconds: float) -> str:
    """MariaDB counts seconds, MySQL milliseconds; each has a name of its own for it."""
    if "mariadb" in server.lower():
        return f"SET SESSION max_statement_time = {seconds:.3f}"
    return f"SET SESSION max_execution_time = {math.ceil(seconds * 1000)}"


def is_tested(engine: Engine) -> bool:
    """Whether this kind of database, by this driver, is exercised; of any other it is not known that it only reads."""
    return f"{engine.dialect.name}+{engine.dialect.driver}" in TESTED


def untested_kind(location: str) -> str:
    """The kind of database that a URL names where it is not one of `TESTED`; "" where it is, or where it is no URL."""
    try:
        url = make_url(location)
        dialect = url.get_dialect()
        return "" if f"{dialect.name}+{dialect.driver}" in TESTED else url.drivername
    except (SQLAlchemyError, ImportError):
        return ""


def _open_other(url: URL, limits: Limits, _: Mapping[str, Any]) -> Engine:
    return _engine(url, limits)


_OPENERS = {
    "sqlite": _open_sqlite,
    "postgresql": _open_postgresql,
    "mysql": _open_mysql,
    "mariadb": _open_mysql,
}


def _none(_: URL) -> Mapping[str, Any]:
    return {}


_ENCRYPTION: Mapping[str, Callable[[URL], Mapping[str, Any]]] = {
    "postgresql": of_postgresql,
    "mysql": of_mysql,
    "mariadb": of_mysql,
}
