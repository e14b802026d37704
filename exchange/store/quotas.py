"""Daily quotas of grants, reserved by one conditional statement so that racing calls cannot both take the last one."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, select, update

from exchange.store.tables import quota_use
from kernel.database import upsert_ignore


def reserve(connection: Connection, grant: str, day: date, cap: int, count: int = 1) -> bool:
    """Take ``count`` of today's releases under ``grant`` (id@version); False, and nothing taken, when fewer are left."""
    row = {"grant_ref": grant, "day": day.isoformat(), "used": 0}
    connection.execute(upsert_ignore(quota_use, connection), row)
    taken = connection.execute(
        update(quota_use)
        .where(quota_use.c.grant_ref == grant, quota_use.c.day == row["day"], quota_use.c.used <= cap - count)
        .values(used=quota_use.c.used + count)
        .returning(quota_use.c.used)
    )
    return taken.first() is not None


def used(connection: Connection, grant: str, day: date) -> int:
    """How many of a day's releases under ``grant`` are taken."""
    statement = select(quota_use.c.used).where(quota_use.c.grant_ref == grant, quota_use.c.day == day.isoformat())
    return int(connection.execute(statement).scalar() or 0)
