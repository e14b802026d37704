"""Resource servers. Every change advances the version that nodes compare their memory with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, Row, insert, select, update

from idp.model.resource import ResourceServer
from idp.store import revocations, versions
from idp.store.tables import client, resource_server
from kernel.canonical import decode, encode
from kernel.text import Text


def every(connection: Connection) -> dict[str, ResourceServer]:
    """All resource servers by identifier, disabled ones too."""
    rows = connection.execute(select(resource_server).order_by(resource_server.c.identifier))
    return {row.identifier: _stored(row) for row in rows}


def put(connection: Connection, added: ResourceServer, now: datetime) -> None:
    """Add a resource server, or put another description in place of the old one, which is in force again.

    What it no longer lets a client name is gone from the client's tokens for good (S2). Raises
    sqlalchemy.exc.IntegrityError when its organisation is unknown.
    """
    before = _locked(connection, added.identifier)
    if before is not None:
        _take(connection, before, added, now)
    values = {
        "organisation": added.organisation,
        "scopes": encode({name: [text.zh, text.en] for name, text in added.scopes.items()}).decode(),
        "clients": encode(sorted(added.clients)).decode(),
        "disabled_at": None,
    }
    mine = resource_server.c.identifier == added.identifier
    if connection.execute(update(resource_server).where(mine).values(**values)).rowcount == 0:
        connection.execute(insert(resource_server).values(identifier=added.identifier, created_at=now, **values))
    versions.advance(connection, versions.CLIENTS)


def disable(connection: Connection, identifier: str, now: datetime) -> bool:
    """Issue nothing for it from now on; False when there is no such resource server."""
    before = _locked(connection, identifier)
    if before is not None:
        _take(connection, before, replace(before, disabled=True), now)
    statement = update(resource_server).where(resource_server.c.identifier == identifier).values(disabled_at=now)
    versions.advance(connection, versions.CLIENTS)
    return connection.execute(statement).rowcount == 1


def _locked(connection: Connection, identifier: str) -> ResourceServer | None:
    """As it stands; two changes at once come one after another."""
    statement = select(resource_server).where(resource_server.c.identifier == identifier).with_for_update()
    row = connection.execute(statement).one_or_none()
    return None if row is None else _stored(row)


def _take(connection: Connection, before: ResourceServer, after: ResourceServer, now: datetime) -> None:
    theirs = select(client.c.id).where(client.c.id.in_(sorted(before.clients | after.clients))).order_by(client.c.id)
    for client_id in connection.execute(theirs.with_for_update()).scalars().all():
        revocations.take(connection, client_id, before.rights(client_id), after.rights(client_id), now)


def _stored(row: Row[tuple[object, ...]]) -> ResourceServer:
    scopes = cast("Mapping[str, list[str]]", decode(row.scopes))
    return ResourceServer(
        identifier=row.identifier,
        organisation=row.organisation,
        scopes={name: Text(zh, en) for name, (zh, en) in scopes.items()},
        clients=frozenset(cast("list[str]", decode(row.clients))),
        disabled=row.disabled_at is not None,
    )
