"""Web sessions: one per browser that signed in, kept by the hash of its cookie."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Row, and_, func, insert, or_, select, true, update

from idp.model.assurance import Authentication, Factor
from idp.model.session import Expired, Session
from idp.store import families, logout_notices, versions
from idp.store.tables import family, person, refresh, web_session
from kernel.canonical import encode

MOST_SHOWN = 100


def add(connection: Connection, added: Session, cookie_hash: bytes) -> None:
    """Begin a session."""
    connection.execute(
        insert(web_session).values(
            id=added.id,
            cookie_hash=cookie_hash,
            person=added.person,
            factors=encode(added.authentication.to_json()).decode(),
            seen_at=added.seen_at,
            expires_at=added.expires_at,
            device=added.device,
            network=added.network,
        )
    )


def by_cookie(connection: Connection, cookie_hash: bytes, now: datetime) -> Session | None:
    """The live session of a cookie; None when it ended, expired, or its person was disabled."""
    statement = (
        select(web_session)
        .join(person, person.c.id == web_session.c.person)
        .where(
            web_session.c.cookie_hash == cookie_hash,
            web_session.c.ended_at.is_(None),
            web_session.c.expires_at > now,
            person.c.disabled_at.is_(None),
        )
    )
    row = connection.execute(statement).one_or_none()
    return None if row is None else _session(row)


def stands(connection: Connection, session_id: str, person_id: str, now: datetime) -> bool:
    """Whether this is a live session of a person who is not disabled."""
    statement = (
        select(web_session.c.id)
        .join(person, person.c.id == web_session.c.person)
        .where(
            web_session.c.id == session_id,
            person.c.id == person_id,
            web_session.c.ended_at.is_(None),
            web_session.c.expires_at > now,
            person.c.disabled_at.is_(None),
        )
    )
    return connection.execute(statement).first() is not None


def renew(
    connection: Connection, session_id: str, cookie_hash: bytes, authentication: Authentication, now: datetime
) -> bool:
    """The same person authenticated again: another cookie for the same session (A9). False when it ended meanwhile."""
    statement = (
        update(web_session)
        .where(web_session.c.id == session_id, web_session.c.ended_at.is_(None))
        .values(
            cookie_hash=cookie_hash,
            factors=encode(authentication.to_json()).decode(),
            seen_at=now,
        )
    )
    return connection.execute(statement).rowcount == 1


def touch(connection: Connection, session_id: str, now: datetime) -> None:
    """Note that the session is in use."""
    connection.execute(update(web_session).where(web_session.c.id == session_id).values(seen_at=now))


def end(connection: Connection, session_id: str, now: datetime) -> bool:
    """End a session and everything that was allowed in it, and note who has to be told.

    False when it had ended before.
    """
    return _end(connection, web_session.c.id == session_id, now) == 1


def expired(connection: Connection, now: datetime, idle_since: datetime, limit: int) -> list[Expired]:
    """Some that are past their age or were last used before ``idle_since``, and that nobody has ended."""
    row = web_session.c
    old = select(row.id, row.person).where(_too_old(now)).limit(limit)
    found = [Expired(each.id, each.person, "age") for each in connection.execute(old)]
    if len(found) < limit:
        idle = select(row.id, row.person).where(row.expires_at > now, _idle(now, idle_since)).limit(limit - len(found))
        found += [Expired(each.id, each.person, "idle") for each in connection.execute(idle)]
    return found


def expire(connection: Connection, session_id: str, now: datetime, idle_since: datetime) -> bool:
    """End a session if it is still past a limit: False when it was used meanwhile, or has ended."""
    return _end(connection, web_session.c.id == session_id, now, or_(_too_old(now), _idle(now, idle_since))) == 1


def _too_old(now: datetime) -> ColumnElement[bool]:
    return and_(web_session.c.ended_at.is_(None), web_session.c.expires_at <= now)


def _idle(now: datetime, since: datetime) -> ColumnElement[bool]:
    """Unused here, and by no department either: while one may still refresh, its person is taken to work there."""
    in_use = (
        select(refresh.c.hash)
        .join(family, family.c.id == refresh.c.family)
        .where(
            family.c.session == web_session.c.id,
            family.c.revoked_at.is_(None),
            refresh.c.superseded_by.is_(None),
            refresh.c.expires_at > now,
        )
    )
    return and_(web_session.c.ended_at.is_(None), web_session.c.seen_at <= since, ~in_use.exists())


def _end(
    connection: Connection, which: ColumnElement[bool], now: datetime, still: ColumnElement[bool] | None = None
) -> int:
    """Every end of sessions, whatever its reason, passes here; returns how many there were.

    As many statements for one as for ten thousand: it happens while everybody's entries wait. ``which`` is as true of
    them once they have ended; ``still`` is asked before only.
    """
    standing = and_(which, web_session.c.ended_at.is_(None), true() if still is None else still)
    ended = connection.execute(update(web_session).where(standing).values(ended_at=now)).rowcount
    if ended:
        # Some may have ended at this very instant before: what follows changes nothing of those.
        these = select(web_session.c.id).where(which, web_session.c.ended_at == now)
        families.revoke_sessions(connection, these, now)
        logout_notices.queue(connection, these, now)
        versions.advance(connection, versions.REVOCATIONS)
    return ended


def of_person(connection: Connection, person_id: str, now: datetime, idle_since: datetime) -> list[Session]:
    """The sessions of a person that are in use, here or at a department, the one used last here first."""
    row = web_session.c
    live = and_(row.person == person_id, row.ended_at.is_(None), row.expires_at > now, ~_idle(now, idle_since))
    statement = select(web_session).where(live).order_by(row.seen_at.desc(), row.id)
    return [_session(found) for found in connection.execute(statement).all()]


def others_of_person(
    connection: Connection, person_id: str, here: str, shown: Factor | None, limit: int
) -> tuple[str, ...]:
    """A person's sessions besides ``here`` that nobody has ended, however old, the first one first.

    ``shown``: only those in which such a factor was shown, whenever.
    """
    unended = and_(_others(person_id, here, shown), web_session.c.ended_at.is_(None))
    statement = select(web_session.c.id).where(unended).order_by(web_session.c.id).limit(limit)
    return tuple(connection.execute(statement).scalars())


def end_others_of_person(
    connection: Connection, person_id: str, here: str, shown: Factor | None, now: datetime
) -> None:
    """End what ``others_of_person`` finds, and all there is of it."""
    _end(connection, _others(person_id, here, shown), now)


def _others(person_id: str, here: str, shown: Factor | None) -> ColumnElement[bool]:
    row = web_session.c
    # By the name in the stored form, of which each is a whole string before a colon, and nothing else is.
    having_shown = true() if shown is None else row.factors.contains(f'"{shown.value}":', autoescape=True)
    return and_(row.person == person_id, row.id != here, having_shown)


def unused_longest(connection: Connection, person_id: str, *, keeping: int, limit: int) -> tuple[str, ...]:
    """Those of a person's sessions that nobody has ended, besides so many that were used last."""
    row = web_session.c
    newest_first = (row.seen_at.desc(), row.id.desc())
    unended = select(row.id).where(row.person == person_id, row.ended_at.is_(None))
    return tuple(connection.execute(unended.order_by(*newest_first).offset(keeping).limit(limit)).scalars())


def end_these(connection: Connection, ids: Collection[str], now: datetime) -> int:
    """End some sessions, a hundred or so at once; how many had not ended before."""
    return _end(connection, web_session.c.id.in_(ids), now)


def end_of_person(connection: Connection, person_id: str, now: datetime) -> None:
    """End every session of a person."""
    _end(connection, web_session.c.person == person_id, now)


def live_of_person(connection: Connection, person_id: str, now: datetime) -> list[Session]:
    """Where a person is signed in now, newest use first."""
    statement = (
        select(web_session)
        .where(web_session.c.person == person_id, web_session.c.ended_at.is_(None), web_session.c.expires_at > now)
        .order_by(web_session.c.seen_at.desc())
        .limit(MOST_SHOWN)
    )
    return [_session(row) for row in connection.execute(statement)]


def count_live(connection: Connection, now: datetime) -> int:
    """How many sessions there are now."""
    statement = select(func.count()).where(web_session.c.ended_at.is_(None), web_session.c.expires_at > now)
    count: int = connection.execute(statement).scalar_one()
    return count


def _session(row: Row[tuple[object, ...]]) -> Session:
    return Session(
        id=row.id,
        person=row.person,
        authentication=families.authentication(row.factors),
        seen_at=row.seen_at,
        expires_at=row.expires_at,
        device=row.device or "",
        network=row.network or "",
    )
