"""Which offices were ever held, by whomever, on this installation: noted for good by whatever gives one."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, exists, select

from idp.store.tables import office_held
from kernel.database import upsert_ignore


def note(connection: Connection, roles: Iterable[str]) -> None:
    """Somebody holds these from now on."""
    for role in roles:
        connection.execute(upsert_ignore(office_held, connection).values(role=role))


def ever_held(connection: Connection, role: str) -> bool:
    """Whether anybody ever held it: also who lost it since, or was disabled."""
    found: bool = connection.execute(select(exists().where(office_held.c.role == role))).scalar_one()
    return found
