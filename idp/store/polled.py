"""Requests that somebody polls for (RFC 8628, CIBA): decided once, redeemed once, each by one conditional statement."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, Table, select, update

from idp.model.session import Family
from idp.store import families
from idp.store.tables import family

SLOWER = 5
"""RFC 8628 §3.5 and CIBA §11, `slow_down`: seconds by which the interval grows, for this and all later polls."""


@dataclass(frozen=True, slots=True)
class Polled:
    """How one request stands. ``family`` is what was allowed, once it was."""

    hash: bytes = field(repr=False)
    expires_at: datetime
    decided: bool
    family: Family | None
    used: bool


@dataclass(frozen=True, slots=True)
class PolledRequests:
    """The requests of one table, by the hash of the secret that its asker holds."""

    table: Table

    def find(self, connection: Connection, secret_hash: bytes, client_id: str) -> Polled | None:
        """The request with this secret, as this client's; another client's is unknown (T2)."""
        mine = self.table.c
        row = connection.execute(
            select(mine.expires_at, mine.decided_at, mine.family, mine.used_at).where(
                mine.hash == secret_hash, mine.client_id == client_id
            )
        ).one_or_none()
        if row is None:
            return None
        allowed = None if row.family is None else _family(connection, row.family)
        return Polled(secret_hash, row.expires_at, row.decided_at is not None, allowed, row.used_at is not None)

    def expiry(self, connection: Connection, secret_hash: bytes) -> datetime:
        """When a request expires; it must be there."""
        found: datetime = connection.execute(
            select(self.table.c.expires_at).where(self.table.c.hash == secret_hash)
        ).scalar_one()
        return found

    def poll(self, connection: Connection, secret_hash: bytes, now: datetime) -> bool:
        """Whether this poll of an undecided request came late enough; one too early makes all later ones wait."""
        table, mine = self.table, self.table.c.hash == secret_hash
        interval: int = connection.execute(select(table.c.interval).where(mine)).scalar_one()
        due = update(table).where(mine, table.c.poll_after <= now)
        if connection.execute(due.values(poll_after=now + timedelta(seconds=interval))).rowcount == 1:
            return True
        slower = interval + SLOWER
        later = update(table).where(mine).values(interval=slower, poll_after=now + timedelta(seconds=slower))
        connection.execute(later)
        return False

    def decide(self, connection: Connection, secret_hash: bytes, family_id: str | None, now: datetime) -> bool:
        """What the person said, once: the family they allowed, or None for no."""
        mine = self.table.c
        statement = update(self.table).where(mine.hash == secret_hash, mine.decided_at.is_(None), mine.expires_at > now)
        return connection.execute(statement.values(decided_at=now, family=family_id)).rowcount == 1

    def redeem(self, connection: Connection, secret_hash: bytes, client_id: str, now: datetime) -> bool:
        """True for exactly one caller, ever: this statement is the decision, whatever was read before it (T1)."""
        mine = self.table.c
        statement = (
            update(self.table)
            .where(
                mine.hash == secret_hash,
                mine.client_id == client_id,
                mine.used_at.is_(None),
                mine.expires_at > now,
                families.alive(mine.family, now),
            )
            .values(used_at=now)
            .returning(mine.family)
        )
        return connection.execute(statement).first() is not None

    def was_used(self, connection: Connection, secret_hash: bytes) -> bool:
        """Whether a request was redeemed before."""
        statement = select(self.table.c.used_at).where(self.table.c.hash == secret_hash)
        return connection.execute(statement).scalar_one_or_none() is not None


def _family(connection: Connection, family_id: str) -> Family:
    return families.from_row(connection.execute(families.columns().where(family.c.id == family_id)).one())
