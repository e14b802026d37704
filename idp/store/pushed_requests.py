"""Pushed authorization requests (RFC 9126), kept by the hash of their reference."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import Connection, insert, select, update

from idp.store.tables import pushed_request
from kernel.canonical import decode, encode


def add(
    connection: Connection, reference_hash: bytes, client_id: str, parameters: dict[str, str], expires_at: datetime
) -> None:
    """Keep a request until a browser brings its reference."""
    connection.execute(
        insert(pushed_request).values(
            hash=reference_hash, client_id=client_id, parameters=encode(parameters).decode(), expires_at=expires_at
        )
    )


def find(connection: Connection, reference_hash: bytes, client_id: str, now: datetime) -> dict[str, str] | None:
    """The parameters of an unused, unexpired request of this client (RFC 9126 §4; A5)."""
    statement = select(pushed_request.c.parameters).where(
        pushed_request.c.hash == reference_hash,
        pushed_request.c.client_id == client_id,
        pushed_request.c.used_at.is_(None),
        pushed_request.c.expires_at > now,
    )
    stored = connection.execute(statement).scalar_one_or_none()
    return None if stored is None else cast("dict[str, str]", decode(stored))


def spend(connection: Connection, reference_hash: bytes, now: datetime) -> bool:
    """Use a request up, when it is answered: True once. Until then a browser may reload the page (RFC 9126 §4)."""
    statement = (
        update(pushed_request)
        .where(pushed_request.c.hash == reference_hash, pushed_request.c.used_at.is_(None))
        .values(used_at=now)
    )
    return connection.execute(statement).rowcount == 1
