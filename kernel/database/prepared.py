"""Statements of SQLAlchemy's, composed once for each database and then sent straight to the driver.

Executing a statement through SQLAlchemy costs several times what the driver takes for it, however simple it is. Here
the tables still speak (names, types, conditions shared between statements), but only once; what every request passes
is then a driver's call and the conversions that the column types ask for.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect, Insert, Select, Update
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate
from sqlalchemy.types import TypeEngine

from kernel.database.driver import send

Convert = Callable[[Any], Any] | None
Statement = Select[Any] | Insert | Update | ReturningInsert[Any] | ReturningUpdate[Any]


@dataclass(frozen=True, slots=True)
class _Composed:
    """A statement as one database takes it."""

    sql: str
    names: tuple[str, ...]
    """Of the parameters, in the order of the placeholders; empty where the driver takes them by name."""
    fixed: Mapping[str, Any]
    converted: Mapping[str, Callable[[Any], Any]]
    row: Callable[..., Any]
    columns: tuple[tuple[int, Callable[[Any], Any]], ...]

    def read(self, found: Sequence[Any]) -> Any:
        """A row as the driver gives it, converted as the column types ask for."""
        members = list(found)
        for place, convert in self.columns:
            members[place] = convert(members[place])
        return self.row(*members)


class Prepared:
    """One statement. Safe for threads: composed at first use, and both results of a race are equal."""

    def __init__(self, statement: Statement, *given: str) -> None:
        """``given`` names the columns of an INSERT that are set. Lists (``IN``) are not for here."""
        self._statement = statement
        self._given = list(given) or None
        self._composed: dict[str, _Composed] = {}

    def run(self, connection: Connection, **values: Any) -> DBAPICursor:
        """Execute; the cursor tells how many rows were changed. Raises what SQLAlchemy would."""
        return self._send(connection, self._of(connection.dialect), values)

    def first(self, connection: Connection, **values: Any) -> Any | None:
        """The first row by column names, or None."""
        composed = self._of(connection.dialect)
        found = self._send(connection, composed, values).fetchone()
        return None if found is None else composed.read(found)

    def all(self, connection: Connection, **values: Any) -> list[Any]:
        """Every row by column names."""
        composed = self._of(connection.dialect)
        return [composed.read(found) for found in self._send(connection, composed, values).fetchall()]

    def _send(self, connection: Connection, composed: _Composed, values: dict[str, Any]) -> DBAPICursor:
        for name, convert in composed.converted.items():
            if name in values:
                values[name] = convert(values[name])
        given = {**composed.fixed, **values}
        parameters = tuple([given[name] for name in composed.names]) if composed.names else given
        return send(connection, composed.sql, parameters)

    def _of(self, dialect: Dialect) -> _Composed:
        found = self._composed.get(dialect.name)
        if found is None:
            found = self._composed[dialect.name] = self._compose(dialect)
        return found

    def _compose(self, dialect: Dialect) -> _Composed:
        compiled = self._statement.compile(dialect=dialect, column_keys=self._given)
        binding = {name: _binding(bound.type, dialect) for name, bound in compiled.binds.items()}
        converted = {name: convert for name, convert in binding.items() if convert is not None}
        fixed = {name: bound.value for name, bound in compiled.binds.items() if not bound.required}
        return _Composed(
            sql=str(compiled),
            names=tuple(compiled.positiontup or ()),
            fixed={name: converted[name](value) if name in converted else value for name, value in fixed.items()},
            converted=converted,
            row=self._row(),
            columns=self._columns(dialect),
        )

    def _row(self) -> Callable[..., Any]:
        return namedtuple("Row", self._exported()) if self._exported() else tuple

    def _exported(self) -> list[str]:
        exported = getattr(self._statement, "exported_columns", None)
        return [] if exported is None else [str(name) for name in exported.keys()]  # noqa: SIM118 - not a mapping

    def _columns(self, dialect: Dialect) -> tuple[tuple[int, Callable[[Any], Any]], ...]:
        exported = getattr(self._statement, "exported_columns", ())
        reading = [_reading(column.type, dialect) for column in exported]
        return tuple((place, convert) for place, convert in enumerate(reading) if convert is not None)


def _binding(kind: TypeEngine[Any], dialect: Dialect) -> Convert:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _reading(kind: TypeEngine[Any], dialect: Dialect) -> Convert:
    return kind.dialect_impl(dialect).result_processor(dialect, None)
