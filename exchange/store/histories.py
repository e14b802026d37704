"""What happened to a matter, event by event, as its own table keeps it beside the state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, Table, insert, select

from kernel import canonical
from kernel.canonical import JSON

_LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Happened:
    """One event of a matter; ``revision`` is that of the state it made."""

    revision: int
    name: str
    at: datetime
    facts: Mapping[str, JSON]

    def members(self) -> dict[str, JSON]:
        """As every answer gives it."""
        return {"revision": self.revision, "event": self.name, "at": self.at.isoformat(), "facts": dict(self.facts)}


@dataclass(frozen=True, slots=True)
class History:
    """The events of one kind of matter: ``table`` keeps them, and its column ``about`` names the matter."""

    table: Table
    about: str

    def of(self, connection: Connection, matter: str) -> tuple[Happened, ...]:
        """What happened to it, oldest first."""
        events = self.table.c
        rows = connection.execute(select(self.table).where(events[self.about] == matter).order_by(events.revision))
        return tuple(Happened(row.revision, row.name, row.at, _facts(row.facts)) for row in rows)

    def note(self, connection: Connection, matter: str, happened: Happened) -> None:
        """Write down one event."""
        facts = canonical.encode(dict(happened.facts)).decode()
        said = {"revision": happened.revision, "name": happened.name, "facts": facts, "at": happened.at}
        connection.execute(insert(self.table).values({self.about: matter, **said}))


def _facts(text: str) -> Mapping[str, JSON]:
    return cast("Mapping[str, JSON]", canonical.decode(text, max_bytes=_LARGEST))
