"""Where every entry of the catalogue stands, and its publications."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, and_, insert, or_, select, tuple_, update

from exchange.catalogue.workflow.document import state_from_json, state_to_json
from exchange.catalogue.workflow.events import EntryState, Stage
from exchange.store.tables import catalogue_draft, catalogue_publication
from kernel import canonical
from kernel.database import upsert_ignore

MOST_LISTED = 500
_STAGES = frozenset(stage.value for stage in Stage)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands in the order of waiting."""

    changed_at: datetime
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Publication:
    """One version of an entry: in force from the catalogue's version ``since``; ``how`` is review or manifest."""

    version: int
    since: int
    at: datetime
    by: str
    how: str
    digest: str


def find(connection: Connection, kind: str, name: str) -> EntryState | None:
    """Where an entry stands; None when nobody has heard of it."""
    statement = select(catalogue_draft).where(catalogue_draft.c.kind == kind, catalogue_draft.c.name == name)
    return next(_states(connection, statement), None)


def listed(
    connection: Connection,
    *,
    status: str | None,
    organisation: str | None,
    kinds: Collection[str] | None = None,
    after: Place | None = None,
    limit: int = MOST_LISTED,
) -> tuple[EntryState, ...]:
    """Entries under way, or those of one status, the longest waiting first, behind a place in that order.

    A status that is the stage of a draft finds changes of published entries as well as new ones.
    """
    draft = catalogue_draft.c
    conditions = [_waits(status)]
    if organisation is not None:
        conditions.append(draft.organisation == organisation)
    if kinds is not None:
        conditions.append(draft.kind.in_(sorted(kinds)))
    if after is not None:
        later = tuple_(draft.kind, draft.name) > tuple_(after.kind, after.name)
        conditions.append(or_(draft.changed_at > after.changed_at, and_(draft.changed_at == after.changed_at, later)))
    statement = select(catalogue_draft).where(*conditions).order_by(draft.changed_at, draft.kind, draft.name)
    return tuple(_states(connection, statement.limit(limit)))


def _waits(status: str | None) -> ColumnElement[bool]:
    if status is None:
        return catalogue_draft.c.status.not_in(["published", "withdrawn"])
    return (catalogue_draft.c.stage if status in _STAGES else catalogue_draft.c.status) == status


def put(connection: Connection, state: EntryState, *, was: int) -> bool:
    """Store a state; ``was`` is the revision read before it (0: none). False when somebody else was faster."""
    row = {
        "kind": state.kind,
        "name": state.name,
        "organisation": state.organisation,
        "status": state.status,
        "stage": state.stage.value if state.stage else "",
        "revision": state.revision,
        "state": canonical.encode(state_to_json(state)).decode(),
        "changed_at": state.changed_at,
    }
    if was == 0:
        return connection.execute(upsert_ignore(catalogue_draft, connection).values(**row)).rowcount == 1
    same = (catalogue_draft.c.kind == state.kind, catalogue_draft.c.name == state.name)
    changed = update(catalogue_draft).where(*same, catalogue_draft.c.revision == was).values(**row)
    return connection.execute(changed).rowcount == 1


def published(connection: Connection, kind: str, name: str, publication: Publication) -> None:
    """Note a publication."""
    values = {each: getattr(publication, each) for each in Publication.__slots__}
    connection.execute(insert(catalogue_publication).values(kind=kind, name=name, **values))


def publications(connection: Connection, kind: str, name: str) -> tuple[Publication, ...]:
    """Every version of an entry, oldest first."""
    table = catalogue_publication
    statement = select(table).where(table.c.kind == kind, table.c.name == name).order_by(table.c.version)
    return tuple(
        Publication(row.version, row.since, row.at, row.by, row.how, row.digest)
        for row in connection.execute(statement)
    )


def _states(connection: Connection, statement: Any) -> Iterator[EntryState]:
    for row in connection.execute(statement):
        value = cast("Mapping[str, Any]", canonical.decode(row.state, max_bytes=1 << 22))
        yield state_from_json(row.kind, row.name, row.changed_at, value)
