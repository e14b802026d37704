"""Ratings with state and history; one is changed only under the revision that was read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, func, insert, or_, select, update

from exchange.store.histories import History
from exchange.store.running_clocks import RunningClocks
from exchange.store.tables import case_subject, rating, rating_event, service_case
from kernel import canonical
from policies.ratings.document import state_from_json, state_to_json
from policies.ratings.events import RatingState, Status

_row = rating.c
_LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Count:
    """How many cases of a department were given a grade and stand like this."""

    organisation: str
    grade: int
    status: Status
    count: int


@dataclass(frozen=True, slots=True)
class Unrated:
    """A closed case that nobody rated; ``joined`` whether whoever it was for signed in for it themselves."""

    case: str
    organisation: str
    service_item: str
    closed_at: datetime
    joined: bool


def unrated(connection: Connection, subject: bytes, listed_as: str) -> tuple[Unrated, ...]:
    """Closed cases without a rating for which somebody signed in, or was listed in this role; the newest first."""
    case, party = service_case.c, case_subject.c
    statement = (
        select(case.id, case.organisation, case.service_item, case.closed_at, func.count(party.joined_at))
        .join(case_subject, party.case_id == case.id)
        .outerjoin(rating, _row.case_id == case.id)
        .where(
            party.subject == subject,
            or_(party.joined_at.is_not(None), party.role == listed_as),
            case.closed_at.is_not(None),
            _row.case_id.is_(None),
        )
        .group_by(case.id)
        .order_by(case.id.desc())
    )
    rows = connection.execute(statement)
    return tuple(Unrated(name, office, item, at, bool(joined)) for name, office, item, at, joined in rows)


def find(connection: Connection, case: str) -> tuple[RatingState, int] | None:
    """The rating of a case, and the entry of the log that keeps what was said."""
    row = connection.execute(select(_row.state, _row.entry).where(_row.case_id == case)).one_or_none()
    return None if row is None else (_state(row.state), row.entry)


_EVENTS = History(rating_event, "case_id")
history, note = _EVENTS.of, _EVENTS.note
"""Reading what happened to one, and writing down one event more."""


def listed(
    connection: Connection, statuses: Collection[Status], organisation: str | None, *, before: str, limit: int
) -> tuple[RatingState, ...]:
    """Those of these states of a department (None: any), the newest case first, older than ``before``."""
    statement = (
        select(_row.state)
        .where(_row.status.in_(sorted(status.value for status in statuses)))
        .order_by(_row.case_id.desc())
        .limit(limit)
    )
    if before:
        statement = statement.where(_row.case_id < before)
    if organisation is not None:
        statement = statement.where(_row.organisation == organisation)
    return tuple(_state(text) for text in connection.scalars(statement))


def counts(connection: Connection, since: datetime, until: datetime) -> tuple[Count, ...]:
    """Grades given in a period, by department and state."""
    by = (_row.organisation, _row.grade, _row.status)
    statement = (
        select(*by, func.count().label("count"))
        .where(_row.rated_at >= since, _row.rated_at < until)
        .group_by(*by)
        .order_by(*by)
    )
    return tuple(Count(one[0], one[1], Status(one[2]), one[3]) for one in connection.execute(statement))


_CLOCKS: RunningClocks[RatingState] = RunningClocks(rating, _row.case_id, lambda state: state.rating.case)
due, look_again, set_next_due = _CLOCKS.due, _CLOCKS.look_again, _CLOCKS.set_next_due
"""Which clocks are to be looked at, by name, and when next."""


def add(connection: Connection, state: RatingState, entry: int, next_due: datetime | None) -> None:
    """Store a new rating. Raises IntegrityError where the case has one."""
    connection.execute(insert(rating).values(**_values_of(state, next_due), entry=entry))


def change(connection: Connection, state: RatingState, next_due: datetime | None, *, was: int) -> bool:
    """Store the new state of a rating; False when its revision is no longer ``was``."""
    statement = update(rating).where(_row.case_id == state.rating.case, _row.revision == was)
    return connection.execute(statement.values(**_values_of(state, next_due))).rowcount == 1


def _values_of(state: RatingState, next_due: datetime | None) -> dict[str, object]:
    return {
        "case_id": state.rating.case,
        "organisation": state.rating.organisation,
        "service_item": state.rating.service_item,
        "grade": int(state.rating.grade),
        "status": state.status.value,
        "revision": state.revision,
        "state": canonical.encode(state_to_json(state)).decode(),
        "next_due": next_due,
        "rated_at": state.rated_at,
    }


def _state(text: str) -> RatingState:
    return state_from_json(cast("Mapping[str, Any]", canonical.decode(text, max_bytes=_LARGEST)))
