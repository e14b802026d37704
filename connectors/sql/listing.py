"""Listing whom a table holds rows of: one bound SELECT of the subject's column alone, in the column's own order."""

from __future__ import annotations

from sqlalchemy import Connection, Integer, String, Text, cast, column, inspect, select, table
from sqlalchemy.sql.elements import quoted_name

from connectors.errors import SourceGarbled
from connectors.sql.settings import SqlSettings


def listed_subjects(connection: Connection, settings: SqlSettings, after: str, limit: int) -> tuple[str, ...]:
    """Distinct subjects behind one of them, at most so many. Raises: SQLAlchemyError, SourceGarbled."""
    described = inspect(connection).get_columns(settings.table, schema=settings.schema)
    kind = next((each["type"] for each in described if each["name"] == settings.subject_column), None)
    if kind is None:
        raise SourceGarbled("columns-missing")
    schema = settings.schema and quoted_name(settings.schema, quote=True)
    subject = column(quoted_name(settings.subject_column, quote=True), kind)
    relation = table(quoted_name(settings.table, quote=True), subject, schema=schema)
    wanted = relation.c[settings.subject_column]
    statement = select(wanted).distinct().where(wanted.is_not(None)).order_by(wanted).limit(limit)
    if isinstance(kind, Integer):
        behind = statement.where(wanted > int(after)) if after.isascii() and after.isdecimal() else statement
    else:
        written = wanted if isinstance(kind, String) else cast(wanted, Text())
        behind = statement.where(written > after) if after else statement
    return tuple(str(value).strip() for value in connection.scalars(behind))
