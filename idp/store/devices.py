"""Devices people signed in on before, by the hash of the name their cookie carries for each person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from idp.store.tables import known_device
from kernel.database import upsert_ignore


def known(connection: Connection, hashes: Sequence[bytes], person_id: str, now: datetime) -> dict[bytes, bool]:
    """On which of these this person signed in before, and whether two factors were shown there.

    A stranger who has the password alone showed one.
    """
    row = known_device.c
    theirs = (row.person == person_id) & row.hash.in_(hashes) & (row.expires_at > now)
    found = connection.execute(select(row.hash, row.proven_at).where(theirs))
    return {bytes(each.hash): each.proven_at is not None for each in found}


def prove(connection: Connection, name_hash: bytes, person_id: str, now: datetime) -> None:
    """Note that a person showed two factors on a known device."""
    row = known_device.c
    fresh = update(known_device).where(row.hash == name_hash, row.person == person_id, row.proven_at.is_(None))
    connection.execute(fresh.values(proven_at=now))


def meet(connection: Connection, name_hash: bytes, person_id: str, now: datetime, expires_at: datetime) -> bool:
    """Note that a person signed in on a device; True when it is new to them."""
    values = {"hash": name_hash, "person": person_id, "first_at": now, "seen_at": now, "expires_at": expires_at}
    if connection.execute(upsert_ignore(known_device, connection).values(**values)).rowcount == 1:
        return True
    row = known_device.c
    statement = update(known_device).where(row.hash == name_hash, row.person == person_id)
    connection.execute(statement.values(seen_at=now, expires_at=expires_at))
    return False


def forget_others(connection: Connection, person_id: str, kept: bytes) -> None:
    """Every device of a person but one is unknown again."""
    row = known_device.c
    connection.execute(delete(known_device).where(row.person == person_id, row.hash != kept))
