"""Officers' sessions at the pages: found by the hash of the cookie, ended by the identity provider's name for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, delete, insert, or_, select, update

from exchange.store.tables import console_session


@dataclass(frozen=True, slots=True)
class StoredSession:
    """One session. ``token`` is a hash, ``officer`` a blind index, ``sealed`` opens with the cookie alone."""

    token: bytes
    sid: str
    officer: str
    used_at: datetime
    ends_at: datetime
    sealed: bytes = field(repr=False)


def add(connection: Connection, session: StoredSession) -> None:
    """Keep a new session."""
    connection.execute(
        insert(console_session).values(
            token=session.token,
            sid=session.sid,
            officer=session.officer,
            used_at=session.used_at,
            ends_at=session.ends_at,
            sealed=session.sealed,
        )
    )


def find(connection: Connection, token: bytes) -> StoredSession | None:
    """The session behind a cookie's hash, whether or not its time has run out."""
    row = connection.execute(select(console_session).where(console_session.c.token == token)).one_or_none()
    return None if row is None else StoredSession(**row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name


def touch(connection: Connection, token: bytes, now: datetime) -> None:
    """Note that a session is in use."""
    connection.execute(update(console_session).where(console_session.c.token == token).values(used_at=now))


def end(connection: Connection, token: bytes) -> None:
    """End one session."""
    connection.execute(delete(console_session).where(console_session.c.token == token))


def end_sign_in(connection: Connection, sid: str) -> int:
    """End every session of one sign-in at the identity provider; how many."""
    return connection.execute(delete(console_session).where(console_session.c.sid == sid)).rowcount


def end_officer(connection: Connection, officer: str) -> int:
    """End every session of one officer; how many."""
    return connection.execute(delete(console_session).where(console_session.c.officer == officer)).rowcount


def prune(connection: Connection, now: datetime, idle_since: datetime) -> int:
    """Forget sessions that ended or were left alone; how many."""
    over = or_(console_session.c.ends_at <= now, console_session.c.used_at < idle_since)
    return connection.execute(delete(console_session).where(over)).rowcount
