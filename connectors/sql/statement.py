"""The one statement that is ever sent, built by SQLAlchemy from a table's own description."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Connection,
    Executable,
    RowMapping,
    TableClause,
    Text,
    bindparam,
    cast,
    column,
    func,
    inspect,
    literal_column,
    or_,
    select,
    table,
    type_coerce,
    types,
)
from sqlalchemy.sql.elements import ColumnElement, quoted_name

from connectors.adapters import Limits
from connectors.errors import SourceGarbled, SourceTooLarge
from connectors.sql.settings import SqlSettings

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


@dataclass(frozen=True, slots=True)
class Statement:
    """A SELECT with two kinds of holes: the subject's spellings and the values of further conditions."""

    select: Executable
    whole_number: bool
    max_bytes: int
    cut: frozenset[str]

    def rows(self, connection: Connection, spellings: Sequence[str], conditions: Mapping[str, str]) -> list[RowMapping]:
        """The rows whose subject is exactly one of the spellings. Raises: SQLAlchemyError, SourceTooLarge."""
        subjects = [self._bound(text) for text in spellings]
        if None in subjects:
            return []
        values = {f"subject_{at}": subject for at, subject in enumerate(subjects)}
        values |= {f"where_{at}": value for at, value in enumerate(conditions.values())}
        found = connection.execute(self.select, values).mappings().all()
        rows = [row for row in found if str(row[_SUBJECT]).strip() in spellings]
        self._check(rows)
        return rows

    def _bound(self, text: str) -> str | int | None:
        """The subject as the column holds it, or None where such a column cannot hold it."""
        if not self.whole_number:
            return text
        fits = text.isascii() and text.isdecimal() and len(text) <= 18 and str(int(text)) == text
        return int(text) if fits else None

    def _check(self, rows: Sequence[RowMapping]) -> None:
        if any(row[name] is not None and len(row[name]) > self.max_bytes for row in rows for name in self.cut):
            raise SourceTooLarge("bytes")


def reflect(connection: Connection, settings: SqlSettings, limits: Limits) -> Statement:
    """The statement for a table as it is now. Raises: SQLAlchemyError, SourceGarbled where columns are missing."""
    described = inspect(connection).get_columns(settings.table, schema=settings.schema)
    kinds = {each["name"]: each["type"] for each in described}
    wanted = {*settings.columns, settings.subject_column, *(name for name, _ in settings.where)}
    if wanted - kinds.keys():
        raise SourceGarbled("columns-missing")
    sqlite = connection.dialect.name == "sqlite"  # it has a length limit of its own, and no fixed types
    cut = frozenset(name for name in settings.columns if not sqlite and not isinstance(kinds[name], _BOUNDED))
    return Statement(
        select=_select(settings, kinds, cut, limits),
        whole_number=isinstance(kinds[settings.subject_column], types.Integer),
        max_bytes=limits.max_bytes,
        cut=cut,
    )


def _select(settings: SqlSettings, kinds: Mapping[str, Any], cut: frozenset[str], limits: Limits) -> Executable:
    relation = _relation(settings, kinds)
    subject = relation.c[settings.subject_column]
    listed = [_cut(relation.c[name], limits) if name in cut else relation.c[name] for name in settings.columns]
    spelled = [_comparable(subject) == bindparam(f"subject_{at}") for at in range(2 if settings.lower_case_too else 1)]
    where = [_text(relation.c[name]) == bindparam(f"where_{at}") for at, (name, _) in enumerate(settings.where)]
    asked = [*zip(listed, settings.columns, strict=True), (subject, _SUBJECT)]
    return (
        select(*(type_coerce(each, types.NullType()).label(name) for each, name in asked))
        .select_from(relation)
        .where(or_(*spelled), *where)
        .limit(literal_column(str(limits.max_records + 1)))
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


def _cut(described: ColumnElement[Any], limits: Limits) -> ColumnElement[Any]:
    length: ColumnElement[Any] = literal_column(str(limits.max_bytes + 1))
    return func.substr(cast(described, Text()), literal_column("1"), length)


def _comparable(subject: ColumnElement[Any]) -> ColumnElement[Any]:
    """The subject's column as something an index serves: itself where it holds text or whole numbers."""
    return type_coerce(subject, types.BigInteger()) if isinstance(subject.type, types.Integer) else _text(subject)


def _text(described: ColumnElement[Any]) -> ColumnElement[Any]:
    if isinstance(described.type, types.String) and not isinstance(described.type, types.Enum):
        return described
    return cast(described, Text())
