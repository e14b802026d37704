"""Listing whom a table holds rows of: the subject's column alone, each text as it is stored, in an order of its own.

The order is that of the column, which an index serves, and within what the column's collation takes for one (``a1`` and
``A1``, or ``é`` and ``e``) that of the bytes: a listing may go on behind any spelling, and comes to every other.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Enum,
    Integer,
    Select,
    String,
    Text,
    and_,
    cast,
    column,
    func,
    inspect,
    literal,
    or_,
    select,
    table,
    type_coerce,
    types,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.sql.elements import quoted_name

from connectors.errors import SourceGarbled
from connectors.sql.settings import SqlSettings

_BYTEWISE = {"postgresql": "C", "sqlite": "BINARY"}
"""The collation in which two texts are equal where their bytes are."""


def listed_subjects(connection: Connection, settings: SqlSettings, after: str, limit: int) -> tuple[str, ...]:
    """Distinct subjects behind one of them as it is stored, at most so many. Raises: SQLAlchemyError, SourceGarbled."""
    described = inspect(connection).get_columns(settings.table, schema=settings.schema)
    kind = next((each["type"] for each in described if each["name"] == settings.subject_column), None)
    if kind is None:
        raise SourceGarbled("columns-missing")
    schema = settings.schema and quoted_name(settings.schema, quote=True)
    subject = column(quoted_name(settings.subject_column, quote=True), kind)
    relation = table(quoted_name(settings.table, quote=True), subject, schema=schema)
    wanted = relation.c[settings.subject_column]
    dialect = connection.dialect.name
    whole_number = isinstance(kind, Integer) and dialect != "sqlite"  # where such a column may hold anything
    behind = _numbers(wanted, after, limit) if whole_number else _texts(wanted, after, limit, dialect)
    return tuple(str(row[0]) for row in connection.execute(behind))


def _numbers(wanted: ColumnElement[Any], after: str, limit: int) -> Select[Any]:
    behind = type_coerce(wanted, types.BigInteger()) > int(after) if after else wanted.is_not(None)
    return select(wanted).distinct().where(behind).order_by(wanted).limit(limit)


def _texts(wanted: ColumnElement[Any], after: str, limit: int, dialect: str) -> Select[Any]:
    """The next spellings: of the next groups that the column's collation makes, as many groups as spellings and one
    more, since the first may be the one in which the last listing ended.
    """
    grouped = _grouped(wanted)
    spelled, at = _bytewise(grouped, dialect), literal(after, grouped.type)
    held = and_(grouped.is_not(None), spelled != "", grouped >= at)
    if dialect == "sqlite":  # whatever the column's type, there may be bytes in it, which no look-up finds
        held = and_(held, func.typeof(grouped) == "text")
    groups = select(grouped.label("at")).where(held).distinct().order_by(grouped).limit(limit + 1).subquery("groups")
    behind = or_(grouped > at, spelled > _bytewise(at, dialect))
    reached = select(spelled).where(held, behind, grouped <= select(func.max(groups.c.at)).scalar_subquery())
    # not DISTINCT: ordered by the column, MariaDB then gives one spelling of each group
    return reached.group_by(grouped, spelled).order_by(grouped, spelled).limit(limit)


def _grouped(wanted: ColumnElement[Any]) -> ColumnElement[Any]:
    """What is ordered and compared: the text itself, or what a number, a day or a UUID is as text."""
    is_text = isinstance(wanted.type, String) and not isinstance(wanted.type, Enum)
    return wanted if is_text else cast(wanted, Text())


def _bytewise(text: ColumnElement[Any], dialect: str) -> ColumnElement[Any]:
    if dialect in ("mysql", "mariadb"):
        return cast(text, mysql.CHAR(charset="utf8mb4")).collate("utf8mb4_bin")
    return cast(text, Text()).collate(_BYTEWISE[dialect]) if dialect in _BYTEWISE else cast(text, Text())
