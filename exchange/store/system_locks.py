"""Systems that are locked for having looked up too many people, and the look-ups of the last hour that are counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, delete, insert, select, update

from exchange.store.tables import looked_up, system_lock
from kernel.database.driver import insert_many, run
from kernel.database.instants import micros

_lock = system_lock.c


@dataclass(frozen=True, slots=True)
class Lock:
    """A system was locked: it looked up ``people`` where ``limit`` are allowed. ``lifted_at`` None: it still is."""

    id: str
    system: str
    organisation: str
    people: int
    limit: int
    at: datetime
    lifted_at: datetime | None = None
    lifted_by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class People:
    """Whom a system looked up within a period: in all, and those whose cases have not progressed."""

    total: int
    stalled: int


_NOTE = """
INSERT INTO looked_up (system, subject, case_id, at) VALUES (?, ?, ?, ?)
ON CONFLICT (system, subject) DO UPDATE SET case_id = excluded.case_id, at = excluded.at
"""
_COUNT = """
SELECT count(*), coalesce(sum(CASE WHEN c.closed_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM resolution r WHERE r.case_id = l.case_id AND r.verdict <> 'refused'
) THEN 1 ELSE 0 END), 0)
FROM looked_up l LEFT JOIN service_case c ON c.id = l.case_id WHERE l.system = ? AND l.at >= ?
"""


def note(connection: Connection, system: str, people: Mapping[bytes, str], at: datetime) -> None:
    """Whom a system looked up (blind index), each with the case."""
    insert_many(connection, _NOTE, [(system, who, people[who], micros(at)) for who in sorted(people)])


def people_of(connection: Connection, system: str, since: datetime) -> People:
    """How many a system has looked up since then; a case progresses when it is closed or one of its requirements is
    resolved, and a return flow, whose row somebody was named for, never does.
    """
    total, stalled = run(connection, _COUNT, (system, micros(since))).fetchone() or (0, 0)
    return People(int(total), int(stalled))


def prune(connection: Connection, before: datetime) -> None:
    """Forget whom systems looked up before then."""
    connection.execute(delete(looked_up).where(looked_up.c.at < before))


def standing(connection: Connection) -> frozenset[str]:
    """The systems that are locked."""
    return frozenset(connection.scalars(select(_lock.system).where(_lock.lifted_at.is_(None))))


def add(connection: Connection, lock: Lock) -> None:
    """Lock a system that is not locked."""
    connection.execute(
        insert(system_lock).values(
            id=lock.id,
            system=lock.system,
            organisation=lock.organisation,
            people=lock.people,
            people_per_hour=lock.limit,
            at=lock.at,
            lifted_by="",
            reason="",
        )
    )


def lift(connection: Connection, lock: Lock, by: str, reason: str, at: datetime) -> bool:
    """Lift a lock, and count its system anew; False when it was lifted already."""
    statement = update(system_lock).where(_lock.id == lock.id, _lock.lifted_at.is_(None))
    lifted = connection.execute(statement.values(lifted_at=at, lifted_by=by, reason=reason)).rowcount == 1
    connection.execute(delete(looked_up).where(looked_up.c.system == lock.system))
    return lifted


def find(connection: Connection, name: str) -> Lock | None:
    """One lock."""
    row = connection.execute(select(system_lock).where(_lock.id == name)).one_or_none()
    return None if row is None else _read(row)


def page(connection: Connection, organisation: str | None, before: str, limit: int) -> list[Lock]:
    """The newest locks, of one department or all; older than ``before`` (by identifier, which grows with time)."""
    statement = select(system_lock).order_by(_lock.id.desc()).limit(limit)
    if before:
        statement = statement.where(_lock.id < before)
    if organisation is not None:
        statement = statement.where(_lock.organisation == organisation)
    return [_read(row) for row in connection.execute(statement)]


def _read(row: Row[tuple[object, ...]]) -> Lock:
    return Lock(
        row.id,
        row.system,
        row.organisation,
        row.people,
        row.people_per_hour,
        row.at,
        row.lifted_at,
        row.lifted_by,
        row.reason,
    )
