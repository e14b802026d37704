"""Column types and statements that mean the same on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Connection, Dialect, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime, stored as whole microseconds since 1970: exact, sortable, the same on both databases."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's
        """To microseconds; raises ValueError for a naive datetime."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's
        """From microseconds, in UTC."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


def upsert_ignore(table: Table, connection: Connection) -> Insert:
    """``INSERT … ON CONFLICT DO NOTHING``; the result's ``rowcount`` is 1 for a new row, 0 when it was there."""
    statement: Insert
    if connection.dialect.name == "sqlite":
        statement = sqlite.insert(table).on_conflict_do_nothing()
    else:
        statement = postgresql.insert(table).on_conflict_do_nothing()
    # Where a key is generated SQLAlchemy adds RETURNING, and then forgets the row count unless told to keep it.
    return statement.execution_options(preserve_rowcount=True)


def upsert_touch(table: Table, connection: Connection) -> Insert:
    """``INSERT … ON CONFLICT DO UPDATE`` that changes nothing of a row that was there, but locks it.

    With ``returning`` it gives the row in either case, also where another transaction removes it at that moment:
    between an insert that does nothing and a select, it would be gone.
    """
    key = next(iter(table.primary_key.columns)).name
    if connection.dialect.name == "sqlite":
        lite = sqlite.insert(table)
        return lite.on_conflict_do_update(index_elements=[key], set_={key: lite.excluded[key]})
    statement = postgresql.insert(table)
    return statement.on_conflict_do_update(index_elements=[key], set_={key: statement.excluded[key]})
