"""Daily quotas of grants, reserved by one conditional statement so that racing calls cannot both take the last one.

Counted by grant and not by version: a newer one does not begin the day anew.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection

from kernel.database.driver import run

_BEGIN = "INSERT INTO quota_use (grant_ref, day, used) VALUES (?, ?, 0) ON CONFLICT DO NOTHING"
_TAKE = "UPDATE quota_use SET used = used + 1 WHERE grant_ref = ? AND day = ? AND used < ? RETURNING used"
_GIVE_BACK = "UPDATE quota_use SET used = used - 1 WHERE grant_ref = ? AND day = ?"


def reserve(connection: Connection, grant: str, day: date, cap: int) -> bool:
    """Take one of a day's releases under ``grant`` (id); False, and nothing taken, when none is left."""
    key = (grant, day.isoformat())
    if _taken(connection, key, cap):
        return True
    # Nothing taken: used up, or the day's row is not there yet.
    return run(connection, _BEGIN, key).rowcount == 1 and _taken(connection, key, cap)


def _taken(connection: Connection, key: tuple[str, str], cap: int) -> bool:
    return run(connection, _TAKE, (*key, cap)).fetchone() is not None


def give_back(connection: Connection, grant: str, day: date) -> None:
    """Return one reserved release that did not happen."""
    run(connection, _GIVE_BACK, (grant, day.isoformat()))
