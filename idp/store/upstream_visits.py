"""Visits to upstream providers: each comes back once, by one conditional statement."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert

from idp.model.upstream import Visit
from idp.store.tables import upstream_visit


def add(connection: Connection, visit: Visit, expires_at: datetime) -> None:
    """Keep a visit, by the hash of its state and its session."""
    values = {"hash": visit.hash, "person": visit.person, "upstream": visit.upstream, "expires_at": expires_at}
    connection.execute(insert(upstream_visit).values(**values))


def take(connection: Connection, visit: Visit, now: datetime) -> datetime | None:
    """Until when it was good, for exactly one caller, ever: who began it, at the upstream it was begun for, in time."""
    row = upstream_visit.c
    statement = delete(upstream_visit).where(
        row.hash == visit.hash, row.person == visit.person, row.upstream == visit.upstream, row.expires_at > now
    )
    found: datetime | None = connection.execute(statement.returning(row.expires_at)).scalar_one_or_none()
    return found
