"""The register of sealed people and companies, kept by blind index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, Row, func, insert, select, update

from exchange.store.tables import sealing
from kernel.canonical import decode, encode
from kernel.text import Text


@dataclass(frozen=True, slots=True)
class Sealing:
    """One entry of the register; ``subject`` is a blind index, ``lifted_at`` set where it ended before its time."""

    id: str
    subject: bytes = field(repr=False)
    organisation: str
    sealed_by: str
    citation: Text
    sealed_at: datetime
    until: datetime
    lifted_at: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Whether it seals at this time."""
        return self.lifted_at is None and at < self.until


def add(connection: Connection, added: Sealing) -> None:
    """Store a new entry."""
    connection.execute(
        insert(sealing).values(
            id=added.id,
            subject=added.subject,
            organisation=added.organisation,
            sealed_by=added.sealed_by,
            citation=encode({"zh": added.citation.zh, "en": added.citation.en}).decode(),
            sealed_at=added.sealed_at,
            until=added.until,
        )
    )


def lift(connection: Connection, name: str, at: datetime) -> bool:
    """End an entry before its time; False when it was lifted already."""
    statement = update(sealing).where(sealing.c.id == name, sealing.c.lifted_at.is_(None))
    return connection.execute(statement.values(lifted_at=at)).rowcount == 1


def read(connection: Connection, name: str) -> Sealing | None:
    """One entry."""
    row = connection.execute(select(sealing).where(sealing.c.id == name)).one_or_none()
    return None if row is None else _sealing(row)


def page(connection: Connection, before: str | None, organisation: str | None, limit: int) -> list[Sealing]:
    """The newest entries, or those older than one of them (by identifier, which grows with time); of one department."""
    statement = select(sealing).order_by(sealing.c.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(sealing.c.id < before)
    if organisation is not None:
        statement = statement.where(sealing.c.organisation == organisation)
    return [_sealing(row) for row in connection.execute(statement)]


def holding(connection: Connection) -> Mapping[bytes, datetime]:
    """Until when each subject is sealed, by all entries that were not lifted."""
    last = func.max(sealing.c.until, type_=sealing.c.until.type)
    statement = select(sealing.c.subject, last).where(sealing.c.lifted_at.is_(None)).group_by(sealing.c.subject)
    return {bytes(subject): until for subject, until in connection.execute(statement)}


def made_since(connection: Connection, instant: datetime, now: datetime) -> list[bytes]:
    """Whoever was sealed from an instant on, and still is."""
    row = sealing.c
    statement = select(row.subject).where(row.sealed_at >= instant, row.lifted_at.is_(None), row.until > now)
    return [bytes(subject) for subject in connection.scalars(statement.distinct())]


def _sealing(row: Row[tuple[object, ...]]) -> Sealing:
    said = cast("Mapping[str, str]", decode(row.citation))
    return Sealing(
        id=row.id,
        subject=bytes(row.subject),
        organisation=row.organisation,
        sealed_by=row.sealed_by,
        citation=Text(said["zh"], said["en"]),
        sealed_at=row.sealed_at,
        until=row.until,
        lifted_at=row.lifted_at,
    )
