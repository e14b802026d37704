"""Accounts people are making for themselves: finished once, by one conditional statement, or forgotten whole."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from idp.model.signing_up import SigningUp
from idp.store.tables import contact_channel, credential, notice, person, sent_code, signing_up


def add(connection: Connection, added: SigningUp) -> None:
    """Keep an application."""
    connection.execute(
        insert(signing_up).values(
            hash=added.hash,
            person=added.person,
            channel=added.channel,
            username=added.username,
            expires_at=added.expires_at,
        )
    )


def find(connection: Connection, secret_hash: bytes, now: datetime) -> SigningUp | None:
    """The application with a secret, while it can be finished."""
    row = signing_up.c
    open_ = (row.hash == secret_hash) & row.finished_at.is_(None) & (row.expires_at > now)
    found = connection.execute(select(signing_up).where(open_)).one_or_none()
    if found is None:
        return None
    return SigningUp(found.hash, found.person, found.channel, found.username, found.expires_at, found.confirmed_at)


def confirm(connection: Connection, secret_hash: bytes, now: datetime) -> None:
    """A message arrived."""
    connection.execute(update(signing_up).where(signing_up.c.hash == secret_hash).values(confirmed_at=now))


def finish(connection: Connection, secret_hash: bytes, now: datetime) -> bool:
    """True for exactly one caller, ever, and only after a message arrived."""
    row = signing_up.c
    open_ = (row.hash == secret_hash) & row.finished_at.is_(None) & (row.expires_at > now)
    statement = update(signing_up).where(open_, row.confirmed_at.is_not(None)).values(finished_at=now)
    return connection.execute(statement).rowcount == 1


def adopt(connection: Connection, person_id: str, username: str) -> None:
    """Give the account of a finished application its name, and admit it."""
    statement = update(person).where(person.c.id == person_id)
    connection.execute(statement.values(username=username, disabled_at=None, disabled_everywhere=False))


def forget(connection: Connection, now: datetime, most: int) -> int:
    """Remove some applications that can no longer be finished, with everything that was kept for them."""
    row = signing_up.c
    past = select(signing_up).where(row.expires_at < now).limit(most)
    found = connection.execute(past).all()
    never = [each.person for each in found if each.finished_at is None]
    connection.execute(delete(signing_up).where(row.hash.in_([each.hash for each in found])))
    for table in (sent_code, notice, contact_channel, credential):
        connection.execute(delete(table).where(table.c.person.in_(never)))
    connection.execute(delete(person).where(person.c.id.in_(never)))
    return len(found)
