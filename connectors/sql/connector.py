"""The SQL adapter: one bound SELECT per look-up, over a pooled engine that can only read."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, RowMapping
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from connectors.adapters import Limits, Opening, spellings
from connectors.base import Query, Raw, Record
from connectors.errors import SourceTooLarge, SourceUnavailable
from connectors.sql.engine import is_tested, open_engine
from connectors.sql.failures import cannot_be_held, problem_of
from connectors.sql.listing import listed_subjects
from connectors.sql.rights import may_write
from connectors.sql.settings import SqlSettings
from connectors.sql.statement import Statement, reflect
from connectors.templates import template
from kernel.clock import Clock

_LOG = logging.getLogger(__name__)
_STEPS_BETWEEN_LOOKS = 10_000
"""SQLite virtual-machine steps between two looks at the clock: well under a millisecond."""


def _absent(_query: Query) -> None:
    """The value of an answer that is not there."""


def _ascii(*values: str | None) -> bool:
    return all(one is None or one.isascii() for one in values)


class SqlConnector:
    """A table, a view or a SELECT. A driver may break a deadline: the source's own threads carry the calls."""

    kind = "sql"
    keeps_deadline = False

    def __init__(self, name: str, settings: SqlSettings, location: str, limits: Limits, clock: Clock) -> None:
        self._name = name
        self._engine = open_engine(location, limits, insecure=settings.insecure_sql)
        self._settings = settings
        self._noted = False
        self._limits = limits
        self._clock = clock
        self._where = tuple((column, _absent if one is None else template(one)) for column, one in settings.where)
        self._statement: Statement | None = None
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self.lists = settings.statement is None

    def fetch(self, query: Query) -> tuple[Record, ...]:
        """The subject's rows. Raises: SourceProblem."""
        if self._closed.is_set():
            raise SourceUnavailable("closed")
        conditions = {column: value(query) for column, value in self._where}
        try:
            return self._records(query, conditions)
        except SQLAlchemyError as error:
            self._statement = None  # the table may have changed: look at it again next time
            problem = problem_of(error)
            if problem.reason == "columns-missing":
                self._name_missing()
            raise problem from None
        finally:
            if self._closed.is_set():  # meanwhile: what this look-up gave back to the pool is closed, too
                self._engine.pool.dispose()

    def subjects(self, after: str, limit: int, deadline: float) -> tuple[str, ...]:
        """Whom the table or view holds rows of, in its own order. A written statement is asked about one, not listed.

        Raises: SourceProblem.
        """
        if self._closed.is_set():
            raise SourceUnavailable("closed")
        if not self.lists:
            raise SourceUnavailable("cannot-list")
        try:
            with self._engine.connect() as connection:
                self._watch(connection, deadline)
                return listed_subjects(connection, self._settings, after, limit)
        except SQLAlchemyError as error:
            raise problem_of(error) from None

    def close(self) -> None:
        """Close every connection."""
        self._closed.set()
        self._engine.pool.dispose()

    def _records(self, query: Query, conditions: Mapping[str, str | None]) -> tuple[Record, ...]:
        try:
            return self._ask(query, conditions)
        except DBAPIError as error:
            if cannot_be_held(error) and not _ascii(query.subject.value, *conditions.values()):
                return ()
            if not error.connection_invalidated:
                raise
            return self._ask(query, conditions)  # a kept connection had died; reading again changes nothing (law 5)

    def _name_missing(self) -> None:
        """Look at the table again, which says which columns those are. Raises: SourceGarbled."""
        with suppress(SQLAlchemyError), self._engine.connect() as connection:
            reflect(connection, self._settings, self._limits)

    def _ask(self, query: Query, conditions: Mapping[str, str | None]) -> tuple[Record, ...]:
        with self._engine.connect() as connection:
            self._watch(connection, query.deadline)
            known = spellings(query, self._settings.lower_case_too)
            with closing(self._prepared(connection).rows(connection, known, conditions)) as rows:
                return tuple(self._answer(rows))

    def _watch(self, connection: Connection, seconds: float) -> None:
        """Have SQLite look at the clock while it works; servers are told once, by statement_timeout."""
        if self._engine.dialect.name == "sqlite":
            ends = self._clock.monotonic() + seconds
            driver: Any = connection.connection.dbapi_connection
            driver.set_progress_handler(lambda: self._clock.monotonic() > ends, _STEPS_BETWEEN_LOOKS)

    def _prepared(self, connection: Connection) -> Statement:
        statement = self._statement
        if statement is None:
            with self._lock:
                statement = self._statement or reflect(connection, self._settings, self._limits)
                self._statement = statement
            self._note(connection)
        return statement

    def _note(self, connection: Connection) -> None:
        """Say once, in the log, what an operator should know about this database."""
        if self._noted:
            return
        self._noted = True
        if not is_tested(self._engine):
            _LOG.warning("source %s: databases of the kind %s are untested", self._name, self._engine.dialect.name)
        if may_write(connection):
            _LOG.warning("source %s: its role may do more than read", self._name)

    def _answer(self, rows: Iterable[RowMapping]) -> Iterator[Record]:
        """The allowed columns of the rows, counted while they are fetched. Raises: SourceTooLarge."""
        left = self._limits.max_bytes
        for row in rows:
            values = {name: _raw(row[name]) for name in self._settings.columns}
            left -= sum(_bytes(value) for value in values.values())
            if left < 0:
                raise SourceTooLarge("bytes")
            yield Record(values)


def open_source(settings: SqlSettings, opening: Opening) -> SqlConnector:
    """The adapter's opener. Raises: SourceMisconfigured."""
    return SqlConnector(opening.name, settings, settings.location(opening), opening.limits, opening.clock)


def _raw(value: object) -> Raw:
    """A driver's value as one of ours; a binary fraction becomes the decimal digits that stand for it."""
    if value is None or isinstance(value, bool | int | str | Decimal | datetime | date):
        return value
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, timedelta):  # MySQL's TIME
        return _clock_time(value)
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return str(value)


def _clock_time(value: timedelta) -> str:
    minutes, seconds = divmod(int(abs(value).total_seconds()), 60)
    return f"{'-' if value < timedelta() else ''}{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"


def _bytes(value: Raw) -> int:
    return 0 if value is None else len(str(value).encode("utf-8", "surrogatepass"))
