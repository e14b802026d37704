"""Who may act for which legal entity. One row for each proof; what was ended stays as a record."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, exists, insert, select, update

from idp.model.representation import Capacity, SealedRepresentation
from idp.store import versions
from idp.store.tables import representation

_row = representation.c


def add(connection: Connection, added: SealedRepresentation) -> None:
    """Keep a proof. Where an earlier one of the same right had ended, that end is told no longer from now on."""
    connection.execute(
        insert(representation).values(
            id=added.id,
            person=added.person,
            capacity=added.capacity.value,
            entity_index=added.entity_index,
            sealed=added.sealed,
            verifier=added.verifier,
            evidence=added.evidence,
            proven_at=added.proven_at,
            confirmed_at=added.confirmed_at,
            valid_until=added.valid_until,
        )
    )
    versions.advance(connection, versions.REVOCATIONS)


def of_person(connection: Connection, person_id: str, now: datetime) -> list[SealedRepresentation]:
    """Those that stand, newest first."""
    statement = select(representation).where(_row.person == person_id, *_standing(now))
    return [
        SealedRepresentation(
            found.id,
            found.person,
            Capacity(found.capacity),
            bytes(found.entity_index),
            bytes(found.sealed),
            found.verifier,
            bytes(found.evidence),
            found.proven_at,
            found.valid_until,
            found.confirmed_at or found.proven_at,
        )
        for found in connection.execute(statement.order_by(_row.proven_at.desc(), _row.id))
    ]


def stands(connection: Connection, representation_id: str, person_id: str, now: datetime) -> bool:
    """Whether this person may act by it now."""
    wanted = exists(select(_row.id).where(_row.id == representation_id, _row.person == person_id, *_standing(now)))
    found: bool = connection.execute(select(wanted)).scalar_one()
    return found


def end(connection: Connection, representation_id: str, person_id: str, now: datetime) -> bytes | None:
    """End one: its entity's index; None when it had ended or is another person's."""
    statement = update(representation).where(
        _row.id == representation_id, _row.person == person_id, _row.ended_at.is_(None)
    )
    ended = statement.values(ended_at=now).returning(_row.entity_index)
    found = connection.execute(ended).scalar_one_or_none()
    return None if found is None else bytes(found)


def ended_since(connection: Connection, since: datetime, now: datetime) -> list[tuple[str, bytes]]:
    """Whose right to represent which entity ended since a moment, however they had proven it."""
    still = representation.alias()
    standing = exists(
        select(still.c.id).where(
            still.c.person == _row.person,
            still.c.entity_index == _row.entity_index,
            still.c.ended_at.is_(None),
            still.c.valid_until > now,
        )
    )
    statement = select(_row.person, _row.entity_index).where(_row.ended_at > since, ~standing).distinct()
    return [(person, bytes(index)) for person, index in connection.execute(statement)]


def confirm(connection: Connection, representation_id: str, now: datetime) -> None:
    """The register named the person again."""
    connection.execute(update(representation).where(_row.id == representation_id).values(confirmed_at=now))


def _standing(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (_row.ended_at.is_(None), _row.valid_until > now)
