"""A pooled engine that can only read."""

from __future__ import annotations

import math
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import QueuePool

from connectors.adapters import Limits
from connectors.errors import SourceMisconfigured

_LEAST_SQLITE_LENGTH = 100_000
"""SQLite's limit counts statements and index rows too; below this it would refuse its own schema."""


def open_engine(location: str, limits: Limits) -> Engine:
    """An engine for a SQLAlchemy URL; nothing is connected yet. Raises: SourceMisconfigured."""
    try:
        url = make_url(location)
        return _OPENERS.get(url.get_backend_name(), _open_other)(url, limits)
    except (ArgumentError, ValueError):
        raise SourceMisconfigured("url") from None
    except (NoSuchModuleError, ImportError):
        raise SourceMisconfigured("driver-missing") from None


def _engine(url: URL, limits: Limits, **options: Any) -> Engine:
    # One statement is one look-up: a transaction around it would cost two more round trips and hold a snapshot.
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


def _open_sqlite(url: URL, limits: Limits) -> Engine:
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


def _open_postgresql(url: URL, limits: Limits) -> Engine:
    if url.drivername != "postgresql+psycopg":
        return _open_other(url, limits)
    milliseconds = math.ceil(limits.deadline * 1000)
    arguments = {
        "connect_timeout": max(2, math.ceil(limits.deadline)),  # libpq counts whole seconds, at least two
        "tcp_user_timeout": milliseconds,
        "application_name": "tongban-connector",
    }
    engine = _engine(url, limits, connect_args=arguments)

    def prepare(connection: Any, _: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('default_transaction_read_only', 'on', false)")
            cursor.execute("SELECT set_config('statement_timeout', %s, false)", (str(milliseconds),))
        connection.commit()

    event.listen(engine, "connect", prepare)
    return engine


def _open_other(url: URL, limits: Limits) -> Engine:
    return _engine(url, limits)


_OPENERS = {"sqlite": _open_sqlite, "postgresql": _open_postgresql}
