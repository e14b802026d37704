"""The clocks of one kind of matter: when each is to be looked at next, as its own table keeps it beside the state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import Column, Connection, Table, select, update


class Revised(Protocol):
    """The state of a matter."""

    @property
    def revision(self) -> int:
        """How often it was changed."""
        ...


State = TypeVar("State", bound=Revised)


@dataclass(frozen=True, slots=True)
class RunningClocks(Generic[State]):
    """``table`` keeps the matters, ``name`` is its key, and ``named`` the name that a state bears."""

    table: Table
    name: Column[Any]
    named: Callable[[State], str]

    def due(self, connection: Connection, by: datetime | None) -> tuple[str, ...]:
        """Those whose clock is to be looked at by this instant; None for all whose clock runs."""
        next_due = self.table.c.next_due
        statement = select(self.name).where(next_due.is_not(None)).order_by(next_due, self.name)
        if by is not None:
            statement = statement.where(next_due <= by)
        return tuple(connection.scalars(statement))

    def look_again(self, connection: Connection, at: datetime) -> None:
        """Have every running clock looked at: the calendar it was counted by has changed."""
        connection.execute(update(self.table).where(self.table.c.next_due.is_not(None)).values(next_due=at))

    def set_next_due(self, connection: Connection, state: State, next_due: datetime | None) -> None:
        """When its clock is to be looked at next, while it is as it was read."""
        as_read = update(self.table).where(self.name == self.named(state), self.table.c.revision == state.revision)
        connection.execute(as_read.values(next_due=next_due))
