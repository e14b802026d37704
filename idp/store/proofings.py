"""Proofs of identity. The level of an account is that of its best proof that still stands."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from idp.model.proofing import Method, Proofing
from idp.store.tables import person, proofing


def add(connection: Connection, added: Proofing) -> None:
    """Keep a proof, and let the account's level follow."""
    connection.execute(
        insert(proofing).values(
            id=added.id,
            person=added.person,
            level=added.level,
            method=added.method.value,
            verifier=added.verifier,
            evidence=added.evidence,
            recorded_by=added.recorded_by,
            confirmed_by=added.confirmed_by,
            recorded_at=added.at,
        )
    )
    follow(connection, added.person)


def of_person(connection: Connection, person_id: str) -> list[Proofing]:
    """The proofs that still stand, newest first."""
    row = proofing.c
    statement = select(proofing).where(row.person == person_id, row.ended_at.is_(None))
    return [
        Proofing(
            found.id,
            found.person,
            found.level,
            Method(found.method),
            found.recorded_at,
            found.verifier,
            found.evidence,
            found.recorded_by,
            found.confirmed_by,
        )
        for found in connection.execute(statement.order_by(row.recorded_at.desc(), row.level.desc()))
    ]


def newest(connection: Connection, person_id: str, method: Method) -> datetime | None:
    """When a person's newest proof of one kind was recorded, standing or not; None for one who has none."""
    statement = select(func.max(proofing.c.recorded_at)).where(proofing.c.person == person_id)
    found: datetime | None = connection.execute(statement.where(proofing.c.method == method.value)).scalar_one()
    return found


def end_above(connection: Connection, person_id: str, level: int, now: datetime) -> None:
    """Let no proof above a level stand any longer."""
    row = proofing.c
    statement = update(proofing).where(row.person == person_id, row.level > level, row.ended_at.is_(None))
    connection.execute(statement.values(ended_at=now))


def follow(connection: Connection, person_id: str) -> None:
    """Set the account's level to that of its best standing proof."""
    standing = select(func.coalesce(func.max(proofing.c.level), 1)).where(
        proofing.c.person == person_id, proofing.c.ended_at.is_(None)
    )
    connection.execute(update(person).where(person.c.id == person_id).values(assurance=standing.scalar_subquery()))
