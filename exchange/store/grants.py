"""Grants with their state, one row per id and version, changed only under the revision that was read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection, and_, case, insert, or_, select, tuple_, update

from exchange.store.tables import grant_force, grant_version
from kernel import canonical
from policies.grants.document import state_from_json, state_to_json
from policies.grants.events import GrantState, Status
from policies.grants.grant import Grant
from policies.grants.review import ReviewPackage

_STATES = select(grant_version.c.state, grant_version.c.review)
_REVIEWED = (Status.SUBMITTED, Status.APPROVED, Status.SCHEDULED, Status.SUSPENDED)
_SIGNED_FOR = grant_version.c.status.in_([one.value for one in _REVIEWED])
_WAITING = select(grant_version.c.state, case((_SIGNED_FOR, grant_version.c.review), else_=None))
_WITHOUT_REVIEW = select(grant_version.c.state)
"""What decisions are made by does not need what officers were shown."""
_IN_ORDER = (grant_version.c.id, grant_version.c.version)


def active(connection: Connection) -> tuple[GrantState, ...]:
    """The set that decisions are made by, without reviews."""
    statement = _WITHOUT_REVIEW.where(grant_version.c.status == Status.ACTIVE.value).order_by(*_IN_ORDER)
    return tuple(_state(text) for text in connection.scalars(statement))


def living_of(connection: Connection, grant: str) -> tuple[GrantState, ...]:
    """The versions of a grant that a newer one would replace: active or suspended, without their reviews."""
    living = (Status.ACTIVE.value, Status.SUSPENDED.value)
    statement = _WITHOUT_REVIEW.where(grant_version.c.id == grant, grant_version.c.status.in_(living))
    return tuple(_state(text) for text in connection.scalars(statement.order_by(*_IN_ORDER)))


def active_over(connection: Connection, evidence_types: Collection[str]) -> tuple[GrantState, ...]:
    """The part of that set that is about these evidence types, without reviews."""
    statement = _WITHOUT_REVIEW.where(
        grant_version.c.status == Status.ACTIVE.value, grant_version.c.evidence_type.in_(sorted(evidence_types))
    )
    return tuple(_state(text) for text in connection.scalars(statement.order_by(*_IN_ORDER)))


def listed(connection: Connection, *, status: Status | None = None) -> tuple[GrantState, ...]:
    """Every grant and version, or those of one status; with the reviews of those that wait for signatures."""
    statement = _WAITING.order_by(*_IN_ORDER)
    if status is not None:
        statement = statement.where(grant_version.c.status == status.value)
    return tuple(_state(*row) for row in connection.execute(statement))


def page(
    connection: Connection, *, after: tuple[str, int] | None, limit: int, status: Status | None = None
) -> tuple[GrantState, ...]:
    """So many of them in the order of identifiers, behind one of them (id and version); as ``listed`` reads them."""
    statement = _WAITING.order_by(*_IN_ORDER).limit(limit)
    if after is not None:
        name, version = after
        same = and_(grant_version.c.id == name, grant_version.c.version > version)
        statement = statement.where(or_(grant_version.c.id > name, same))
    if status is not None:
        statement = statement.where(grant_version.c.status == status.value)
    return tuple(_state(*row) for row in connection.execute(statement))


@dataclass(frozen=True, slots=True)
class Outline:
    """What a list is searched by: which grant it is, and whose."""

    id: str
    version: int
    consumer: str
    provider: str
    evidence_type: str


def outlines(connection: Connection, status: Status | None) -> list[Outline]:
    """Every grant and version in the order of identifiers, or those of one status, without reading what they say."""
    found = grant_version.c
    columns = select(found.id, found.version, found.consumer, found.provider, found.evidence_type).order_by(*_IN_ORDER)
    statement = columns if status is None else columns.where(found.status == status.value)
    return [Outline(*row) for row in connection.execute(statement)]


def those(connection: Connection, wanted: Collection[Outline]) -> tuple[GrantState, ...]:
    """The states of these grants, in the order of identifiers."""
    keys = [(one.id, one.version) for one in wanted]
    statement = _WAITING.where(tuple_(*_IN_ORDER).in_(keys)).order_by(*_IN_ORDER)
    return tuple(_state(*row) for row in connection.execute(statement))


def versions(connection: Connection, grant: str) -> tuple[GrantState, ...]:
    """Every version of a grant, oldest first."""
    statement = _STATES.where(grant_version.c.id == grant).order_by(grant_version.c.version)
    return tuple(_state(*row) for row in connection.execute(statement))


def versions_without_reviews(connection: Connection, grant: str) -> tuple[GrantState, ...]:
    """The same without what officers were shown: who signed which when."""
    statement = _WITHOUT_REVIEW.where(grant_version.c.id == grant).order_by(grant_version.c.version)
    return tuple(_state(text) for text in connection.scalars(statement))


def add(connection: Connection, state: GrantState) -> None:
    """Store a new grant or version."""
    connection.execute(insert(grant_version).values(**_row(state)))


def change(connection: Connection, state: GrantState, *, was: int) -> bool:
    """Store the new state of a grant; False when its revision is no longer ``was``."""
    statement = update(grant_version).where(
        grant_version.c.id == state.grant.id,
        grant_version.c.version == state.grant.version,
        grant_version.c.revision == was,
    )
    return connection.execute(statement.values(**_row(state))).rowcount == 1


def mark_force(connection: Connection, states: Iterable[GrantState], epoch: int) -> None:
    """Note that from ``epoch`` on these grants are in the active set, or no longer, as their new status says."""
    for state in states:
        key = {"id": state.grant.id, "version": state.grant.version}
        if state.status is Status.ACTIVE:
            connection.execute(insert(grant_force).values(**key, since=epoch))
        else:
            ended = update(grant_force).where(*_is_of(state), grant_force.c.until.is_(None))
            connection.execute(ended.values(until=epoch))


def _is_of(state: GrantState) -> tuple[Any, Any]:
    return grant_force.c.id == state.grant.id, grant_force.c.version == state.grant.version


def was_in_force(connection: Connection, grant: str) -> bool:
    """Whether any version of a grant is in the active set, or was."""
    return connection.scalar(select(grant_force.c.id).where(grant_force.c.id == grant).limit(1)) is not None


def in_force(connection: Connection, epoch: int, evidence_types: Collection[str] | None = None) -> tuple[Grant, ...]:
    """The grants that decisions of an epoch were made by: all, or those about these evidence types."""
    same = (grant_force.c.id == grant_version.c.id) & (grant_force.c.version == grant_version.c.version)
    then = (grant_force.c.since <= epoch, or_(grant_force.c.until.is_(None), grant_force.c.until > epoch))
    statement = select(grant_version.c.state).join(grant_force, same).where(*then).order_by(*_IN_ORDER)
    if evidence_types is not None:
        statement = statement.where(grant_version.c.evidence_type.in_(sorted(evidence_types)))
    return tuple(_state(text).grant for text in connection.scalars(statement))


def _row(state: GrantState) -> dict[str, object]:
    # A state that was read without its review leaves the stored one alone.
    review = {} if state.review is None else {"review": canonical.encode(state.review.to_json()).decode()}
    return review | {
        "id": state.grant.id,
        "version": state.grant.version,
        "status": state.status.value,
        "revision": state.revision,
        "consumer": state.grant.consumer,
        "provider": state.grant.provider,
        "evidence_type": state.grant.evidence_type,
        "state": canonical.encode(state_to_json(state)).decode(),
        "changed_at": state.changed_at,
    }


def _state(text: str, review: str | None = None) -> GrantState:
    shown = None if review is None else ReviewPackage.from_json(_decoded(review))
    return state_from_json(_decoded(text), shown)


def _decoded(text: str) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", canonical.decode(text, max_bytes=_LONGEST))


_LONGEST = 1 << 24
"""Bytes: of what we wrote ourselves; the longest lists a grant may have stay far below."""
