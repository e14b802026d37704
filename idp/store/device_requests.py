"""Requests of devices (RFC 8628): decided once, redeemed once, each by one conditional statement."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Connection, select, update

from idp.model.authorization import AuthorizationRequest
from idp.model.device import DeviceRequest
from idp.model.session import Family
from idp.store import families
from idp.store.tables import device_request, family
from kernel.canonical import JSON, decode, encode
from kernel.database import upsert_ignore

SLOWER = 5
"""§3.5, `slow_down`: seconds by which the interval grows, for this and all later polls."""


def add(connection: Connection, added: DeviceRequest, user_hash: bytes, interval: int, now: datetime) -> bool:
    """Keep a request; False when its user code is taken at the moment."""
    statement = upsert_ignore(device_request, connection).values(
        hash=added.hash,
        user_hash=user_hash,
        client_id=added.request.client_id,
        request=encode(added.request.to_json()).decode(),
        interval=interval,
        poll_after=now,
        expires_at=added.expires_at,
    )
    return connection.execute(statement).rowcount == 1


def waiting(connection: Connection, user_hash: bytes, now: datetime) -> DeviceRequest | None:
    """The undecided request with this user code."""
    statement = select(device_request).where(
        device_request.c.user_hash == user_hash,
        device_request.c.decided_at.is_(None),
        device_request.c.expires_at > now,
    )
    row = connection.execute(statement).one_or_none()
    return None if row is None else DeviceRequest(row.hash, _request(row.request), row.expires_at)


def find(connection: Connection, device_hash: bytes, client_id: str) -> DeviceRequest | None:
    """The request with this device code, as this client's; another client's is unknown (T2)."""
    statement = select(device_request).where(
        device_request.c.hash == device_hash, device_request.c.client_id == client_id
    )
    row = connection.execute(statement).one_or_none()
    if row is None:
        return None
    allowed = None if row.family is None else _family(connection, row.family)
    decided, used = row.decided_at is not None, row.used_at is not None
    return DeviceRequest(row.hash, _request(row.request), row.expires_at, decided, allowed, used)


def poll(connection: Connection, device_hash: bytes, now: datetime) -> bool:
    """Whether this poll of an undecided request came late enough (§3.5); one too early makes all later ones wait."""
    mine = device_request.c.hash == device_hash
    interval: int = connection.execute(select(device_request.c.interval).where(mine)).scalar_one()
    due = update(device_request).where(mine, device_request.c.poll_after <= now)
    if connection.execute(due.values(poll_after=now + timedelta(seconds=interval))).rowcount == 1:
        return True
    slower = interval + SLOWER
    connection.execute(
        update(device_request).where(mine).values(interval=slower, poll_after=now + timedelta(seconds=slower))
    )
    return False


def decide(connection: Connection, device_hash: bytes, family_id: str | None, now: datetime) -> bool:
    """What the person said, once: the family they allowed, or None for no."""
    statement = (
        update(device_request)
        .where(
            device_request.c.hash == device_hash,
            device_request.c.decided_at.is_(None),
            device_request.c.expires_at > now,
        )
        .values(decided_at=now, family=family_id)
    )
    return connection.execute(statement).rowcount == 1


def redeem(connection: Connection, device_hash: bytes, client_id: str, now: datetime) -> bool:
    """True for exactly one caller, ever: this statement is the decision, whatever was read before it (T1)."""
    statement = (
        update(device_request)
        .where(
            device_request.c.hash == device_hash,
            device_request.c.client_id == client_id,
            device_request.c.used_at.is_(None),
            device_request.c.expires_at > now,
            families.alive(device_request.c.family, now),
        )
        .values(used_at=now)
        .returning(device_request.c.family)
    )
    return connection.execute(statement).first() is not None


def was_used(connection: Connection, device_hash: bytes) -> bool:
    """Whether a device code was redeemed before."""
    statement = select(device_request.c.used_at).where(device_request.c.hash == device_hash)
    return connection.execute(statement).scalar_one_or_none() is not None


def _request(stored: str) -> AuthorizationRequest:
    return AuthorizationRequest.from_json(cast("Mapping[str, JSON]", decode(stored)))


def _family(connection: Connection, family_id: str) -> Family:
    return families.from_row(connection.execute(families.columns().where(family.c.id == family_id)).one())
