"""The outbox. ``due_at`` is both when a notice is to be tried and, once claimed, until when it is somebody's."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, insert, select, update

from idp.store.tables import notice


class Outcome(StrEnum):
    """How a notice ended."""

    DELIVERED = "delivered"
    GIVEN_UP = "given-up"


@dataclass(frozen=True, slots=True)
class StoredNotice:
    """A notice as it is kept: address and words are sealed."""

    id: str
    person: str
    kind: str
    sealed: bytes = field(repr=False)
    created_at: datetime
    tries: int = 0


def add(connection: Connection, added: StoredNotice, due_at: datetime, expires_at: datetime) -> None:
    """Write a notice."""
    connection.execute(
        insert(notice).values(
            id=added.id,
            person=added.person,
            kind=added.kind,
            sealed=added.sealed,
            created_at=added.created_at,
            due_at=due_at,
            expires_at=expires_at,
            tries=0,
        )
    )


def due(connection: Connection, now: datetime, most: int) -> list[str]:
    """The ids of notices to try now, oldest first."""
    open_ = (notice.c.settled_at.is_(None)) & (notice.c.due_at <= now) & (notice.c.expires_at > now)
    statement = select(notice.c.id).where(open_).order_by(notice.c.due_at).limit(most)
    return list(connection.execute(statement).scalars())


def claim(connection: Connection, notice_id: str, now: datetime, until: datetime) -> StoredNotice | None:
    """Take a notice until ``until``; None when it is not due, which is also so while another node has it."""
    statement = (
        update(notice)
        .where(notice.c.id == notice_id, notice.c.settled_at.is_(None), notice.c.due_at <= now)
        .values(due_at=until, tries=notice.c.tries + 1)
        .returning(notice)
    )
    row = connection.execute(statement).one_or_none()
    return None if row is None else StoredNotice(row.id, row.person, row.kind, row.sealed, row.created_at, row.tries)


def postpone(connection: Connection, notice_id: str, until: datetime) -> None:
    """Try again later."""
    statement = update(notice).where(notice.c.id == notice_id, notice.c.settled_at.is_(None))
    connection.execute(statement.values(due_at=until))


def settle(connection: Connection, notice_id: str, outcome: Outcome, now: datetime) -> None:
    """Done with it: what was sealed is forgotten at once."""
    values = {"settled_at": now, "outcome": outcome.value, "sealed": b""}
    connection.execute(update(notice).where(notice.c.id == notice_id).values(**values))


def withdraw(connection: Connection, person_id: str, kind: str, now: datetime) -> None:
    """Send no notice of this kind that has not gone out yet."""
    waiting = (notice.c.person == person_id) & (notice.c.kind == kind) & notice.c.settled_at.is_(None)
    values = {"settled_at": now, "outcome": Outcome.GIVEN_UP.value, "sealed": b""}
    connection.execute(update(notice).where(waiting).values(**values))
