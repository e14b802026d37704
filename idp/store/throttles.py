"""Failed tries, counted before they are made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, update

from idp.store.tables import throttle
from kernel.database import upsert_touch

Delay = Callable[[int], timedelta]
"""How long to wait after so many failures in a row."""


def reserve(
    connection: Connection, keys: Sequence[tuple[bytes, Delay]], keep: timedelta, now: datetime
) -> int | timedelta:
    """Count one try under every key: the first key's failures, or how long to wait (and then nothing is counted)."""
    counted = [_row(connection, key, now) for key, _ in keys]
    wait = max(blocked_until for _, blocked_until in counted) - now
    if wait > timedelta(0):
        return wait
    for (key, delay), (failures, _) in zip(keys, counted, strict=True):
        values = {"failures": failures + 1, "blocked_until": now + delay(failures + 1), "keep_until": now + keep}
        connection.execute(update(throttle).where(throttle.c.key == key).values(**values))
    return counted[0][0] + 1


def give_back(connection: Connection, key: bytes, now: datetime) -> None:
    """One try counts no longer: those of others behind the same key do."""
    statement = update(throttle).where(throttle.c.key == key, throttle.c.failures > 0)
    connection.execute(statement.values(failures=throttle.c.failures - 1, blocked_until=now))


def forget(connection: Connection, key: bytes) -> None:
    """A count ends."""
    connection.execute(delete(throttle).where(throttle.c.key == key))


def _row(connection: Connection, key: bytes, now: datetime) -> tuple[int, datetime]:
    """The locked count of a key; a new one starts at zero."""
    fresh = {"key": key, "failures": 0, "blocked_until": now, "keep_until": now}
    statement = upsert_touch(throttle, connection).values(**fresh)
    row = connection.execute(statement.returning(throttle.c.failures, throttle.c.blocked_until)).one()
    return row.failures, row.blocked_until
