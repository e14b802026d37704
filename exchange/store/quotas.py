"""Daily quotas of grants, reserved by one conditional statement so that racing calls cannot both take the last one."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, select, update

from exchange.store.tables import quota_use
from kernel.database import upsert_ignore


def reserve(connection: Connection, grant: str, day: date, cap: int) -> bool:
    """Take one of a day's releases under ``grant`` (id@version); False, and nothing taken, when none is left."""
    row = {"grant_ref": grant, "day": day.isoformat(), "used": 0}
    connection.execute(upsert_ignore(quota_use, connection), row)
    taken = connection.execute(
        update(quota_use)
        .where(quota_use.c.grant_ref == grant, quota_use.c.day == row["day"], quota_use.c.used < cap)
        .values(used=quota_use.c.used + 1)
        .returning(quota_use.c.used)
    )
    return taken.first() is not None


def give_back(connection: Connection, grant: str, day: date) -> None:
    """Return one reserved release that did not happen."""
    statement = update(quota_use).where(quota_use.c.grant_ref == grant, quota_use.c.day == day.isoformat())
    connection.execute(statement.values(used=quota_use.c.used - 1))


def used(connection: Connection, grant: str, day: date) -> int:
    """How many of a day's releases under ``grant`` are taken."""
    statement = select(quota_use.c.used).where(quota_use.c.grant_ref == grant, quota_use.c.day == day.isoformat())
    return int(connection.execute(statement).scalar() or 0)
