"""The one statement that is ever sent, built by SQLAlchemy from a table's description or around a manifest's SELECT."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Connection,
    Executable,
    RowMapping,
    TableClause,
    Text,
    and_,
    bindparam,
    case,
    cast,
    column,
    func,
    inspect,
    literal_column,
    or_,
    select,
    table,
    text,
    true,
    type_coerce,
    types,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.sql.elements import ColumnElement, quoted_name

from connectors.adapters import Limits
from connectors.errors import SourceGarbled, SourceTooLarge
from connectors.sql.settings import SqlSettings
from connectors.sql.written import SUBJECT, SUBJECT_LOWER, Written

_BOUNDED = (
    types.Integer,
    types.Numeric,
    types.Float,
    types.Date,
    types.DateTime,
    types.Time,
    types.Boolean,
    types.Uuid,
)
"""Types whose values are small by nature; every other column is cut at the byte limit by the database itself."""

_SUBJECT = "tongban_subject"
"""The label under which the subject's column comes back, to be compared exactly."""


_TOO_LONG = "tongban_too_long"
"""The label of a column that tells whether a written statement's row holds more than the byte limit."""

_MYSQL = frozenset({"mysql", "mariadb"})


@dataclass(frozen=True, slots=True)
class Statement:
    """A SELECT with two kinds of holes: the subject's spellings and the values of further conditions.

    Attributes:
        subjects: the names of the holes for spellings; conditions: those for values.
        whole_number: whether the subject's column holds whole numbers.
        cut: the columns that the database itself cuts at `max_bytes`.
    """

    select: Executable
    subjects: tuple[str, ...]
    conditions: tuple[str, ...]
    whole_number: bool
    max_bytes: int
    cut: frozenset[str]

    def rows(
        self, connection: Connection, spellings: Sequence[str], conditions: Mapping[str, str | None]
    ) -> Generator[RowMapping]:
        """The rows whose subject is exactly one of the spellings, each fetched as it is asked for.

        A server's driver fetches them by itself: one more than the limit of rows, in which no column is longer than
        the limit of bytes. Raises: SQLAlchemyError, SourceTooLarge.
        """
        subjects = [self._bound(text) for text in spellings]
        if None in subjects:
            return
        values: dict[str, str | int | None] = dict(zip(self.subjects, subjects, strict=True))
        values |= dict(zip(self.conditions, conditions.values(), strict=True))
        with connection.execute(self.select, values) as found:
            for row in found.mappings():
                if str(row[_SUBJECT]).strip() in spellings:
                    self._check(row)
                    yield row

    def _bound(self, text: str) -> str | int | None:
        """The subject as the column holds it, or None where such a column cannot hold it."""
        if not self.whole_number:
            return text
        fits = text.isascii() and text.isdecimal() and len(text) <= 18 and str(int(text)) == text
        return int(text) if fits else None

    def _check(self, row: RowMapping) -> None:
        if any(row[name] is not None and len(row[name]) > self.max_bytes for name in self.cut) or row.get(_TOO_LONG):
            raise SourceTooLarge("bytes")


def reflect(connection: Connection, settings: SqlSettings, limits: Limits) -> Statement:
    """The statement for a source as it is now. Raises: SQLAlchemyError, SourceGarbled where columns are missing."""
    if settings.statement is not None:
        return _around(settings.statement, settings, limits, connection.dialect.name)
    described = inspect(connection).get_columns(settings.table, schema=settings.schema)
    kinds = {each["name"]: each["type"] for each in described}
    wanted = {*settings.columns, settings.subject_column, *(name for name, _ in settings.where)}
    if missing := wanted - kinds.keys():
        raise SourceGarbled("columns-missing", columns=missing)
    return _of_table(settings, kinds, limits, connection.dialect.name)


def _of_table(settings: SqlSettings, kinds: Mapping[str, Any], limits: Limits, dialect: str) -> Statement:
    # SQLite has a length limit of its own, and no fixed types
    cut = frozenset(n for n in settings.columns if dialect != "sqlite" and not isinstance(kinds[n], _BOUNDED))
    relation = _relation(settings, kinds)
    subject = relation.c[settings.subject_column]
    listed = [_cut(relation.c[name], limits, dialect) if name in cut else relation.c[name] for name in settings.columns]
    subjects = tuple(f"subject_{at}" for at in range(2 if settings.lower_case_too else 1))
    conditions = tuple(f"where_{at}" for at in range(len(settings.where)))
    where = [_equals(relation.c[name], at, dialect) for (name, _), at in zip(settings.where, conditions, strict=True)]
    asked = [*zip(listed, settings.columns, strict=True), (subject, _SUBJECT)]
    return Statement(
        select=select(*(type_coerce(each, types.NullType()).label(name) for each, name in asked))
        .select_from(relation)
        .where(or_(*(_names(subject, at, dialect) for at in subjects)), *where)
        .limit(literal_column(str(limits.max_records + 1))),
        subjects=subjects,
        conditions=conditions,
        whole_number=isinstance(subject.type, types.Integer),
        max_bytes=limits.max_bytes,
        cut=cut,
    )


def _around(statement: Written, settings: SqlSettings, limits: Limits, dialect: str) -> Statement:
    """The allowed columns of a written statement's answer. Only the database knows their types: none is cut, so a
    column of ours tells where one is too long, and the long one stays where it is.
    """
    named: list[ColumnElement[Any]] = [
        column(quoted_name(name, quote=True)) for name in {*settings.columns, settings.subject_column}
    ]
    answer = text(statement.text).columns(*named).subquery("tongban_answer")
    listed = [answer.c[name] for name in settings.columns]
    limit: ColumnElement[Any] = literal_column(str(limits.max_bytes))
    long = [func.length(cast(each, Text())) > limit for each in listed] if dialect != "sqlite" else []
    kept = [case((is_long, None), else_=each) for each, is_long in zip(listed, long, strict=True)] if long else listed
    asked = [*zip(kept, settings.columns, strict=True), (answer.c[settings.subject_column], _SUBJECT)]
    if long:
        asked.append((case((or_(*long), literal_column("1")), else_=literal_column("0")), _TOO_LONG))
    subjects = tuple(name for name in (SUBJECT, SUBJECT_LOWER) if name in statement.bound)
    exact = [_exactly(answer.c[settings.subject_column], hole) for hole in subjects] if dialect in _MYSQL else []
    return Statement(
        select=select(*(type_coerce(each, types.NullType()).label(name) for each, name in asked))
        .select_from(answer)
        .where(or_(*exact) if exact else true())
        .limit(literal_column(str(limits.max_records + 1))),
        subjects=subjects,
        conditions=tuple(name for name, _ in settings.where),
        whole_number=False,
        max_bytes=limits.max_bytes,
        cut=frozenset(),
    )


def _relation(settings: SqlSettings, kinds: Mapping[str, Any]) -> TableClause:
    """The table with every name quoted, so that each means what stands in the manifest and nothing else.

    Its columns are written with the table's name: SQLite reads a quoted name that it does not know as a text, and would
    answer with the name of a column that has gone.
    """
    named = {settings.subject_column, *settings.columns, *(name for name, _ in settings.where)}
    columns = [column(quoted_name(name, quote=True), kinds[name]) for name in sorted(named)]
    schema = settings.schema and quoted_name(settings.schema, quote=True)
    return table(quoted_name(settings.table, quote=True), *columns, schema=schema)


def _cut(described: ColumnElement[Any], limits: Limits, dialect: str) -> ColumnElement[Any]:
    length: ColumnElement[Any] = literal_column(str(limits.max_bytes + 1))
    binary = dialect in _MYSQL and isinstance(described.type, types._Binary)  # noqa: SLF001 - the base of every such type
    return func.substr(described if binary else cast(described, Text()), literal_column("1"), length)


def _names(subject: ColumnElement[Any], hole: str, dialect: str) -> ColumnElement[bool]:
    """The subject's column, as something an index serves where it holds text or whole numbers, equals a value."""
    if isinstance(subject.type, types.Integer):
        return type_coerce(subject, types.BigInteger()) == bindparam(hole)
    return _equals(subject, hole, dialect)


def _equals(described: ColumnElement[Any], hole: str, dialect: str) -> ColumnElement[bool]:
    """A column's text is a value, letter by letter.

    MySQL's collations take A for a and for Ａ: there the first comparison is the index's, the second is ours.
    """
    equal = _text(described) == bindparam(hole)
    if dialect not in _MYSQL:
        return equal
    return and_(equal, _exactly(described, hole))


def _exactly(described: ColumnElement[Any], hole: str) -> ColumnElement[bool]:
    return cast(described, mysql.CHAR(charset="utf8mb4")).collate("utf8mb4_bin") == bindparam(hole)


def _text(described: ColumnElement[Any]) -> ColumnElement[Any]:
    if isinstance(described.type, types.String) and not isinstance(described.type, types.Enum):
        return described
    return cast(described, Text())
