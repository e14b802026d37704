"""Counters that say whether what a node keeps in memory is still true."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select, update

from idp.store.tables import state_version

CLIENTS = "clients"
REVOCATIONS = "revocations"
NAMES = (CLIENTS, REVOCATIONS)
_CURRENT = select(state_version.c.value).where(state_version.c.name == bindparam("wanted"))  # asked four times a second


def current(connection: Connection, name: str) -> int:
    """The counter's value."""
    value: int = connection.execute(_CURRENT, {"wanted": name}).scalar_one()
    return value


def advance(connection: Connection, name: str) -> None:
    """Count one change; it becomes visible with the change itself, when the transaction commits."""
    connection.execute(
        update(state_version).where(state_version.c.name == name).values(value=state_version.c.value + 1)
    )
