"""Consent to plain scopes, remembered per person and client. Consent to evidence is never remembered."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from idp.model import scopes
from idp.store.tables import consent


def given(connection: Connection, person_id: str, client_id: str) -> frozenset[str]:
    """The scopes this person allowed this client before."""
    statement = select(consent.c.scope).where(consent.c.person == person_id, consent.c.client_id == client_id)
    return frozenset(scopes.parse(connection.execute(statement).scalar_one_or_none() or ""))


def remember(connection: Connection, person_id: str, client_id: str, allowed: Iterable[str], now: datetime) -> None:
    """Remember scopes besides those allowed before."""
    together = scopes.text(sorted(given(connection, person_id, client_id) | set(allowed)))
    mine = (consent.c.person == person_id) & (consent.c.client_id == client_id)
    changed = connection.execute(update(consent).where(mine).values(scope=together, given_at=now))
    if changed.rowcount == 0:
        connection.execute(insert(consent).values(person=person_id, client_id=client_id, scope=together, given_at=now))
