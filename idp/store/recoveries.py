"""Recoveries: used once, or stopped once, each by one conditional statement."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from idp.model.recovery import Recovery
from idp.store.tables import recovery


def add(connection: Connection, added: Recovery) -> None:
    """Keep a recovery."""
    connection.execute(
        insert(recovery).values(
            id=added.id,
            person=added.person,
            stop_hash=added.stop_hash,
            link_hash=added.link_hash,
            due_at=added.due_at,
            expires_at=added.expires_at,
            at_window=added.at_window,
        )
    )


def under_way(connection: Connection, person_id: str, now: datetime) -> bool:
    """Whether one is open already."""
    statement = select(recovery.c.id).where(recovery.c.person == person_id, _open(now)).limit(1)
    return connection.execute(statement).first() is not None


def open_of(connection: Connection, person_id: str, now: datetime) -> tuple[str, ...]:
    """The open ones of a person."""
    return _ids(connection, recovery.c.person == person_id, now)


def asked_for(connection: Connection, person_id: str, now: datetime) -> tuple[str, ...]:
    """The open ones of a person that nobody allowed at a window."""
    return _ids(connection, (recovery.c.person == person_id) & recovery.c.at_window.is_(False), now)


def by_link(connection: Connection, link_hash: bytes, now: datetime) -> Recovery | None:
    """The recovery of a link, while the link works."""
    return _one(connection, (recovery.c.link_hash == link_hash) & (recovery.c.due_at <= now) & _open(now))


def by_stop(connection: Connection, stop_hash: bytes, now: datetime) -> Recovery | None:
    """The recovery that can still be stopped by a link."""
    return _one(connection, (recovery.c.stop_hash == stop_hash) & _open(now))


def use(connection: Connection, link_hash: bytes, now: datetime) -> bool:
    """True for exactly one caller, ever: after the delay, and if nobody stopped it."""
    works = (recovery.c.link_hash == link_hash) & (recovery.c.due_at <= now) & _open(now)
    return connection.execute(update(recovery).where(works).values(used_at=now)).rowcount == 1


def stop(connection: Connection, person_id: str, now: datetime, *, at_window: bool) -> bool:
    """End whatever is open of a person, what was allowed ``at_window`` or only what was not; False when nothing was."""
    statement = update(recovery).where(recovery.c.person == person_id, _open(now))
    if not at_window:
        statement = statement.where(recovery.c.at_window.is_(False))
    return connection.execute(statement.values(stopped_at=now)).rowcount > 0


def _ids(connection: Connection, condition: ColumnElement[bool], now: datetime) -> tuple[str, ...]:
    statement = select(recovery.c.id).where(condition, _open(now)).order_by(recovery.c.id)
    return tuple(connection.execute(statement).scalars())


def _open(now: datetime) -> ColumnElement[bool]:
    return recovery.c.used_at.is_(None) & recovery.c.stopped_at.is_(None) & (recovery.c.expires_at > now)


def _one(connection: Connection, condition: ColumnElement[bool]) -> Recovery | None:
    row = connection.execute(select(recovery).where(condition)).one_or_none()
    if row is None:
        return None
    return Recovery(row.id, row.person, row.stop_hash, row.link_hash, row.due_at, row.expires_at, row.at_window)
