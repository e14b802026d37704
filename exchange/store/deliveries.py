"""What became of each asked item, in a form that can be counted; every row stands for one ledger entry."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from exchange.store.tables import decision, delivery, evidence_request
from kernel.database.driver import insert_many, run
from kernel.database.instants import micros

RELEASED = "released"
"""The outcome of an item that left."""
REFUSED = "refused"
"""The outcome of an item that was not allowed."""
FAILED = "failed"
"""The outcome of an item that was allowed and for which nothing usable came, or that was interrupted."""
STATUS_TOLD, NO_STATUS = "status-told", "no-status"
"""The outcomes of a question how a certificate stands: it was told, or none is on record. Nothing of a record left."""
CERTIFICATE = "certificate"
"""The member of a stored outcome's item that says how the certificate stood that left, by the code of its status."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One item of one request: who asked whom for what, on which ground, about whom (blind index), and what came of it.

    ``asked`` holds the names of fields and questions, separated by blanks; ``officer`` is a blind index or empty. Of a
    question how a certificate stands, ``request_id`` is the answer's own, which no request for evidence has.
    ``read_at``: when the record that was released had been read at its source; None where none left.
    """

    request_id: str
    item: int
    entry: int
    case_id: str
    consumer: str
    provider: str
    evidence_type: str
    service_item: str
    legal_basis: str
    relation: str
    subject: bytes
    outcome: str
    asked: str
    at: datetime
    officer: str = ""
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """How often one consumer asked for one evidence type for one purpose, with one outcome, and when last."""

    consumer: str
    evidence_type: str
    service_item: str
    legal_basis: str
    outcome: str
    count: int
    last: datetime


_ADD = """
INSERT INTO delivery (request_id, item, entry, case_id, consumer, provider, evidence_type, service_item, legal_basis,
relation, subject, outcome, asked, at, officer, read_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_NEWER = """
SELECT 1 FROM delivery WHERE case_id = ? AND subject = ? AND evidence_type = ? AND outcome = ?
AND COALESCE(read_at, at) > ? LIMIT 1
"""


def add(connection: Connection, deliveries: Sequence[Delivery]) -> None:
    """Record the items of one request."""
    insert_many(connection, _ADD, [_row(one) for one in deliveries])


def _row(one: Delivery) -> tuple[object, ...]:
    return (
        one.request_id,
        one.item,
        one.entry,
        one.case_id,
        one.consumer,
        one.provider,
        one.evidence_type,
        one.service_item,
        one.legal_basis,
        one.relation,
        one.subject,
        one.outcome,
        one.asked,
        micros(one.at),
        one.officer,
        None if one.read_at is None else micros(one.read_at),
    )


def rests_on_newer(connection: Connection, case_id: str, evidence_type: str, subject: bytes, read_at: datetime) -> bool:
    """Whether a record of that kind about somebody (blind index) was released in a case that was read later.

    Of what was released before that time was kept, the time of the request stands for it.
    """
    found = run(connection, _NEWER, (case_id, subject, evidence_type, RELEASED, micros(read_at)))
    return found.fetchone() is not None


@dataclass(frozen=True, slots=True)
class Attempt:
    """An item asked for in a case: what of whom (blind index), and what came of it, with the code of a problem.

    ``certificate``: how the certificate stood that was delivered, by its code; empty where it was none.
    """

    entry: int
    evidence_type: str
    relation: str
    subject: bytes = field(repr=False)
    outcome: str
    asked: frozenset[str]
    reason: str
    at: datetime
    certificate: str = ""


def attempts_of(connection: Connection, case_id: str) -> list[Attempt]:
    """Every item asked for in a case with why it failed, oldest entry first."""
    row = delivery.c
    statement = (
        select(delivery, evidence_request.c.outcome.label("answer"))
        .join(evidence_request, evidence_request.c.id == row.request_id)
        .where(row.case_id == case_id)
        .order_by(row.entry)
    )
    return [_attempt(found, _told_of_item(found.answer, found.item)) for found in connection.execute(statement)]


def _attempt(found: Any, told: Mapping[str, Any]) -> Attempt:
    problem = told.get("problem")
    return Attempt(
        found.entry,
        found.evidence_type,
        found.relation,
        bytes(found.subject),
        found.outcome,
        frozenset(found.asked.split()),
        "" if problem is None else str(problem["zh"]["code"]),
        found.at,
        told.get(CERTIFICATE, ""),
    )


def was_present(connection: Connection, case_id: str, subject: bytes) -> bool:
    """Whether somebody (blind index) was present when evidence was asked for in a case."""
    row = delivery.c
    joined = delivery.join(evidence_request, evidence_request.c.id == row.request_id)
    present = (row.case_id == case_id) & (evidence_request.c.person == subject)
    found = select(row.entry).select_from(joined).where(present).limit(1)
    return connection.execute(found).first() is not None


def _told_of_item(answer: str | None, item: int) -> Mapping[str, Any]:
    """What a stored answer says of an item: its problem, or how the certificate stood that was delivered."""
    items: Sequence[Mapping[str, Any]] = json.loads(answer or "{}").get("items", ())
    return items[item] if item < len(items) else {}


def find(connection: Connection, request_id: str, item: int) -> Delivery | None:
    """One item of one request, once it is settled."""
    one = select(delivery).where(delivery.c.request_id == request_id, delivery.c.item == item)
    row = connection.execute(one).one_or_none()
    return None if row is None else Delivery(**row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name


def of_requests(connection: Connection, requests: Iterable[str]) -> list[Delivery]:
    """Every item of these requests."""
    rows = connection.execute(select(delivery).where(delivery.c.request_id.in_(sorted(requests))))
    return [Delivery(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's documented name


def count_before(connection: Connection, entry: int) -> int:
    """How many items have their entry before this one."""
    return connection.scalar(select(func.count()).select_from(delivery).where(delivery.c.entry < entry)) or 0


def entries_from(connection: Connection, entry: int) -> list[int]:
    """The entries that items have from this one on; of a log's end there are few."""
    return [*connection.scalars(select(delivery.c.entry).where(delivery.c.entry >= entry))]


@dataclass(frozen=True, slots=True)
class Told:
    """About whom an item was asked for (a blind index), in which relation, and what policies were asked (JSON)."""

    relation: str
    subject: bytes = field(repr=False)
    asked: str | None


def told_of(connection: Connection, request_id: str) -> dict[int, Told]:
    """What is on record of each item of a settled request."""
    row = delivery.c
    statement = (
        select(row.item, row.relation, row.subject, decision.c.asked)
        .select_from(delivery.outerjoin(decision, decision.c.entry == row.entry))
        .where(row.request_id == request_id)
    )
    return {
        found.item: Told(found.relation, bytes(found.subject or b""), found.asked)
        for found in connection.execute(statement)
    }


def held_by(
    connection: Connection,
    consumer: str,
    evidence_type: str,
    subject: bytes,
    most: int,
    outcomes: Collection[str] = (RELEASED,),
) -> list[tuple[str, str]]:
    """Where a consumer was given such evidence about a subject, under whichever grant: case and request, newest first.

    ``outcomes``: by which it holds something that may change.
    """
    row = delivery.c
    statement = (
        select(row.case_id, row.request_id)
        .where(row.subject == subject, row.evidence_type == evidence_type, row.consumer == consumer)
        .where(row.outcome.in_(sorted(outcomes)))
        .order_by(row.entry.desc())
        .limit(most)
    )
    return [(case, request) for case, request in connection.execute(statement)]


@dataclass(frozen=True, slots=True)
class Reliers:
    """How many departments, in how many cases, were given such evidence about somebody or told how a certificate of
    theirs stands, and when last.
    """

    departments: int
    cases: int
    last: datetime | None


def reliers(connection: Connection, evidence_type: str, subject: bytes) -> Reliers:
    """Who rests on such a certificate of a subject, counted."""
    row = delivery.c
    counted = select(func.count(row.consumer.distinct()), func.count(row.case_id.distinct()), func.max(row.at))
    rests = row.outcome.in_((RELEASED, STATUS_TOLD))
    statement = counted.where(row.subject == subject, row.evidence_type == evidence_type, rests)
    departments, cases, last = connection.execute(statement).one()
    return Reliers(departments, cases, last)


def uses_of(connection: Connection, provider: str, since: datetime, until: datetime) -> list[Use]:
    """How a provider's data was used between two instants, counted."""
    by = (
        delivery.c.consumer,
        delivery.c.evidence_type,
        delivery.c.service_item,
        delivery.c.legal_basis,
        delivery.c.outcome,
    )
    statement = (
        select(*by, func.count().label("count"), func.max(delivery.c.at).label("last"))
        .where(delivery.c.provider == provider, delivery.c.at >= since, delivery.c.at < until)
        .group_by(*by)
        .order_by(*by)
    )
    return [Use(*row) for row in connection.execute(statement)]
