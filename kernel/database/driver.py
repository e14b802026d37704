"""Statements straight to the driver, for what every request passes: a transaction that others wait for must be short.

SQL is written with SQLite's placeholders and composed once; errors leave as SQLAlchemy's, without parameters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError

_ROWS_AT_ONCE = 32
"""So that a statement's parameters stay far below what either database takes, and few statements differ."""
_VALUES = re.compile(r"VALUES (\([?, ]+\))")


@cache
def _for_driver(sql: str, dialect: str) -> str:
    """Statements are written for SQLite's driver; psycopg writes its placeholders ``%s``."""
    return sql.replace("?", "%s") if dialect == "postgresql" else sql


@cache
def listed(count: int) -> str:
    """``(?,?,…)``: as many placeholders as there are values."""
    return "(" + ",".join("?" * count) + ")"


def run(connection: Connection, sql: str, parameters: tuple[Any, ...] = ()) -> DBAPICursor:
    """Straight to the driver, inside the connection's transaction: a fifth of the cost of SQLAlchemy's own door."""
    return send(connection, _for_driver(sql, connection.dialect.name), parameters)


def send(connection: Connection, sql: str, parameters: Any) -> DBAPICursor:
    """The same for SQL that is written as this driver reads it."""
    cursor: DBAPICursor = connection.connection.cursor()
    try:
        cursor.execute(sql, parameters)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _told(connection, sql, error) from error
    return cursor


def insert_many(connection: Connection, sql: str, rows: Sequence[tuple[Any, ...]]) -> list[Sequence[Any]]:
    """Insert rows, as few statements as may be; ``sql`` is written for one row and holds one ``VALUES (?, …)``.

    Returns what its ``RETURNING``, if there is one, gives. A driver's own loop would give up the interpreter's lock for
    every row, while all others wait (ADR 0066).
    """
    returned: list[Sequence[Any]] = []
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        some = rows[start : start + _ROWS_AT_ONCE]
        cursor = run(connection, _for_rows(sql, len(some)), tuple(chain.from_iterable(some)))
        if cursor.description is not None:
            returned += cursor.fetchall()
    return returned


@cache
def _for_rows(sql: str, count: int) -> str:
    """The same statement for so many rows."""
    before, values, after = _VALUES.split(sql)
    return f"{before}VALUES {', '.join([values] * count)}{after}"


def _told(connection: Connection, sql: str, error: Exception) -> Exception:
    """A driver's error as SQLAlchemy raises it, so that everyone above meets one family; never with the parameters."""
    dialect = connection.dialect
    family = dialect.loaded_dbapi.Error
    error.args = (str(error).partition("\n")[0], *error.args[1:])  # PostgreSQL's DETAIL repeats values
    return DBAPIError.instance(sql, None, error, family, hide_parameters=True, dialect=dialect)
