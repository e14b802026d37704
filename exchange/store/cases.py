"""Cases, who they are about, and how those are related."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from exchange.store.tables import case_subject, service_case
from kernel.clock import Clock
from kernel.database.driver import insert_many, run
from kernel.database.instants import micros, moment, optional_moment


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody a case is about: a blind index and a role; ``joined_at`` None for those listed at its start."""

    subject: bytes
    role: str
    joined_at: datetime | None = None

    @property
    def joined(self) -> bool:
        """Whether they signed in themselves."""
        return self.joined_at is not None


@dataclass(frozen=True, slots=True)
class Proof:
    """A delivered item that says how parties of a case are related to whom it is about (``by``, a blind index)."""

    case: str
    by: bytes = field(repr=False)
    evidence_type: str
    request_id: str
    item: int


@dataclass(frozen=True, slots=True)
class Case:
    """A case as stored, with its parties and the relations proven so far.

    A relation: blind index, relation, and the blind index of whom the record is about that proved it (empty: unknown).
    """

    id: str
    system: str
    organisation: str
    service_item: str
    reference: str
    opened_at: datetime
    closed_at: datetime | None
    parties: tuple[Party, ...]
    relations: frozenset[tuple[bytes, str, bytes]]

    @property
    def open(self) -> bool:
        """Whether evidence may still be asked for."""
        return self.closed_at is None

    def was_about(self, subject: bytes, at: datetime) -> bool:
        """Whether somebody was a party at that time already."""
        return any(one.subject == subject and (one.joined_at is None or one.joined_at <= at) for one in self.parties)


_IS_OPEN = "SELECT 1 FROM service_case WHERE id = ? AND closed_at IS NULL"
_CASE = """
SELECT c.system, c.organisation, c.service_item, c.reference, c.opened_at, c.closed_at, s.subject, s.role, s.joined_at
FROM service_case c LEFT JOIN case_subject s ON s.case_id = c.id WHERE c.id = ?
"""
_RELATIONS = "SELECT subject, relation, proved_by FROM case_relation WHERE case_id = ?"
_JOIN = "INSERT INTO case_subject (case_id, subject, role, joined_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
_JOINED = "SELECT joined_at FROM case_subject WHERE case_id = ? AND subject = ? AND role = ?"
_RELATE = """
INSERT INTO case_relation (case_id, subject, relation, proved_by, request_id, item) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING
"""
_UNRELATE = """
DELETE FROM case_relation WHERE case_id = ? AND proved_by = ? AND EXISTS (
  SELECT 1 FROM delivery d
  WHERE d.request_id = case_relation.request_id AND d.item = case_relation.item AND d.evidence_type = ?
)
"""


def read(connection: Connection, case_id: str) -> Case | None:
    """A case with everything a decision about it needs."""
    rows = run(connection, _CASE, (case_id,)).fetchall()
    if not rows:
        return None
    system, organisation, service_item, reference, opened, closed = rows[0][:6]
    parties = tuple(Party(bytes(row[6]), row[7], optional_moment(row[8])) for row in rows if row[6] is not None)
    # Nobody can be related before somebody besides the applicant is there.
    related = run(connection, _RELATIONS, (case_id,)).fetchall() if len(parties) > 1 else []
    return Case(
        case_id,
        system,
        organisation,
        service_item,
        reference,
        moment(opened),
        optional_moment(closed),
        parties,
        frozenset((bytes(subject), relation, bytes(by)) for subject, relation, by in related),
    )


def is_open(connection: Connection, case_id: str) -> bool:
    """Whether evidence may still leave in a case. Closing holds the log's head, and so does who has to be sure."""
    return run(connection, _IS_OPEN, (case_id,)).fetchone() is not None


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


def lock(connection: Connection, case_id: str) -> None:
    """Hold a case until the transaction ends: nobody joins it meanwhile. On SQLite there is one writer anyway."""
    connection.execute(select(service_case.c.id).where(service_case.c.id == case_id).with_for_update())


def join(connection: Connection, case_id: str, subject: bytes, role: str, clock: Clock) -> datetime | None:
    """Somebody signed in and named the case: they are one of its parties from now on; since when (None: the start).

    The time is taken behind the case's lock: who joins after an opening of emergency access was committed is later
    than it, whenever their request began.
    """
    lock(connection, case_id)
    at = clock.now()
    joined = run(connection, _JOIN, (case_id, subject, role, micros(at))).rowcount == 1
    earlier = None if joined else run(connection, _JOINED, (case_id, subject, role)).fetchone()
    return at if earlier is None else optional_moment(earlier[0])


def relate(connection: Connection, proof: Proof, proven: Iterable[tuple[bytes, str]]) -> None:
    """Record relations (blind index, name) that a delivered item proves, in place of what such evidence proved before.

    The item's delivery has to be stored already. What evidence of other types proved stays.
    """
    run(connection, _UNRELATE, (proof.case, proof.by, proof.evidence_type))
    rows = [
        (proof.case, subject, relation, proof.by, proof.request_id, proof.item) for subject, relation in sorted(proven)
    ]
    insert_many(connection, _RELATE, rows)
