"""Departments."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from idp.model.client import Organisation
from idp.store import versions
from idp.store.tables import organisation
from kernel.text import Text


def every(connection: Connection) -> dict[str, Organisation]:
    """All departments by code."""
    rows = connection.execute(
        select(organisation.c.code, organisation.c.name_zh, organisation.c.name_en).order_by(organisation.c.code)
    )
    return {row.code: Organisation(row.code, Text(row.name_zh, row.name_en)) for row in rows}


def put(connection: Connection, added: Organisation, now: datetime) -> None:
    """Add a department, or rename it."""
    names = {"name_zh": added.name.zh, "name_en": added.name.en}
    changed = connection.execute(update(organisation).where(organisation.c.code == added.code).values(**names))
    if changed.rowcount == 0:
        connection.execute(insert(organisation).values(code=added.code, created_at=now, **names))
    versions.advance(connection, versions.CLIENTS)
