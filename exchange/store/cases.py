"""Cases, who they are about, and how those are related."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from exchange.store.tables import case_relation, case_subject, service_case
from kernel.database import upsert_ignore


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody a case is about: a blind index and a role; ``joined`` when they signed in themselves."""

    subject: bytes
    role: str
    joined: bool


@dataclass(frozen=True, slots=True)
class Case:
    """A case as stored, with its parties and the relations proven so far (blind index, relation)."""

    id: str
    system: str
    organisation: str
    service_item: str
    reference: str
    opened_at: datetime
    closed_at: datetime | None
    parties: tuple[Party, ...]
    relations: frozenset[tuple[bytes, str]]

    @property
    def open(self) -> bool:
        """Whether evidence may still be asked for."""
        return self.closed_at is None


_CASE = select(service_case)
_PARTIES = select(case_subject.c.subject, case_subject.c.role, case_subject.c.joined_at)
_RELATIONS = select(case_relation.c.subject, case_relation.c.relation)


def read(connection: Connection, case_id: str) -> Case | None:
    """A case with everything a decision about it needs."""
    row = connection.execute(_CASE.where(service_case.c.id == case_id)).one_or_none()
    if row is None:
        return None
    parties = connection.execute(_PARTIES.where(case_subject.c.case_id == case_id)).all()
    # Nobody can be related before somebody besides the applicant is there.
    related = connection.execute(_RELATIONS.where(case_relation.c.case_id == case_id)).all() if len(parties) > 1 else []
    return Case(
        row.id,
        row.system,
        row.organisation,
        row.service_item,
        row.reference,
        row.opened_at,
        row.closed_at,
        tuple(Party(bytes(party.subject), party.role, party.joined_at is not None) for party in parties),
        frozenset((bytes(one.subject), one.relation) for one in related),
    )


def add(connection: Connection, case: Case) -> None:
    """Store a new case with the parties its system listed."""
    connection.execute(
        insert(service_case).values(
            id=case.id,
            system=case.system,
            organisation=case.organisation,
            service_item=case.service_item,
            reference=case.reference,
            opened_at=case.opened_at,
        )
    )
    rows = [{"case_id": case.id, "subject": party.subject, "role": party.role} for party in case.parties]
    if rows:
        connection.execute(insert(case_subject), rows)


def close(connection: Connection, case_id: str, at: datetime) -> bool:
    """Close an open case; False when it was closed already."""
    statement = update(service_case).where(service_case.c.id == case_id, service_case.c.closed_at.is_(None))
    return connection.execute(statement.values(closed_at=at)).rowcount == 1


def join(connection: Connection, case_id: str, subject: bytes, role: str, at: datetime) -> None:
    """Somebody signed in and named the case: they are one of its parties from now on."""
    row = {"case_id": case_id, "subject": subject, "role": role, "joined_at": at}
    connection.execute(upsert_ignore(case_subject, connection), row)


def relate(
    connection: Connection, case_id: str, proven: Iterable[tuple[bytes, str]], request_id: str, item: int
) -> None:
    """Record relations that a delivered item proves."""
    rows = [
        {"case_id": case_id, "subject": subject, "relation": relation, "request_id": request_id, "item": item}
        for subject, relation in sorted(proven)
    ]
    if rows:
        connection.execute(upsert_ignore(case_relation, connection), rows)
