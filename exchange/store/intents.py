"""Intents: what a request set out to do, committed before anything is fetched, and what became of it.

One row is idempotency record and intent at once, so that neither can exist without the other (ADR 0012). A running
intent is settled by exactly one transaction: the one that records the outcome, or the one that records that it was
interrupted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, Row, select, update

from exchange.store.tables import evidence_request
from kernel.database.driver import run
from kernel.database.instants import micros

REMEMBERED = timedelta(hours=24)
"""How long an Idempotency-Key is remembered."""


class State(StrEnum):
    """Where a request stands; WAITING: nothing runs, and some of its items are answered later."""

    RUNNING = "running"
    WAITING = "waiting"
    SETTLED = "settled"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Intent:
    """A request before its fetch.

    ``key`` and ``person`` are keyed hashes; ``asked`` is JSON without numbers of people, whom it knows by such hashes.
    """

    id: str
    case: str
    system: str
    organisation: str
    key: bytes | None
    digest: bytes
    person: bytes | None
    runner: str
    asked: str
    started_at: datetime
    expected_by: datetime


@dataclass(frozen=True, slots=True)
class Stored:
    """An intent as found again, with the outcome (JSON) once there is one."""

    intent: Intent
    state: State
    outcome: str | None


_INSERT = """
INSERT INTO evidence_request (id, case_id, system, organisation, idempotency_key, digest, person, runner, state, asked,
started_at, expected_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
"""
_SETTLE = "UPDATE evidence_request SET state = ?, outcome = ? WHERE id = ? AND state = ?"


def begin(connection: Connection, intent: Intent) -> Stored | None:
    """Record an intent; None when it is new, otherwise the earlier request of the same system and key."""
    if _insert(connection, intent):
        return None
    row = connection.execute(
        select(evidence_request).where(
            evidence_request.c.system == intent.system, evidence_request.c.idempotency_key == intent.key
        )
    ).one()
    found = _stored(row)
    if intent.started_at - found.intent.started_at < REMEMBERED:
        return found
    connection.execute(
        update(evidence_request).where(evidence_request.c.id == found.intent.id).values(idempotency_key=None)
    )
    _insert(connection, intent)
    return None


def _insert(connection: Connection, intent: Intent) -> bool:
    row = (
        intent.id,
        intent.case,
        intent.system,
        intent.organisation,
        intent.key,
        intent.digest,
        intent.person,
        intent.runner,
        State.RUNNING.value,
        intent.asked,
        micros(intent.started_at),
        micros(intent.expected_by),
    )
    return run(connection, _INSERT, row).rowcount == 1


def settle(connection: Connection, request_id: str, state: State, outcome: str) -> bool:
    """End a running intent; False when somebody else has ended it."""
    return run(connection, _SETTLE, (state.value, outcome, request_id, State.RUNNING.value)).rowcount == 1


def update_outcome(connection: Connection, request_id: str, state: State, outcome: str) -> None:
    """Write down what became of an item that waited. Whoever calls it holds the log's head, so nobody else does."""
    run(connection, _SETTLE, (state.value, outcome, request_id, State.WAITING.value))


def read(connection: Connection, request_id: str) -> Stored | None:
    """A request by its identifier."""
    row = connection.execute(select(evidence_request).where(evidence_request.c.id == request_id)).one_or_none()
    return None if row is None else _stored(row)


def unfinished(connection: Connection, *, overdue: datetime, not_by: str | None, limit: int = 100) -> list[Stored]:
    """Running intents that were expected to end before ``overdue``; with ``not_by`` all of other runners, however
    young.
    """
    late = evidence_request.c.expected_by < overdue
    of_others = late if not_by is None else late | (evidence_request.c.runner != not_by)
    statement = select(evidence_request).where(evidence_request.c.state == State.RUNNING.value, of_others).limit(limit)
    return [_stored(row) for row in connection.execute(statement)]


def _stored(row: Row[tuple[object, ...]]) -> Stored:
    values = row._mapping  # noqa: SLF001 - SQLAlchemy's documented name
    intent = Intent(
        id=values["id"],
        case=values["case_id"],
        system=values["system"],
        organisation=values["organisation"],
        key=_bytes(values["idempotency_key"]),
        digest=bytes(values["digest"]),
        person=_bytes(values["person"]),
        runner=values["runner"],
        asked=values["asked"],
        started_at=values["started_at"],
        expected_by=values["expected_by"],
    )
    return Stored(intent, State(values["state"]), values["outcome"])


def _bytes(value: bytes | None) -> bytes | None:
    return None if value is None else bytes(value)
