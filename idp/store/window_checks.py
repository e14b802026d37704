"""What a clerk read on a document, sealed, until a second clerk has confirmed it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from idp.model.proofing import WindowCheck
from idp.store.tables import window_check


def add(connection: Connection, added: WindowCheck, expires_at: datetime) -> None:
    """Keep a check."""
    values = {"id": added.id, "person": added.person, "sealed": added.sealed, "evidence": added.evidence}
    connection.execute(insert(window_check).values(**values, expires_at=expires_at))


def find(connection: Connection, check_id: str) -> WindowCheck | None:
    """One check, while it waits."""
    row = connection.execute(select(window_check).where(window_check.c.id == check_id)).one_or_none()
    return None if row is None else WindowCheck(row.id, row.person, row.sealed, row.evidence)


def take(connection: Connection, check_id: str) -> WindowCheck | None:
    """One check, which is forgotten by this."""
    found = find(connection, check_id)
    gone = connection.execute(delete(window_check).where(window_check.c.id == check_id)).rowcount == 1
    return found if gone else None
