"""Requests for many departments: the parents, and how many of their children stand in which state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, exists, func, insert, or_, select, true

from exchange.store.tables import access_request, access_request_batch
from policies.requests.batch import Batch
from policies.requests.conditions import BEFORE_THE_PROVIDER
from policies.requests.events import Status

_batch, _request = access_request_batch.c, access_request.c


def add(connection: Connection, batch: Batch) -> None:
    """Store a new parent."""
    connection.execute(insert(access_request_batch).values(**{name: getattr(batch, name) for name in Batch.__slots__}))


def find(connection: Connection, batch: str) -> Batch | None:
    """One parent."""
    row = connection.execute(select(access_request_batch).where(_batch.id == batch)).one_or_none()
    return None if row is None else _read(row)


def listed(connection: Connection, *, party: str | None, by: str, before: str, limit: int) -> tuple[Batch, ...]:
    """Parents, the newest first, behind one of them: all (``party`` None), or one's own and one's department's."""
    own = exists().where(_request.parent == _batch.id, _visible(party))
    seen = true() if party is None else or_(_batch.by == by, own)
    statement = select(access_request_batch).where(seen).order_by(_batch.id.desc()).limit(limit)
    if before:
        statement = statement.where(_batch.id < before)
    return tuple(_read(row) for row in connection.execute(statement))


def counted(connection: Connection, batches: Sequence[str], *, party: str | None) -> dict[str, Mapping[Status, int]]:
    """How many children that the reader may see stand in which state, by parent."""
    found: dict[str, dict[Status, int]] = {batch: {} for batch in batches}
    statement = (
        select(_request.parent, _request.status, func.count())
        .where(_request.parent.in_(batches), _visible(party))
        .group_by(_request.parent, _request.status)
    )
    for parent, status, count in connection.execute(statement):
        found[parent][Status(status)] = count
    return dict(found)


def _read(row: Row[Any]) -> Batch:
    return Batch(
        id=row.id,
        by=row.by,
        organisation=row.organisation,
        at=row.at,
        evidence_type=row.evidence_type,
        purpose=row.purpose,
        size=row.size,
    )


def _visible(party: str | None) -> ColumnElement[bool]:
    """The children that a department may see: its own, and those it was asked for (``conditions.sees``)."""
    if party is None:
        return true()
    asked = _request.status.not_in(sorted(status.value for status in BEFORE_THE_PROVIDER))
    return or_(_request.consumer == party, and_(_request.provider == party, asked))
