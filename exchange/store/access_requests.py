"""Access requests with their state and history; a request is changed only under the revision that was read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, insert, or_, select, update

from exchange.store.histories import History
from exchange.store.tables import access_request, access_request_event
from kernel import canonical
from policies.requests.document import state_from_json, state_to_json
from policies.requests.events import RequestState, Status

_request = access_request.c
_LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Filter:
    """Which requests are wanted; None and empty leave it open. ``party`` is an organisation on either side."""

    statuses: frozenset[Status] = frozenset(Status)
    party: str | None = None
    consumer: str | None = None
    provider: str | None = None
    parent: str | None = None


def find(connection: Connection, request: str) -> RequestState | None:
    """One request."""
    text = connection.scalar(select(_request.state).where(_request.id == request))
    return None if text is None else _state(text)


_EVENTS = History(access_request_event, "request")
history, note = _EVENTS.of, _EVENTS.note
"""Reading what happened to one, and writing down one event more."""


def listed(connection: Connection, wanted: Filter, *, after: str, limit: int) -> tuple[RequestState, ...]:
    """Those that fit, oldest first, behind one of them."""
    statement = (
        select(_request.state).where(_request.id > after, *_conditions(wanted)).order_by(_request.id).limit(limit)
    )
    return tuple(_state(text) for text in connection.scalars(statement))


def newest(connection: Connection, wanted: Filter, evidence_types: Collection[str]) -> RequestState | None:
    """The last of those that fit and are about one of these evidence types."""
    said = [canonical.encode({"evidence_type": one}).decode()[1:-1] for one in evidence_types]
    about = or_(*(_request.state.contains(each, autoescape=True) for each in said))  # as we write it ourselves
    statement = select(_request.state).where(about, *_conditions(wanted)).order_by(_request.id.desc())
    found = (_state(text) for text in connection.scalars(statement))
    return next((one for one in found if one.content.grant.evidence_type in evidence_types), None)


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [_request.status.in_(sorted(status.value for status in wanted.statuses))]
    for column, value in (
        (_request.consumer, wanted.consumer),
        (_request.provider, wanted.provider),
        (_request.parent, wanted.parent),
    ):
        if value is not None:
            found.append(column == value)
    if wanted.party is not None:
        found.append(or_(_request.consumer == wanted.party, _request.provider == wanted.party))
    return found


def due(connection: Connection, by: datetime | None) -> tuple[tuple[RequestState, datetime], ...]:
    """Those whose clock is to be looked at by this instant, each with its own; None for all whose clock runs."""
    columns = select(_request.state, _request.next_due)
    statement = columns.where(_request.next_due.is_not(None)).order_by(_request.next_due, _request.id)
    if by is not None:
        statement = statement.where(_request.next_due <= by)
    return tuple((_state(row.state), row.next_due) for row in connection.execute(statement))


def add(connection: Connection, state: RequestState, next_due: datetime | None) -> None:
    """Store a new request."""
    connection.execute(insert(access_request).values(**_row(state, next_due)))


def change(connection: Connection, state: RequestState, next_due: datetime | None, *, was: int) -> bool:
    """Store the new state of a request; False when its revision is no longer ``was``."""
    statement = update(access_request).where(_request.id == state.id, _request.revision == was)
    return connection.execute(statement.values(**_row(state, next_due))).rowcount == 1


def look_again(connection: Connection, at: datetime) -> None:
    """Have every running clock looked at: the calendar it was counted by has changed."""
    connection.execute(update(access_request).where(_request.next_due.is_not(None)).values(next_due=at))


def set_next_due(connection: Connection, state: RequestState, next_due: datetime | None, *, was: datetime) -> None:
    """When its clock is to be looked at next, while it is as it was read: also that nobody wants it looked at now."""
    statement = update(access_request).where(
        _request.id == state.id, _request.revision == state.revision, _request.next_due == was
    )
    connection.execute(statement.values(next_due=next_due))


def _row(state: RequestState, next_due: datetime | None) -> dict[str, object]:
    return {
        "id": state.id,
        "parent": state.parent,
        "status": state.status.value,
        "revision": state.revision,
        "consumer": state.content.grant.consumer,
        "provider": state.content.grant.provider,
        "next_due": next_due,
        "state": canonical.encode(state_to_json(state)).decode(),
        "changed_at": state.changed_at,
    }


def _state(text: str) -> RequestState:
    return state_from_json(_object(text))


def _object(text: str) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", canonical.decode(text, max_bytes=_LARGEST))
