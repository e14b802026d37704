"""Askings for a recovery: one row each, whatever was typed, and taken by one conditional statement."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from idp.model.recovery import Asking
from idp.store.tables import recovery_asking


def add(connection: Connection, asking: Asking) -> None:
    """Keep an asking."""
    connection.execute(
        insert(recovery_asking).values(
            id=asking.id, sealed=asking.sealed, asked_at=asking.asked_at, expires_at=asking.expires_at
        )
    )


def waiting(connection: Connection, now: datetime, most: int) -> list[Asking]:
    """Those nobody has looked at yet, oldest first."""
    statement = select(recovery_asking).where(recovery_asking.c.expires_at > now)
    rows = connection.execute(statement.order_by(recovery_asking.c.asked_at, recovery_asking.c.id).limit(most)).all()
    return [Asking(row.id, row.sealed, row.asked_at, row.expires_at) for row in rows]


def take(connection: Connection, asking_id: str) -> bool:
    """True for exactly one caller, ever."""
    return connection.execute(delete(recovery_asking).where(recovery_asking.c.id == asking_id)).rowcount == 1
