"""The channels by which people are reached; their addresses are sealed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from idp.model.contact import ContactKind
from idp.store.tables import contact_channel


@dataclass(frozen=True, slots=True)
class StoredChannel:
    """A channel as it is kept."""

    id: str
    person: str
    kind: ContactKind
    sealed: bytes = field(repr=False)
    confirmed_at: datetime | None
    created_at: datetime
    codes_since: datetime | None = None
    """Since when codes sent here count as a second factor."""


def add(connection: Connection, added: StoredChannel) -> None:
    """Keep a channel."""
    connection.execute(
        insert(contact_channel).values(
            id=added.id,
            person=added.person,
            kind=added.kind.value,
            sealed=added.sealed,
            confirmed_at=added.confirmed_at,
            created_at=added.created_at,
        )
    )


def of_person(connection: Connection, person_id: str) -> list[StoredChannel]:
    """A person's channels, oldest first."""
    statement = select(contact_channel).where(contact_channel.c.person == person_id)
    rows = connection.execute(statement.order_by(contact_channel.c.created_at, contact_channel.c.id)).all()
    return [
        StoredChannel(
            row.id, row.person, ContactKind(row.kind), row.sealed, row.confirmed_at, row.created_at, row.codes_since
        )
        for row in rows
    ]


def confirm(connection: Connection, person_id: str, channel_id: str, now: datetime) -> bool:
    """Note that a message arrived; once."""
    theirs = (contact_channel.c.id == channel_id) & (contact_channel.c.person == person_id)
    statement = update(contact_channel).where(theirs, contact_channel.c.confirmed_at.is_(None))
    return connection.execute(statement.values(confirmed_at=now)).rowcount == 1


def use_for_codes(connection: Connection, person_id: str, channel_id: str, since: datetime | None) -> bool:
    """Let codes sent to a confirmed telephone count as a second factor, or no longer (None); False when it was so."""
    row = contact_channel.c
    phone = (row.person == person_id) & (row.id == channel_id) & (row.kind == ContactKind.PHONE.value)
    otherwise = row.codes_since.is_not(None) if since is None else row.codes_since.is_(None)
    statement = update(contact_channel).where(phone, row.confirmed_at.is_not(None), otherwise)
    return connection.execute(statement.values(codes_since=since)).rowcount == 1


def use_none_for_codes(connection: Connection, person_id: str) -> None:
    """Let no code sent to any of this person's telephones count as a second factor."""
    statement = update(contact_channel).where(contact_channel.c.person == person_id)
    connection.execute(statement.values(codes_since=None))


def remove(connection: Connection, person_id: str, channel_id: str) -> bool:
    """Forget a channel of this person."""
    statement = delete(contact_channel).where(contact_channel.c.id == channel_id, contact_channel.c.person == person_id)
    return connection.execute(statement).rowcount == 1
