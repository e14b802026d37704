"""Enrolment links: used once, by one conditional statement."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Row, insert, select, update

from idp.model.enrolment import Enrolment
from idp.store.tables import enrolment


def add(connection: Connection, added: Enrolment) -> None:
    """Keep a link."""
    connection.execute(
        insert(enrolment).values(
            id=added.id,
            hash=added.hash,
            roles=" ".join(added.roles),
            organisation=added.organisation,
            expires_at=added.expires_at,
            invited_by=added.invited_by,
            proposal=added.proposal,
        )
    )


def find(connection: Connection, secret_hash: bytes, now: datetime) -> Enrolment | None:
    """The link with a secret, while it can be used."""
    statement = select(enrolment).where(
        enrolment.c.hash == secret_hash, enrolment.c.used_at.is_(None), enrolment.c.expires_at > now
    )
    row = connection.execute(statement).one_or_none()
    return None if row is None else _enrolment(row)


def use(connection: Connection, secret_hash: bytes, now: datetime) -> bool:
    """True for exactly one caller, ever."""
    statement = (
        update(enrolment)
        .where(enrolment.c.hash == secret_hash, enrolment.c.used_at.is_(None), enrolment.c.expires_at > now)
        .values(used_at=now)
    )
    return connection.execute(statement).rowcount == 1


def cancel(connection: Connection, role: str, now: datetime) -> None:
    """End every unused link to an office: the newest one counts."""
    for open_one in _open_to(connection, role, now):
        connection.execute(update(enrolment).where(enrolment.c.id == open_one).values(expires_at=now))


def _open_to(connection: Connection, role: str, now: datetime) -> list[str]:
    statement = select(enrolment.c.id, enrolment.c.roles).where(
        enrolment.c.used_at.is_(None), enrolment.c.expires_at > now
    )
    return [row.id for row in connection.execute(statement) if role in row.roles.split()]


def _enrolment(row: Row[tuple[object, ...]]) -> Enrolment:
    return Enrolment(
        row.id,
        row.hash,
        tuple(row.roles.split()),
        row.organisation,
        row.expires_at,
        row.invited_by,
        row.proposal,
    )
