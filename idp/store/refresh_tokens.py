"""Refresh tokens: each buys one successor (RFC 9700 §4.14.2), or is prolonged, by one conditional statement."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, exists, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from idp.model.session import Family
from idp.store import families
from idp.store.tables import family, refresh
from kernel.database import Prepared

_ADD = Prepared(insert(refresh), "hash", "client_id", "family", "expires_at")


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token as it is kept: by its hash."""

    hash: bytes = field(repr=False)
    family: Family
    superseded_at: datetime | None


def add(connection: Connection, token_hash: bytes, of: Family, expires_at: datetime) -> None:
    """Keep a token."""
    _ADD.run(connection, hash=token_hash, client_id=of.client_id, family=of.id, expires_at=expires_at)


def find(connection: Connection, token_hash: bytes, client_id: str) -> RefreshToken | None:
    """The token of this client, superseded or not; another client's is unknown (T2)."""
    statement = (
        families.columns()
        .add_columns(refresh.c.superseded_at)
        .join_from(family, refresh, refresh.c.family == family.c.id)
        .where(refresh.c.hash == token_hash, refresh.c.client_id == client_id)
    )
    row = connection.execute(statement).one_or_none()
    return None if row is None else RefreshToken(token_hash, families.from_row(row), row.superseded_at)


def supersede(connection: Connection, old: RefreshToken, successor: bytes, now: datetime) -> bool:
    """True for exactly one caller, ever: this statement is the decision, whatever was read before it (T5)."""
    return _used(connection, old, now, superseded_by=successor, superseded_at=now)


def prolong(connection: Connection, token: RefreshToken, until: datetime, now: datetime) -> bool:
    """Use a token that is not rotated: from now on it ends at ``until``. False for one that may no longer be used.

    One statement decides and prolongs; a revocation and this transaction wait for each other, so nothing that has
    ended is prolonged.
    """
    return _used(connection, token, now, expires_at=until)


def may_repeat(connection: Connection, old: RefreshToken, successor: bytes, since: datetime, now: datetime) -> bool:
    """Whether a token rotated no earlier than ``since`` bought exactly this successor, and that is unused so far."""
    families.lock(connection, old.family.id)
    rotated = exists(
        select(refresh.c.hash).where(
            refresh.c.hash == old.hash, refresh.c.superseded_by == successor, refresh.c.superseded_at >= since
        )
    )
    unused = select(refresh.c.hash).where(
        refresh.c.hash == successor,
        refresh.c.superseded_by.is_(None),
        refresh.c.expires_at > now,
        rotated,
        families.alive(refresh.c.family, now),
    )
    return connection.execute(unused).first() is not None


def usable(connection: Connection, token_hash: bytes, client_id: str, now: datetime) -> tuple[Family, datetime] | None:
    """The family of a token that could be used now, and when it ends unused; for introspection (RFC 7662 §2.2)."""
    statement = (
        families.columns()
        .add_columns(refresh.c.expires_at.label("unused_until"))
        .join_from(family, refresh, refresh.c.family == family.c.id)
        .where(*_good(token_hash, client_id, now))
    )
    row = connection.execute(statement).one_or_none()
    return None if row is None else (families.from_row(row), row.unused_until)


def _used(connection: Connection, token: RefreshToken, now: datetime, **changes: object) -> bool:
    """Whether a token that may be used was changed; uses of one family and its revocation wait for each other."""
    families.lock(connection, token.family.id)
    good = _good(token.hash, token.family.client_id, now)
    statement = update(refresh).where(*good).values(changes).returning(refresh.c.family)
    return connection.execute(statement).first() is not None


def _good(token_hash: bytes, client_id: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """When a token may be used: it is the client's, neither rotated nor too long unused, and its origin lives."""
    return (
        refresh.c.hash == token_hash,
        refresh.c.client_id == client_id,
        refresh.c.superseded_by.is_(None),
        refresh.c.expires_at > now,
        families.alive(refresh.c.family, now),
    )
