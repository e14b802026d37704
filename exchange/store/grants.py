"""Grants with their state, one row per id and version, changed only under the revision that was read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import Connection, insert, select, update

from exchange.store.tables import grant_version
from kernel import canonical
from policies.document import state_from_json, state_to_json
from policies.events import GrantState, Status

_STATES = select(grant_version.c.state)
_IN_ORDER = (grant_version.c.id, grant_version.c.version)


def active(connection: Connection) -> tuple[GrantState, ...]:
    """The set that decisions are made by."""
    statement = _STATES.where(grant_version.c.status == Status.ACTIVE.value).order_by(*_IN_ORDER)
    return tuple(_state(text) for text in connection.scalars(statement))


def listed(connection: Connection, *, status: Status | None = None) -> tuple[GrantState, ...]:
    """Every grant and version, or those of one status."""
    statement = _STATES.order_by(*_IN_ORDER)
    if status is not None:
        statement = statement.where(grant_version.c.status == status.value)
    return tuple(_state(text) for text in connection.scalars(statement))


def versions(connection: Connection, grant: str) -> tuple[GrantState, ...]:
    """Every version of a grant, oldest first."""
    statement = _STATES.where(grant_version.c.id == grant).order_by(grant_version.c.version)
    return tuple(_state(text) for text in connection.scalars(statement))


def add(connection: Connection, state: GrantState) -> None:
    """Store a new grant or version."""
    connection.execute(insert(grant_version).values(**_row(state)))


def change(connection: Connection, state: GrantState, *, was: int) -> bool:
    """Store the new state of a grant; False when its revision is no longer ``was``."""
    statement = update(grant_version).where(
        grant_version.c.id == state.grant.id,
        grant_version.c.version == state.grant.version,
        grant_version.c.revision == was,
    )
    return connection.execute(statement.values(**_row(state))).rowcount == 1


def _row(state: GrantState) -> dict[str, object]:
    return {
        "id": state.grant.id,
        "version": state.grant.version,
        "status": state.status.value,
        "revision": state.revision,
        "consumer": state.grant.consumer,
        "provider": state.grant.provider,
        "evidence_type": state.grant.evidence_type,
        "state": canonical.encode(state_to_json(state)).decode(),
        "changed_at": state.changed_at,
    }


def _state(text: str) -> GrantState:
    return state_from_json(cast("Mapping[str, Any]", canonical.decode(text)))
