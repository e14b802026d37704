"""What a database says, as one of our problems. Its words are dropped: they hold hosts, tables and values."""

from __future__ import annotations

import re

from sqlalchemy.exc import (
    DatabaseError,
    DataError,
    DBAPIError,
    NoSuchTableError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from connectors.errors import (
    SourceBusy,
    SourceGarbled,
    SourceMisconfigured,
    SourceProblem,
    SourceTimedOut,
    SourceTooLarge,
    SourceUnavailable,
)

# SQLSTATE, ISO/IEC 9075-2 and PostgreSQL's appendix A: the whole code or its class.
_BY_SQLSTATE: dict[str, tuple[type[SourceProblem], str]] = {
    "57014": (SourceTimedOut, "statement-timeout"),
    "42P01": (SourceMisconfigured, "table-missing"),
    "3F000": (SourceMisconfigured, "table-missing"),
    "42703": (SourceGarbled, "columns-missing"),
    "42501": (SourceMisconfigured, "not-permitted"),
    "25006": (SourceMisconfigured, "not-read-only"),
    "28": (SourceMisconfigured, "credentials"),
    "3D": (SourceMisconfigured, "database-missing"),
    "22": (SourceGarbled, "data"),
}
_BY_SQLITE_NAME: dict[str, tuple[type[SourceProblem], str]] = {
    "SQLITE_INTERRUPT": (SourceTimedOut, "statement-timeout"),
    "SQLITE_TOOBIG": (SourceTooLarge, "bytes"),
    "SQLITE_NOTADB": (SourceGarbled, "not-a-database"),
    "SQLITE_CORRUPT": (SourceGarbled, "not-a-database"),
    "SQLITE_ERROR": (SourceMisconfigured, "statement"),
}
# MariaDB's and MySQL's error numbers: https://mariadb.com/kb/en/mariadb-error-codes/
_BY_NUMBER: dict[int, tuple[type[SourceProblem], str]] = {
    1969: (SourceTimedOut, "statement-timeout"),  # MariaDB
    3024: (SourceTimedOut, "statement-timeout"),  # MySQL
    1040: (SourceBusy, "connections"),
    1203: (SourceBusy, "connections"),
    1044: (SourceMisconfigured, "not-permitted"),
    1142: (SourceMisconfigured, "not-permitted"),
    1143: (SourceMisconfigured, "not-permitted"),
    1045: (SourceMisconfigured, "credentials"),
    1698: (SourceMisconfigured, "credentials"),
    1049: (SourceMisconfigured, "database-missing"),
    1146: (SourceMisconfigured, "table-missing"),
    1054: (SourceGarbled, "columns-missing"),
    1064: (SourceMisconfigured, "statement"),
    1792: (SourceMisconfigured, "not-read-only"),
}
_BY_KIND: tuple[tuple[type[SQLAlchemyError], type[SourceProblem], str], ...] = (
    (NoSuchTableError, SourceMisconfigured, "table-missing"),
    (PoolTimeout, SourceBusy, "connections"),
    (OperationalError, SourceUnavailable, "database"),
    (DataError, SourceGarbled, "data"),
    (ProgrammingError, SourceMisconfigured, "statement"),
    (DatabaseError, SourceGarbled, "database"),
)

_TLS = re.compile(r"\bSSL\b|certificate")
"""Words of libpq and of Python; they count while connecting, since a line that is cut later is no matter of TLS."""


def problem_of(error: SQLAlchemyError) -> SourceProblem:
    """The problem behind a database error."""
    driver = getattr(error, "orig", None)
    state = getattr(driver, "sqlstate", None) or ""
    known = (
        _BY_SQLSTATE.get(state) or _BY_SQLSTATE.get(state[:2]) or _by_sqlite(driver) or _BY_NUMBER.get(_number(driver))
    )
    if known is not None:
        return known[0](known[1])
    if isinstance(error, DBAPIError) and error.statement is None and _TLS.search(str(driver)):
        return SourceUnavailable("tls")
    for kind, problem, reason in _BY_KIND:
        if isinstance(error, kind):
            return problem(reason)
    return SourceUnavailable("database")


def cannot_be_held(error: SQLAlchemyError) -> bool:
    """Whether a value has characters that the column's character set lacks (MariaDB and MySQL, error 1267): law 4 says
    that nobody is called so.
    """
    return _number(getattr(error, "orig", None)) == 1267


def _by_sqlite(driver: object) -> tuple[type[SourceProblem], str] | None:
    name = getattr(driver, "sqlite_errorname", None) or ""
    if name == "SQLITE_ERROR" and "no such column" in str(driver):
        return SourceGarbled, "columns-missing"
    return _BY_SQLITE_NAME.get(name)


def _number(driver: object) -> int:
    first = (getattr(driver, "args", None) or (0,))[0]
    return first if isinstance(first, int) else 0
