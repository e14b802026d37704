"""Requests by the back channel (CIBA), and whom to ping when they are answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, Row, func, insert, select, update

from idp.model.authorization import AuthorizationRequest
from idp.model.backchannel import BackchannelRequest, Ping
from idp.store.polled import PolledRequests
from idp.store.tables import backchannel_request as table
from idp.store.tables import family
from kernel.canonical import JSON, decode, encode

BACKCHANNEL = PolledRequests(table)
"""By the hash of the auth_req_id."""


def add(connection: Connection, added: BackchannelRequest, interval: int) -> None:
    """Keep a request."""
    connection.execute(
        insert(table).values(
            id=added.id,
            hash=added.hash,
            client_id=added.client_id,
            person=added.person,
            mark=added.mark,
            request=encode(added.request.to_json()).decode(),
            interval=interval,
            poll_after=added.asked_at,
            asked_at=added.asked_at,
            expires_at=added.expires_at,
            ping=added.ping,
            ping_attempts=0,
        )
    )


def find(connection: Connection, request_id: str) -> BackchannelRequest:
    """The request with an identifier; it must be there."""
    return _request(connection.execute(select(table).where(table.c.id == request_id)).one())


def mean(connection: Connection, found: BackchannelRequest) -> None:
    """Whom a request means was found out: the person is asked from now on."""
    request = encode(found.request.to_json()).decode()
    statement = update(table).where(table.c.id == found.id)
    connection.execute(statement.values(person=found.person, request=request, ping=found.ping))


def unanswered(connection: Connection, mark: bytes, client_id: str, now: datetime) -> tuple[int, int]:
    """How many requests about one person are open or were refused, and not over: of this client, and of all."""
    mine = func.count().filter(table.c.client_id == client_id)
    statement = select(mine, func.count()).where(
        table.c.mark == mark, table.c.family.is_(None), table.c.expires_at > now
    )
    row = connection.execute(statement).one()
    return int(row[0]), int(row[1])


def of_client(connection: Connection, client_id: str, now: datetime) -> tuple[int, datetime | None]:
    """How many of a client's are open or were refused, and not over, whomever they mean; when the first is over."""
    statement = select(func.count(), func.min(table.c.expires_at)).where(
        table.c.client_id == client_id, table.c.family.is_(None), table.c.expires_at > now
    )
    row = connection.execute(statement).one()
    return int(row[0]), row[1]


def waiting(connection: Connection, person_id: str, now: datetime) -> list[BackchannelRequest]:
    """What a person is asked at the moment, the oldest first."""
    statement = (
        select(table)
        .where(table.c.person == person_id, table.c.decided_at.is_(None), table.c.expires_at > now)
        .order_by(table.c.asked_at)
    )
    return [_request(row) for row in connection.execute(statement)]


def decide(connection: Connection, request_id: str, family_id: str | None, now: datetime) -> bool:
    """What the person said, once; from then on its client is to be pinged, if it wants to be."""
    found = connection.execute(select(table.c.hash).where(table.c.id == request_id)).scalar_one_or_none()
    if found is None or not BACKCHANNEL.decide(connection, found, family_id, now):
        return False
    connection.execute(update(table).where(table.c.id == request_id, table.c.ping.is_not(None)).values(ping_at=now))
    return True


def known_by(connection: Connection, client_id: str, sid: str) -> str | None:
    """The person behind a session that a client got an ID token in, as long as that is remembered."""
    statement = select(family.c.person).where(family.c.client_id == client_id, family.c.sid == sid).limit(1)
    return connection.execute(statement).scalar_one_or_none()


def due(connection: Connection, now: datetime, limit: int) -> list[Ping]:
    """Some of the pings to be sent now, the longest waiting first."""
    statement = select(table).where(table.c.ping_at <= now).order_by(table.c.ping_at).limit(limit)
    return [_ping(row) for row in connection.execute(statement)]


def claim(connection: Connection, seen: Ping, until: datetime) -> bool:
    """Take one ping for a while: True for one node alone."""
    statement = (
        update(table)
        .where(table.c.id == seen.id, table.c.ping_attempts == seen.attempts, table.c.ping_at.is_not(None))
        .values(ping_attempts=seen.attempts + 1, ping_at=until)
    )
    return connection.execute(statement).rowcount == 1


def settle(connection: Connection, claimed: Ping, again_at: datetime | None) -> bool:
    """When to try again; None ends it, and what it was sent with goes. False when it was taken over meanwhile."""
    statement = (
        update(table)
        .where(table.c.id == claimed.id, table.c.ping_attempts == claimed.attempts + 1, table.c.ping_at.is_not(None))
        .values(ping_at=again_at, **({"ping": None} if again_at is None else {}))
    )
    return connection.execute(statement).rowcount == 1


def _request(row: Row[tuple[object, ...]]) -> BackchannelRequest:
    asked = AuthorizationRequest.from_json(cast("Mapping[str, JSON]", decode(row.request)))
    return BackchannelRequest(
        row.id, row.hash, row.client_id, row.person, row.mark, asked, row.asked_at, row.expires_at
    )


def _ping(row: Row[tuple[object, ...]]) -> Ping:
    return Ping(row.id, row.client_id, row.person, row.ping, row.ping_attempts, row.ping_at, row.expires_at)
