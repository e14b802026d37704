"""Tasks of people who answer, with state, history and what is sealed; one is changed only under the revision read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, delete, insert, or_, select, update

from exchange.store.histories import History
from exchange.store.tables import responder_task, responder_task_event, responder_task_secret
from kernel import canonical
from policies.responders.document import state_from_json, state_to_json
from policies.responders.task import LIVING, Status, TaskState

_row = responder_task.c
_secret = responder_task_secret.c
_LARGEST = 1 << 20
_ENDED = sorted(status.value for status in Status if status not in LIVING)


@dataclass(frozen=True, slots=True)
class Envelope:
    """What nobody reads without the key: ``sealed`` under a data key that is ``wrapped``."""

    wrapped: bytes = field(repr=False)
    sealed: bytes = field(repr=False)


def find(connection: Connection, task: str) -> TaskState | None:
    """One task."""
    text = connection.scalar(select(_row.state).where(_row.id == task))
    return None if text is None else _state(text)


_EVENTS = History(responder_task_event, "task")
history, note = _EVENTS.of, _EVENTS.note
"""Reading what happened to one, and writing down one event more."""


def listed(
    connection: Connection, statuses: Collection[Status], party: str | None, *, after: str, limit: int
) -> tuple[TaskState, ...]:
    """Those of these states where it is a department's turn or that it asked (None: any), oldest first, behind one."""
    among = _row.status.in_(sorted(status.value for status in statuses))
    statement = select(_row.state).where(_row.id > after, among).order_by(_row.id).limit(limit)
    if party is not None:
        statement = statement.where(or_(_row.organisation == party, _row.consumer == party))
    return tuple(_state(text) for text in connection.scalars(statement))


def due(connection: Connection, by: datetime | None) -> tuple[tuple[TaskState, datetime], ...]:
    """Those whose clock is to be looked at by this instant, each with its own; None for all whose clock runs."""
    statement = select(_row.state, _row.next_due).where(_row.next_due.is_not(None)).order_by(_row.next_due, _row.id)
    if by is not None:
        statement = statement.where(_row.next_due <= by)
    return tuple((_state(row.state), row.next_due) for row in connection.execute(statement))


def add(connection: Connection, state: TaskState, next_due: datetime | None, secret: Envelope) -> None:
    """Store a new task with what is sealed of it."""
    connection.execute(insert(responder_task).values(**_values(state, next_due)))
    connection.execute(
        insert(responder_task_secret).values(task=state.id, wrapped=secret.wrapped, sealed=secret.sealed)
    )


def change(connection: Connection, state: TaskState, next_due: datetime | None, *, was: int) -> bool:
    """Store the new state of a task; False when its revision is no longer ``was``."""
    statement = update(responder_task).where(_row.id == state.id, _row.revision == was)
    return connection.execute(statement.values(**_values(state, next_due))).rowcount == 1


def look_again(connection: Connection, at: datetime) -> None:
    """Have every running clock looked at: the calendar it was counted by has changed."""
    connection.execute(update(responder_task).where(_row.next_due.is_not(None)).values(next_due=at))


def set_next_due(connection: Connection, state: TaskState, next_due: datetime | None, *, was: datetime) -> None:
    """When its clock is to be looked at next, while it is as it was read."""
    statement = update(responder_task).where(_row.id == state.id, _row.revision == state.revision, _row.next_due == was)
    connection.execute(statement.values(next_due=next_due))


def secret_of(connection: Connection, task: str) -> Envelope | None:
    """What is sealed of a task; None once it is passed on."""
    found = connection.execute(select(_secret.wrapped, _secret.sealed).where(_secret.task == task)).one_or_none()
    return None if found is None else Envelope(bytes(found.wrapped), bytes(found.sealed))


def keep(connection: Connection, task: str, secret: Envelope) -> None:
    """Put this in the place of what was sealed of a task."""
    statement = update(responder_task_secret).where(_secret.task == task)
    connection.execute(statement.values(wrapped=secret.wrapped, sealed=secret.sealed))


def forget(connection: Connection, task: str) -> None:
    """It is passed on: nothing of whom it was about, or of what was answered, is left here."""
    connection.execute(delete(responder_task_secret).where(_secret.task == task))


def not_passed_on(connection: Connection, *, limit: int) -> tuple[TaskState, ...]:
    """Tasks that have ended, and of which whoever asked has not been told yet."""
    statement = (
        select(_row.state)
        .join(responder_task_secret, _secret.task == _row.id)
        .where(_row.status.in_(_ENDED))
        .order_by(_row.changed_at, _row.id)
        .limit(limit)
    )
    return tuple(_state(text) for text in connection.scalars(statement))


def _values(state: TaskState, next_due: datetime | None) -> dict[str, object]:
    return {
        "id": state.id,
        "status": state.status.value,
        "revision": state.revision,
        "organisation": state.office.organisation,
        "consumer": state.wanted.consumer,
        "state": canonical.encode(state_to_json(state)).decode(),
        "next_due": next_due,
        "changed_at": state.changed_at,
    }


def _state(text: str) -> TaskState:
    return state_from_json(_object(text))


def _object(text: str) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", canonical.decode(text, max_bytes=_LARGEST))
