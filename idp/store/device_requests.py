"""Requests of devices (RFC 8628): decided once, redeemed once, each by one conditional statement."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, select

from idp.model.authorization import AuthorizationRequest
from idp.model.device import DeviceRequest
from idp.store.polled import PolledRequests
from idp.store.tables import device_request
from kernel.canonical import JSON, decode, encode
from kernel.database import upsert_ignore

DEVICES = PolledRequests(device_request)
"""By the hash of the device code."""


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


def _request(stored: str) -> AuthorizationRequest:
    return AuthorizationRequest.from_json(cast("Mapping[str, JSON]", decode(stored)))
