"""Corrections with state and history; one is changed only under the revision that was read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, insert, or_, select, update

from exchange.store.deliveries import RELEASED
from exchange.store.histories import History
from exchange.store.running_clocks import RunningClocks
from exchange.store.tables import correction, correction_event, delivery
from kernel import canonical
from policies.corrections.document import state_from_json, state_to_json
from policies.corrections.events import DISPUTED, CorrectionState, Status

_row = correction.c
_LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class About:
    """Whom a correction is about (blind index), and the entry of the log that keeps what was said of them."""

    subject: bytes = field(repr=False)
    entry: int


@dataclass(frozen=True, slots=True)
class Recipient:
    """A department that received the record, and a case it received it in."""

    consumer: str
    case: str


def find(connection: Connection, name: str) -> tuple[CorrectionState, About] | None:
    """One correction."""
    row = connection.execute(select(_row.state, _row.subject, _row.entry).where(_row.id == name)).one_or_none()
    return None if row is None else (_state(row.state), About(bytes(row.subject), row.entry))


_EVENTS = History(correction_event, "correction")
history, note = _EVENTS.of, _EVENTS.note
"""Reading what happened to one, and writing down one event more."""


def listed(
    connection: Connection, statuses: Collection[Status], party: str | None, *, before: str, limit: int
) -> tuple[CorrectionState, ...]:
    """Those of these states that concern a department (None: any), newest first, older than ``before``."""
    statement = select(_row.state).where(_row.status.in_(_values(statuses))).order_by(_row.id.desc()).limit(limit)
    if before:
        statement = statement.where(_row.id < before)
    if party is not None:
        statement = statement.where(or_(_row.consumer == party, _row.provider == party))
    return tuple(_state(text) for text in connection.scalars(statement))


def same(connection: Connection, subject: bytes, evidence_type: str, named: str) -> CorrectionState | None:
    """The one that is under way already about this field of this person's record."""
    statement = select(_row.state).where(
        _row.subject == subject, _row.evidence_type == evidence_type, _row.status.in_(_values(DISPUTED))
    )
    states = (_state(text) for text in connection.scalars(statement))
    return next((state for state in states if state.objection.field == named), None)


def disputed(connection: Connection) -> Mapping[bytes, frozenset[str]]:
    """Whose records of which types are disputed now: what evidence says about itself."""
    found: dict[bytes, set[str]] = defaultdict(set)
    statement = select(_row.subject, _row.evidence_type).where(_row.status.in_(_values(DISPUTED)))
    for row in connection.execute(statement):
        found[bytes(row.subject)].add(row.evidence_type)
    return {subject: frozenset(types) for subject, types in found.items()}


def received_and_disputed(
    connection: Connection, consumer: str, subjects: Collection[bytes]
) -> frozenset[tuple[bytes, str]]:
    """Records of these people (blind index), by their type, that are disputed now and that a department received."""
    one = delivery.c
    received = (
        select(one.subject)
        .where(one.subject == _row.subject, one.evidence_type == _row.evidence_type)
        .where(one.consumer == consumer, one.outcome == RELEASED)
        .exists()
    )
    statement = select(_row.subject, _row.evidence_type).where(
        _row.subject.in_(sorted(subjects)), _row.status.in_(_values(DISPUTED)), received
    )
    return frozenset((bytes(row.subject), row.evidence_type) for row in connection.execute(statement))


def recipients(connection: Connection, subject: bytes, evidence_type: str) -> tuple[Recipient, ...]:
    """Every department that received this type of record about this person, once for each case."""
    one = delivery.c
    statement = (
        select(one.consumer, one.case_id)
        .where(one.subject == subject, one.evidence_type == evidence_type, one.outcome == RELEASED)
        .distinct()
        .order_by(one.consumer, one.case_id)
    )
    return tuple(Recipient(*row) for row in connection.execute(statement))


_CLOCKS: RunningClocks[CorrectionState] = RunningClocks(correction, _row.id, lambda state: state.id)
due, look_again, set_next_due = _CLOCKS.due, _CLOCKS.look_again, _CLOCKS.set_next_due
"""Which clocks are to be looked at, by name, and when next."""


def add(connection: Connection, state: CorrectionState, about: About, next_due: datetime | None) -> None:
    """Store a new correction."""
    kept = {"subject": about.subject, "entry": about.entry}
    connection.execute(insert(correction).values(**_values_of(state, next_due), **kept))


def change(connection: Connection, state: CorrectionState, next_due: datetime | None, *, was: int) -> bool:
    """Store the new state of a correction; False when its revision is no longer ``was``."""
    statement = update(correction).where(_row.id == state.id, _row.revision == was)
    return connection.execute(statement.values(**_values_of(state, next_due))).rowcount == 1


def _values(statuses: Collection[Status]) -> list[str]:
    return sorted(status.value for status in statuses)


def _values_of(state: CorrectionState, next_due: datetime | None) -> dict[str, object]:
    return {
        "id": state.id,
        "status": state.status.value,
        "revision": state.revision,
        "provider": state.objection.provider,
        "consumer": state.objection.consumer,
        "evidence_type": state.objection.evidence_type,
        "state": canonical.encode(state_to_json(state)).decode(),
        "next_due": next_due,
        "changed_at": state.changed_at,
    }


def _state(text: str) -> CorrectionState:
    return state_from_json(cast("Mapping[str, Any]", canonical.decode(text, max_bytes=_LARGEST)))
