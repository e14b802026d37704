"""Authorization requests on their way through the pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, insert, select, update

from idp.model.authorization import AuthorizationRequest
from idp.model.session import Interaction
from idp.store.tables import interaction
from kernel.canonical import JSON, decode, encode


def add(connection: Connection, added: Interaction, browser_hash: bytes, expires_at: datetime) -> None:
    """Keep a request, bound to the browser that brought it."""
    connection.execute(
        insert(interaction).values(
            id=added.id,
            browser_hash=browser_hash,
            request=encode(added.request.to_json()).decode(),
            pushed=added.pushed,
            started_at=added.started_at,
            expires_at=expires_at,
        )
    )


def find(connection: Connection, interaction_id: str, browser_hash: bytes, now: datetime) -> Interaction | None:
    """The unfinished interaction of this browser; another browser's does not exist (A9)."""
    statement = select(interaction).where(
        interaction.c.id == interaction_id,
        interaction.c.browser_hash == browser_hash,
        interaction.c.finished_at.is_(None),
        interaction.c.expires_at > now,
    )
    row = connection.execute(statement).one_or_none()
    if row is None:
        return None
    request = AuthorizationRequest.from_json(cast("Mapping[str, JSON]", decode(row.request)))
    return Interaction(row.id, request, row.pushed, row.started_at)


def rewrite(connection: Connection, interaction_id: str, request: AuthorizationRequest) -> None:
    """Keep what a person answered about an unfinished interaction's request."""
    connection.execute(
        update(interaction)
        .where(interaction.c.id == interaction_id, interaction.c.finished_at.is_(None))
        .values(request=encode(request.to_json()).decode())
    )


def finish(connection: Connection, interaction_id: str, now: datetime) -> bool:
    """End an interaction: True once, however often the button was pressed."""
    statement = (
        update(interaction)
        .where(interaction.c.id == interaction_id, interaction.c.finished_at.is_(None))
        .values(finished_at=now)
    )
    return connection.execute(statement).rowcount == 1
