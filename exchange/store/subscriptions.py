"""Subscriptions to events, and each subscriber's queue: numbered without gaps, settled up to a number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, case, delete, func, insert, or_, select, update

from exchange.store.tables import event, event_subscription
from kernel import canonical
from kernel.canonical import JSON
from policies.subscriptions import Status, Way

_LARGEST = 1 << 16
_s, _e = event_subscription.c, event.c


@dataclass(frozen=True, slots=True)
class Subscription:
    """What one system wants to hear of; ``kinds`` are CloudEvents types, ``evidence_types`` for those about evidence.

    ``last`` is the number of the newest event in its queue, ``settled`` of the last one acknowledged, ``tries`` counts
    failures in a row and ``trouble`` names the last one; ``due_at`` is when to try next, or until when somebody tries.
    """

    id: str
    system: str
    organisation: str
    kinds: frozenset[str]
    evidence_types: frozenset[str]
    way: Way
    created_at: datetime
    due_at: datetime
    status: Status = Status.ACTIVE
    revision: int = 1
    last: int = 0
    settled: int = 0
    tries: int = 0
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Queued:
    """An event in one subscriber's queue; ``subject`` is its pseudonym there, empty where it is about nobody."""

    subscription: str
    id: str
    kind: str
    evidence_type: str
    subject: str
    data: Mapping[str, JSON]
    at: datetime
    number: int = 0


def add(connection: Connection, added: Subscription) -> None:
    """Store a new subscription."""
    connection.execute(
        insert(event_subscription).values(
            id=added.id,
            system=added.system,
            organisation=added.organisation,
            kinds=_words(added.kinds),
            evidence_types=_words(added.evidence_types),
            delivery=added.way.value,
            status=added.status.value,
            revision=added.revision,
            last_number=added.last,
            settled=added.settled,
            tries=added.tries,
            trouble=added.trouble,
            due_at=added.due_at,
            created_at=added.created_at,
        )
    )


def find(connection: Connection, name: str) -> Subscription | None:
    """One subscription, whatever its status."""
    row = connection.execute(select(event_subscription).where(_s.id == name)).one_or_none()
    return None if row is None else _subscription(row)


def of_system(connection: Connection, system: str) -> list[Subscription]:
    """A system's subscriptions that were not ended, oldest first."""
    statement = select(event_subscription).where(_s.system == system, _s.status != Status.ENDED.value)
    return [_subscription(row) for row in connection.execute(statement.order_by(_s.id))]


def living(connection: Connection) -> list[Subscription]:
    """Everybody's that were not ended, in a fixed order."""
    statement = select(event_subscription).where(_s.status != Status.ENDED.value).order_by(_s.id)
    return [_subscription(row) for row in connection.execute(statement)]


def listed(
    connection: Connection, organisation: str | None, before: str, limit: int, *, stuck: bool
) -> list[Subscription]:
    """Those of a department (None: of any), newest first, older than ``before``; only those that are ``stuck``."""
    statement = select(event_subscription).order_by(_s.id.desc()).limit(limit)
    if organisation is not None:
        statement = statement.where(_s.organisation == organisation)
    if before:
        statement = statement.where(_s.id < before)
    if stuck:
        failing = (_s.status == Status.ACTIVE.value) & (_s.tries > 0)
        statement = statement.where(or_(_s.status == Status.PARKED.value, failing))
    return [_subscription(row) for row in connection.execute(statement)]


def move(connection: Connection, seen: Subscription, status: Status, now: datetime, trouble: str = "") -> bool:
    """Change where a subscription stands; failures are forgotten. False when it is no longer as it was read."""
    return _change(connection, seen, status=status.value, tries=0, trouble=trouble, due_at=now)


def again(connection: Connection, seen: Subscription, start: int | None, now: datetime) -> bool:
    """Have what waits pushed at once, with ``start`` everything from that number on; False when it has been changed.

    What arrived since it was read stays arrived: that alone is no new revision.
    """
    back = {} if start is None else {"settled": case((_s.settled >= start, start - 1), else_=_s.settled)}
    return _change(connection, seen, **back, tries=0, trouble="", due_at=now)


def _change(connection: Connection, seen: Subscription, **values: Any) -> bool:
    statement = update(event_subscription).where(_s.id == seen.id, _s.revision == seen.revision)
    return connection.execute(statement.values(**values, revision=seen.revision + 1)).rowcount == 1


def oldest(connection: Connection, one: Subscription) -> int:
    """The number of the oldest event that is kept; the next one to come where none is."""
    found = connection.scalar(select(func.min(_e.number)).where(_e.subscription == one.id))
    return one.last + 1 if found is None else int(found)


def enqueue(connection: Connection, queued: Queued) -> None:
    """Put an event at the end of a queue. The queue's row is locked meanwhile, so numbers are committed in order."""
    last = (
        update(event_subscription)
        .where(_s.id == queued.subscription)
        .values(last_number=_s.last_number + 1)
        .returning(_s.last_number)
    )
    number = connection.execute(last).scalar_one()
    connection.execute(
        insert(event).values(
            subscription=queued.subscription,
            number=number,
            id=queued.id,
            kind=queued.kind,
            evidence_type=queued.evidence_type,
            subject=queued.subject,
            data=canonical.encode(dict(queued.data)).decode(),
            at=queued.at,
        )
    )


def queue(connection: Connection, name: str, after: int, most: int) -> list[Queued]:
    """What stands in a queue behind a number, in order."""
    statement = select(event).where(_e.subscription == name, _e.number > after).order_by(_e.number).limit(most)
    return [_queued(row) for row in connection.execute(statement)]


def newest(connection: Connection, name: str, before: int | None, most: int) -> list[Queued]:
    """What is kept of a queue, newest first, older than a number."""
    statement = select(event).where(_e.subscription == name).order_by(_e.number.desc()).limit(most)
    if before is not None:
        statement = statement.where(_e.number < before)
    return [_queued(row) for row in connection.execute(statement)]


def acknowledge(connection: Connection, name: str, number: int) -> None:
    """Everything up to a number has arrived; going back is not possible."""
    statement = update(event_subscription).where(_s.id == name, _s.settled < number, _s.last_number >= number)
    connection.execute(statement.values(settled=number))


def due(connection: Connection, now: datetime) -> list[Subscription]:
    """Those with something to push now, whoever has waited longest first."""
    ready = (_s.delivery == Way.PUSH.value, _s.status == Status.ACTIVE.value, _s.due_at <= now)
    statement = select(event_subscription).where(*ready, _s.settled < _s.last_number).order_by(_s.due_at, _s.id)
    return [_subscription(row) for row in connection.execute(statement)]


def claim(connection: Connection, seen: Subscription, until: datetime) -> Subscription | None:
    """Take one until an instant, as it is now; None when it is another's, or its status was changed."""
    statement = update(event_subscription).where(*_is(seen)).values(due_at=until).returning(event_subscription)
    row = connection.execute(statement).one_or_none()
    return None if row is None else _subscription(row)


def arrived(connection: Connection, held: Subscription, number: int) -> bool:
    """An event arrived; False when the subscription is no longer held."""
    statement = update(event_subscription).where(*_is(held), _s.last_number >= number)
    return connection.execute(statement.values(settled=number, tries=0, trouble="")).rowcount == 1


def put_back(connection: Connection, held: Subscription, tries: int, due_at: datetime, trouble: str = "") -> None:
    """Let go of one that is held, to be tried at an instant; ``trouble`` is why the last try failed."""
    values = {"tries": tries, "due_at": due_at, "trouble": trouble}
    connection.execute(update(event_subscription).where(*_is(held)).values(**values))


def prune(connection: Connection, before: datetime, unread: datetime) -> None:
    """Forget what was acknowledged and is older than an instant, every queue that was ended, and what nobody fetched.

    What is older than ``unread`` goes whether it arrived or not: a subscriber that never comes must not fill the house.
    """
    settled = select(_s.settled).where(_s.id == _e.subscription).scalar_subquery()
    ended = select(_s.id).where(_s.status == Status.ENDED.value)
    arrived = (_e.at < before) & (_e.number <= settled)
    connection.execute(delete(event).where(or_(_e.subscription.in_(ended), _e.at < unread, arrived)))


def count_living(connection: Connection, system: str) -> int:
    """How many a system has."""
    statement = select(func.count()).where(_s.system == system, _s.status != Status.ENDED.value)
    return int(connection.scalar(statement) or 0)


def _is(seen: Subscription) -> tuple[ColumnElement[bool], ...]:
    return _s.id == seen.id, _s.revision == seen.revision, _s.due_at == seen.due_at


def _words(names: frozenset[str]) -> str:
    return " ".join(sorted(names))


def _subscription(row: Any) -> Subscription:
    return Subscription(
        id=row.id,
        system=row.system,
        organisation=row.organisation,
        kinds=frozenset(row.kinds.split()),
        evidence_types=frozenset(row.evidence_types.split()),
        way=Way(row.delivery),
        created_at=row.created_at,
        due_at=row.due_at,
        status=Status(row.status),
        revision=row.revision,
        last=row.last_number,
        settled=row.settled,
        tries=row.tries,
        trouble=row.trouble,
    )


def _queued(row: Any) -> Queued:
    return Queued(
        row.subscription, row.id, row.kind, row.evidence_type, row.subject, _object(row.data), row.at, row.number
    )


def _object(text: str) -> Mapping[str, JSON]:
    return cast("Mapping[str, JSON]", canonical.decode(text, max_bytes=_LARGEST))
