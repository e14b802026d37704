"""Registered clients. Every change advances the version that nodes compare their memory with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import cast

from sqlalchemy import Connection, Row, insert, select, update

from idp.model.client import StoredClient
from idp.store import revocations, versions
from idp.store.tables import client
from kernel.canonical import JSON, decode, encode

NOTHING: Mapping[str, int] = MappingProxyType({})


def every(connection: Connection) -> list[StoredClient]:
    """All clients, disabled ones too, with what was taken from them."""
    taken = revocations.ever_taken(connection)
    return [_stored(row, taken.get(row.id, {})) for row in connection.execute(select(client).order_by(client.c.id))]


def find(connection: Connection, client_id: str) -> StoredClient | None:
    """One client, disabled or not; without what was taken from it."""
    row = connection.execute(select(client).where(client.c.id == client_id)).one_or_none()
    return None if row is None else _stored(row)


def add(connection: Connection, added: StoredClient, now: datetime) -> None:
    """Register a client. Raises sqlalchemy.exc.IntegrityError when its organisation is unknown."""
    connection.execute(
        insert(client).values(
            id=added.id,
            organisation=added.organisation,
            metadata=encode(dict(added.metadata)).decode(),
            secret_hash=added.secret_hash,
            created_at=now,
        )
    )
    versions.advance(connection, versions.CLIENTS)


def replace(connection: Connection, changed: StoredClient, now: datetime) -> bool:
    """Put other metadata in place of a client's; whether its secret is that of ``changed`` from now on.

    A client that goes on using a secret keeps the one in its row, to which it may have been rotated a moment ago: the
    other is for one that begins to. What its registration no longer names is gone from its tokens, too: the revocation
    feed says so (S2).
    """
    locked = select(client).where(client.c.id == changed.id).with_for_update()  # two changes at once: one after another
    row = connection.execute(locked).one_or_none()
    if row is None:
        return False
    revocations.take(connection, changed.id, _stored(row).rights, changed.rights, now)
    metadata = encode(dict(changed.metadata)).decode()
    goes_on = changed.secret_hash is not None and row.secret_hash is not None
    secret_hash = row.secret_hash if goes_on else changed.secret_hash
    return _change(connection, changed.id, metadata=metadata, secret_hash=secret_hash) and not goes_on


def replace_secret(connection: Connection, client_id: str, secret_hash: bytes) -> bool:
    """Put another secret in place of the old one, which stops working; False when there is no such client."""
    return _change(connection, client_id, secret_hash=secret_hash)


def disable(connection: Connection, client_id: str, now: datetime) -> bool:
    """Refuse the client from now on, and list it in the revocation feed; False when there is no such client."""
    versions.advance(connection, versions.REVOCATIONS)
    return _change(connection, client_id, disabled_at=now)


def _change(connection: Connection, client_id: str, **values: object) -> bool:
    changed = connection.execute(update(client).where(client.c.id == client_id).values(**values))
    versions.advance(connection, versions.CLIENTS)
    return changed.rowcount == 1


def _stored(row: Row[tuple[object, ...]], taken: Mapping[str, int] = NOTHING) -> StoredClient:
    metadata = cast("Mapping[str, JSON]", decode(row.metadata))
    disabled = row.disabled_at is not None
    return StoredClient(row.id, row.organisation, metadata, row.secret_hash, disabled, row.registration, taken)
