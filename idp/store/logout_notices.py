"""Who has to be told that a session ended: written with the end itself, claimed by one node at a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, Row, Select, case, literal, select, update

from idp.model.logout import Notice, NoticeState
from idp.store.tables import client, family, logout_notice
from kernel.canonical import JSON, decode
from kernel.database import Instant, upsert_ignore


def queue(connection: Connection, sessions: Select[tuple[str]], now: datetime) -> None:
    """Note every client that was given anything in some sessions, in the transaction that ends them.

    One that was noted is left as it is.
    """
    given = family.c.session.in_(sessions)
    clients = select(client.c.id, client.c.metadata).where(client.c.id.in_(select(family.c.client_id).where(given)))
    reachable = [row.id for row in connection.execute(clients) if _is_reachable(decode(row.metadata))]
    waits = family.c.client_id.in_(reachable)
    told = {
        "session": family.c.session,
        "client_id": family.c.client_id,
        "person": family.c.person,
        "sid": family.c.sid,
        "state": case((waits, NoticeState.WAITING.value), else_=NoticeState.UNTOLD.value),
        "attempts": literal(0),
        "ended_at": literal(now, Instant),
        "next_try_at": literal(now, Instant),
    }
    noted = select(*told.values()).where(given).distinct()
    connection.execute(upsert_ignore(logout_notice, connection).from_select([*told], noted))


def _is_reachable(metadata: JSON) -> bool:
    return "backchannel_logout_uri" in cast("Mapping[str, JSON]", metadata)


def of_session(connection: Connection, session_id: str) -> list[Notice]:
    """Everybody concerned by the end of a session."""
    statement = select(logout_notice).where(logout_notice.c.session == session_id).order_by(logout_notice.c.client_id)
    return [_notice(row) for row in connection.execute(statement)]


def due(connection: Connection, now: datetime, limit: int) -> list[Notice]:
    """Some of those to be told now, the longest waiting first."""
    statement = (
        select(logout_notice)
        .where(logout_notice.c.state == NoticeState.WAITING.value, logout_notice.c.next_try_at <= now)
        .order_by(logout_notice.c.next_try_at)
        .limit(limit)
    )
    return [_notice(row) for row in connection.execute(statement)]


def claim(connection: Connection, seen: Notice, until: datetime) -> bool:
    """Take one notice for a while: True for one node; another takes it up when this one is not heard of ``until``."""
    statement = (
        update(logout_notice)
        .where(
            logout_notice.c.session == seen.session,
            logout_notice.c.client_id == seen.client_id,
            logout_notice.c.state == NoticeState.WAITING.value,
            logout_notice.c.attempts == seen.attempts,
        )
        .values(attempts=seen.attempts + 1, next_try_at=until)
        .returning(logout_notice.c.client_id)
    )
    return connection.execute(statement).first() is not None


def settle(connection: Connection, claimed: Notice, state: NoticeState, next_try_at: datetime) -> bool:
    """Note what came of a claim; False when it was taken over meanwhile or is settled already."""
    statement = (
        update(logout_notice)
        .where(
            logout_notice.c.session == claimed.session,
            logout_notice.c.client_id == claimed.client_id,
            logout_notice.c.state == NoticeState.WAITING.value,
            logout_notice.c.attempts == claimed.attempts + 1,
        )
        .values(state=state.value, next_try_at=next_try_at)
        .returning(logout_notice.c.client_id)
    )
    return connection.execute(statement).first() is not None


def _notice(row: Row[tuple[object, ...]]) -> Notice:
    return Notice(
        session=row.session,
        client_id=row.client_id,
        person=row.person,
        sid=row.sid,
        state=NoticeState(row.state),
        attempts=row.attempts,
        ended_at=row.ended_at,
        next_try_at=row.next_try_at,
    )
