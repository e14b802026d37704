"""The queue: which requests an officer sees, by state, organisation, side, and whether they wait for this officer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from exchange.paging import page_size
from exchange.proceedings import state_of
from exchange.store import access_requests
from exchange.store.access_requests import Filter
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from policies.requests.commands import TABLE
from policies.requests.conditions import READERS, open_to, sees
from policies.requests.events import RequestState, Status
from policies.roles import Officer

BATCH = 200
LONGEST_CODE = 128
NOT_WAITING = frozenset({"withdraw", "dispute"})
"""What may be done but need not: a request does not wait for it."""

_BAD = Text(
    "查询参数不正确：role、waiting 各有固定的取值",
    "A parameter is not valid: role and waiting have values of their own",
)


@dataclass(frozen=True, slots=True)
class Page:
    """Requests, and the ``after`` of the following page."""

    states: tuple[RequestState, ...]
    next: str | None


def listing(connection: Connection, asked: Mapping[str, str], reader: Officer) -> Page:
    """One page of what the reader may see. Raises Problem (request.invalid)."""
    limit, after, waiting = page_size(asked.get("limit")), asked.get("after", ""), asked.get("waiting")
    if waiting not in {None, "me"} or len(after) > LONGEST_CODE:
        raise Problem(INVALID_BODY, detail=_BAD)
    wanted = _filter(asked, reader, waiting=waiting is not None)
    found: list[RequestState] = []
    while len(found) <= limit:
        batch = access_requests.listed(connection, wanted, after=after, limit=BATCH)
        found += [state for state in batch if sees(state, reader) and (waiting is None or waits_for(state, reader))]
        if len(batch) < BATCH:
            break
        after = batch[-1].id
    page = tuple(found[:limit])
    return Page(page, page[-1].id if len(found) > limit else None)


def waits_for(state: RequestState, officer: Officer) -> bool:
    """Whether this officer is one of those whose turn it is."""
    return bool(set(open_to(state, officer)) - NOT_WAITING)


def _filter(asked: Mapping[str, str], reader: Officer, *, waiting: bool) -> Filter:
    statuses = frozenset(Status) if "state" not in asked else frozenset({state_of(asked["state"], Status)})
    if waiting:
        statuses &= {status for status, row in TABLE.items() if status is not None and reader.roles & row.keys()}
    side = asked.get("role")
    if side not in {None, "consumer", "provider"}:
        raise Problem(INVALID_BODY, detail=_BAD)
    organisation = asked.get("organisation") or (reader.organisation if side else None)
    own = None if READERS & reader.roles else reader.organisation
    return Filter(
        statuses=statuses,
        party=own if organisation is None or side else organisation,
        consumer=organisation if side == "consumer" else None,
        provider=organisation if side == "provider" else None,
        parent=asked.get("parent"),
    )
