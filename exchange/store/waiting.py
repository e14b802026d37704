"""Items that wait for a person, a preview or a source, and the one statement by which exactly one of many ends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

import orjson
from sqlalchemy import Connection, Row, delete, exists, insert, select, update

from exchange.store.tables import service_case, waiting_item


class Wait(StrEnum):
    """For whom an item waits: somebody at the provider, the person it is about (who looks at it, or has first to answer
    further questions), or the source itself.
    """

    PERSON = "person"
    PREVIEW = "preview"
    FURTHER = "further-questions"
    SOURCE = "source"


@dataclass(frozen=True, slots=True)
class WaitingItem:
    """One item that waits.

    ``entry`` is the ledger entry that says so and beside which everything lies that is needed to go on; ``previewer``
    the blind index of who may look at it; ``quotas`` the grants (id) of which a release of ``day`` is
    reserved; ``until`` when the wait ends by itself; ``next_at`` when a source is asked (again) after ``tries``, which
    are the answers that were given where it waits for those.
    """

    request_id: str
    item: int
    wait: Wait
    entry: int
    case: str
    previewer: bytes | None = field(repr=False)
    quotas: tuple[str, ...]
    day: date
    since: datetime
    until: datetime
    next_at: datetime
    tries: int = 0


def add(connection: Connection, items: Sequence[WaitingItem]) -> None:
    """Have these items wait."""
    connection.execute(insert(waiting_item), [_values(one) for one in items])


def take(connection: Connection, waited: WaitingItem) -> bool:
    """End a wait exactly as it was read; False when somebody else has ended or changed it."""
    statement = delete(waiting_item).where(
        waiting_item.c.request_id == waited.request_id,
        waiting_item.c.item == waited.item,
        waiting_item.c.entry == waited.entry,
    )
    return connection.execute(statement).rowcount == 1


def read(connection: Connection, request_id: str, item: int) -> WaitingItem | None:
    """One item, while it waits."""
    found = waiting_item.c
    statement = select(waiting_item).where(found.request_id == request_id, found.item == item)
    row = connection.execute(statement).one_or_none()
    return None if row is None else _item(row)


def overdue(connection: Connection, now: datetime, limit: int = 100) -> list[WaitingItem]:
    """Items whose time has run out, or whose case was closed meanwhile."""
    closed = exists().where(service_case.c.id == waiting_item.c.case_id, service_case.c.closed_at.is_not(None))
    statement = select(waiting_item).where((waiting_item.c.until <= now) | closed)
    return [_item(row) for row in connection.execute(statement.order_by(waiting_item.c.until).limit(limit))]


FOR_PEOPLE = (Wait.PREVIEW, Wait.FURTHER)
"""Waits that the person it is about ends, or whoever cares for them."""


def previews(connection: Connection, previewer: bytes, limit: int = 100) -> list[WaitingItem]:
    """What waits for somebody (blind index) to look at it or answer, the first to end first."""
    found = waiting_item.c
    waits = found.wait.in_([one.value for one in FOR_PEOPLE])
    statement = select(waiting_item).where(found.previewer == previewer, waits)
    return [_item(row) for row in connection.execute(statement.order_by(found.until, found.entry).limit(limit))]


def previews_in(connection: Connection, request_id: str) -> list[WaitingItem]:
    """The items of one request that wait for a person's look, in their order."""
    found = waiting_item.c
    statement = select(waiting_item).where(found.request_id == request_id, found.wait == Wait.PREVIEW.value)
    return [_item(row) for row in connection.execute(statement.order_by(found.item))]


def due(connection: Connection, now: datetime, limit: int) -> list[WaitingItem]:
    """Items whose source is to be asked, those that wait longest first."""
    found = waiting_item.c
    statement = select(waiting_item).where(found.wait == Wait.SOURCE.value, found.next_at <= now)
    return [_item(row) for row in connection.execute(statement.order_by(found.next_at).limit(limit))]


def put_off(connection: Connection, waited: WaitingItem, again: datetime) -> bool:
    """Take an item's turn, and say when the next one is; False when somebody else took it."""
    found = waiting_item.c
    statement = update(waiting_item).where(
        found.request_id == waited.request_id,
        found.item == waited.item,
        found.entry == waited.entry,  # else it waits for something else by now
        found.tries == waited.tries,
    )
    return connection.execute(statement.values(next_at=again, tries=waited.tries + 1)).rowcount == 1


def count_answer(connection: Connection, waited: WaitingItem) -> bool:
    """Take the next attempt to answer; False when the wait is over or somebody else took that attempt."""
    return put_off(connection, waited, waited.next_at)


def _values(one: WaitingItem) -> dict[str, object]:
    return {
        "request_id": one.request_id,
        "item": one.item,
        "wait": one.wait.value,
        "entry": one.entry,
        "case_id": one.case,
        "previewer": one.previewer,
        "quotas": orjson.dumps(one.quotas).decode(),
        "day": one.day.isoformat(),
        "since": one.since,
        "until": one.until,
        "next_at": one.next_at,
        "tries": one.tries,
    }


def _item(row: Row[tuple[object, ...]]) -> WaitingItem:
    values = row._mapping  # noqa: SLF001 - SQLAlchemy's documented name
    return WaitingItem(
        request_id=values["request_id"],
        item=values["item"],
        wait=Wait(values["wait"]),
        entry=values["entry"],
        case=values["case_id"],
        previewer=None if values["previewer"] is None else bytes(values["previewer"]),
        quotas=tuple(grant.partition("@")[0] for grant in orjson.loads(values["quotas"])),
        day=date.fromisoformat(values["day"]),
        since=values["since"],
        until=values["until"],
        next_at=values["next_at"],
        tries=values["tries"],
    )
