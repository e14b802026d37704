"""Openings of emergency access with state and history; one is changed only under the revision that was read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, insert, or_, select, update

from exchange.store.histories import History
from exchange.store.tables import delivery, emergency, emergency_event, evidence_request
from kernel import canonical
from policies.emergency.document import state_from_json, state_to_json
from policies.emergency.opening import EmergencyState, Status

_row = emergency.c
_LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Item:
    """One item asked for under an opening: what of which evidence, what became of it, and its entry in the ledger."""

    evidence_type: str
    asked: str
    outcome: str
    entry: int
    at: datetime


def find(connection: Connection, opening: str) -> EmergencyState | None:
    """One opening."""
    text = connection.scalar(select(_row.state).where(_row.id == opening))
    return None if text is None else _state(text)


_EVENTS = History(emergency_event, "opening")
history, note = _EVENTS.of, _EVENTS.note
"""Reading what happened to one, and writing down one event more."""


def items_of(connection: Connection, opening: str, case: str) -> tuple[Item, ...]:
    """What was asked for under an opening, oldest first."""
    said = canonical.encode({"emergency": opening}).decode()[1:-1]  # as requests are stored
    statement = (
        select(delivery.c.evidence_type, delivery.c.asked, delivery.c.outcome, delivery.c.entry, delivery.c.at)
        .join(evidence_request, evidence_request.c.id == delivery.c.request_id)
        .where(delivery.c.case_id == case, evidence_request.c.asked.contains(said, autoescape=True))
        .order_by(delivery.c.entry)
    )
    return tuple(Item(*row) for row in connection.execute(statement))


def listed(
    connection: Connection, statuses: Collection[Status], party: str | None, *, before: str, limit: int
) -> tuple[EmergencyState, ...]:
    """Those of these states that concern a department (None: any), newest first, older than ``before``."""
    statement = select(_row.state).where(_row.status.in_(_values(statuses))).order_by(_row.id.desc()).limit(limit)
    if before:
        statement = statement.where(_row.id < before)
    if party is not None:
        statement = statement.where(or_(_row.consumer == party, _row.provider == party))
    return tuple(_state(text) for text in connection.scalars(statement))


def standing(connection: Connection, *statuses: Status) -> tuple[EmergencyState, ...]:
    """Every opening of these states."""
    statement = select(_row.state).where(_row.status.in_(_values(statuses))).order_by(_row.id)
    return tuple(_state(text) for text in connection.scalars(statement))


def unreviewed(connection: Connection, consumer: str) -> tuple[EmergencyState, ...]:
    """The openings of a department that were opened and not reviewed yet."""
    waiting = _row.status.in_(_values((Status.OPEN, Status.ENDED)))
    statement = select(_row.state).where(_row.consumer == consumer, waiting).order_by(_row.id)
    return tuple(_state(text) for text in connection.scalars(statement))


def add(connection: Connection, state: EmergencyState) -> None:
    """Store a new opening."""
    connection.execute(insert(emergency).values(**_values_of(state)))


def change(connection: Connection, state: EmergencyState, *, was: int) -> bool:
    """Store the new state of an opening; False when its revision is no longer ``was``."""
    statement = update(emergency).where(_row.id == state.id, _row.revision == was)
    return connection.execute(statement.values(**_values_of(state))).rowcount == 1


def _values(statuses: Collection[Status]) -> list[str]:
    return sorted(status.value for status in statuses)


def _values_of(state: EmergencyState) -> dict[str, object]:
    return {
        "id": state.id,
        "status": state.status.value,
        "revision": state.revision,
        "consumer": state.asked.consumer,
        "provider": state.asked.provider,
        "state": canonical.encode(state_to_json(state)).decode(),
        "changed_at": state.changed_at,
    }


def _state(text: str) -> EmergencyState:
    return state_from_json(_object(text))


def _object(text: str) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", canonical.decode(text, max_bytes=_LARGEST))
