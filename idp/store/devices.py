"""Devices people signed in on before, by the hash of their cookie."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from idp.store.tables import known_device
from kernel.database import upsert_ignore


def is_known(connection: Connection, cookie_hash: bytes, person_id: str, now: datetime) -> bool:
    """Whether this person signed in on this device before."""
    row = known_device.c
    statement = select(row.person).where(row.hash == cookie_hash, row.person == person_id, row.expires_at > now)
    return connection.execute(statement).first() is not None


def is_proven(connection: Connection, cookie_hash: bytes, person_id: str, now: datetime) -> bool:
    """Whether this person showed two factors on this device before: a stranger who has the password alone did not."""
    row = known_device.c
    theirs = (row.hash == cookie_hash) & (row.person == person_id) & (row.expires_at > now)
    statement = select(row.person).where(theirs, row.proven_at.is_not(None))
    return connection.execute(statement).first() is not None


def prove(connection: Connection, cookie_hash: bytes, person_id: str, now: datetime) -> None:
    """Note that a person showed two factors on a known device."""
    row = known_device.c
    fresh = update(known_device).where(row.hash == cookie_hash, row.person == person_id, row.proven_at.is_(None))
    connection.execute(fresh.values(proven_at=now))


def meet(connection: Connection, cookie_hash: bytes, person_id: str, now: datetime, expires_at: datetime) -> bool:
    """Note that a person signed in on a device; True when it is new to them."""
    values = {"hash": cookie_hash, "person": person_id, "first_at": now, "seen_at": now, "expires_at": expires_at}
    if connection.execute(upsert_ignore(known_device, connection).values(**values)).rowcount == 1:
        return True
    row = known_device.c
    statement = update(known_device).where(row.hash == cookie_hash, row.person == person_id)
    connection.execute(statement.values(seen_at=now, expires_at=expires_at))
    return False


def forget_others(connection: Connection, person_id: str, kept: bytes) -> None:
    """Every device of a person but one is unknown again."""
    row = known_device.c
    connection.execute(delete(known_device).where(row.person == person_id, row.hash != kept))
