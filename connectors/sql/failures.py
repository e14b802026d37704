"""What a database says, as one of our problems. Its words are dropped: they hold hosts, tables and values."""

from __future__ import annotations

from sqlalchemy.exc import (
    DatabaseError,
    DataError,
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
_BY_KIND: tuple[tuple[type[SQLAlchemyError], type[SourceProblem], str], ...] = (
    (NoSuchTableError, SourceMisconfigured, "table-missing"),
    (PoolTimeout, SourceBusy, "connections"),
    (OperationalError, SourceUnavailable, "database"),
    (DataError, SourceGarbled, "data"),
    (ProgrammingError, SourceMisconfigured, "statement"),
    (DatabaseError, SourceGarbled, "database"),
)


def problem_of(error: SQLAlchemyError) -> SourceProblem:
    """The problem behind a database error."""
    driver = getattr(error, "orig", None)
    state = getattr(driver, "sqlstate", None) or ""
    known = (
        _BY_SQLSTATE.get(state)
        or _BY_SQLSTATE.get(state[:2])
        or _BY_SQLITE_NAME.get(getattr(driver, "sqlite_errorname", None) or "")
    )
    if known is not None:
        return known[0](known[1])
    for kind, problem, reason in _BY_KIND:
        if isinstance(error, kind):
            return problem(reason)
    return SourceUnavailable("database")
