"""Messages to offices: written in the transaction of what caused them, read and marked by each officer."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, or_, select

from exchange.store import forwardings
from exchange.store.tables import message, message_read
from kernel import canonical
from kernel.canonical import JSON
from kernel.database import upsert_ignore
from policies.roles import Officer, Role

ANY = ""
"""Stands for the organisation where an office is told wherever it is held: data governance has no code here."""
_LARGEST = 1 << 16
_m = message.c


@dataclass(frozen=True, slots=True)
class Message:
    """Something that waits for an office, or that it should know.

    ``cause`` names the event; the same cause is told to an office once. ``about`` is the thing it concerns (a grant's
    id@version, a request, an entry, a campaign); ``facts`` complete the sentence and hold nothing of a person. What is
    ``urgent`` goes to every address of the office, at once.
    """

    cause: str
    organisation: str
    role: Role
    kind: str
    about: str
    at: datetime
    facts: Mapping[str, JSON] = field(default_factory=dict)
    urgent: bool = False

    @property
    def id(self) -> str:
        """The name it has for ever."""
        named = f"{self.cause}\n{self.organisation}\n{self.role.value}"
        return f"msg_{hashlib.sha256(named.encode()).hexdigest()[:32]}"


@dataclass(frozen=True, slots=True)
class Kept:
    """A message as one officer finds it."""

    id: str
    organisation: str
    role: Role
    kind: str
    about: str
    at: datetime
    facts: Mapping[str, Any]
    read: bool


def put(connection: Connection, messages: Iterable[Message]) -> None:
    """Write messages, and put each beside the addresses it goes to; what was told before is not told again."""
    for one in messages:
        written = connection.execute(
            upsert_ignore(message, connection).values(
                id=one.id,
                organisation=one.organisation,
                role=one.role.value,
                kind=one.kind,
                about=one.about,
                facts=canonical.encode(dict(one.facts)).decode(),
                at=one.at,
            )
        )
        if written.rowcount == 1:
            forwardings.enqueue(connection, one.id, one.organisation, one.role, one.kind, one.at, urgent=one.urgent)


def listed(connection: Connection, officer: Officer, *, unread: bool, after: str, limit: int) -> tuple[Kept, ...]:
    """An officer's messages, newest first, behind one of them."""
    seen = _is_read_by(officer)
    statement = select(message, seen.label("read")).where(_is_for(officer)).order_by(_m.at.desc(), _m.id.desc())
    if unread:
        statement = statement.where(~seen)
    if after:
        at = select(_m.at).where(_m.id == after).scalar_subquery()
        statement = statement.where(or_(_m.at < at, and_(_m.at == at, _m.id < after)))
    return tuple(
        Kept(row.id, row.organisation, Role(row.role), row.kind, row.about, row.at, _object(row.facts), bool(row.read))
        for row in connection.execute(statement.limit(limit))
    )


def count_unread(connection: Connection, officer: Officer) -> int:
    """How many an officer has not read."""
    statement = select(func.count()).select_from(message).where(_is_for(officer), ~_is_read_by(officer))
    return int(connection.scalar(statement) or 0)


def mark_read(connection: Connection, officer: Officer, wanted: Collection[str], at: datetime) -> bool:
    """Mark messages as read by an officer; False, and none marked, when one of them is not theirs."""
    theirs = connection.scalars(select(_m.id).where(_is_for(officer), _m.id.in_(sorted(wanted)))).all()
    if set(theirs) != set(wanted):
        return False
    for one in theirs:
        connection.execute(upsert_ignore(message_read, connection).values(message=one, officer=officer.id, at=at))
    return True


def prune(connection: Connection, before: datetime) -> None:
    """Forget messages older than an instant, and who read them; what they told stands in the log."""
    old = select(_m.id).where(_m.at < before)
    connection.execute(delete(message_read).where(message_read.c.message.in_(old)))
    connection.execute(delete(message).where(_m.at < before))


def _is_for(officer: Officer) -> ColumnElement[bool]:
    roles = sorted(role.value for role in officer.roles)
    return and_(_m.role.in_(roles), _m.organisation.in_([ANY, officer.organisation]))


def _is_read_by(officer: Officer) -> ColumnElement[bool]:
    return exists().where(message_read.c.message == _m.id, message_read.c.officer == officer.id)


def _object(text: str) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", canonical.decode(text, max_bytes=_LARGEST))
