"""The other half of a journey: an item that waits for its person, somebody else or its source goes on.

The product's own functions remember it, decide again, show it and end its wait; left out are the tables in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from typing import Any
from unittest import mock

import orjson
from flask import Blueprint, Flask

from exchange import errors
from exchange.authentication.tokens import CONSENT_WITHDRAWN
from exchange.events.cloud_event import cloud_event
from exchange.gateway.asking import Asking
from exchange.gateway.entries import Parked, Settlement, item_event
from exchange.gateway.fulfilment import Fulfilment
from exchange.gateway.intents import Attempt, intent_of
from exchange.gateway.outcomes import status_of
from exchange.gateway.recording import settled as settled_signal
from exchange.gateway.remembering import remembered
from exchange.gateway.retrieval import Finding
from exchange.gateway.waiting import Held, Waiting
from exchange.in_force.snapshot import Snapshot
from exchange.portal.previews import PreviewPages
from exchange.previews.looking import Looking
from exchange.previews.views import detailed
from exchange.store import consents
from exchange.store.cases import Case
from exchange.store.consents import Artefact
from exchange.store.intents import State, Stored
from exchange.store.subscriptions import Queued
from exchange.store.waiting import Wait, WaitingItem
from kernel.clock import ManualClock
from kernel.lease import Lease
from kernel.ledger.event import Located
from kernel.problems import Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, json_response
from kernel.web.pages import register_kit
from tests.property.leak_requests import Ask
from tests.property.leak_worlds import NOW, World

_ANY: Any = None


@dataclass(frozen=True)
class Seen:
    """What its person is shown of an item before it leaves, and the page of it where that was asked for."""

    number: int
    view: dict[str, Any]
    page: str


@dataclass
class _Consents:
    """Stands for the database: of all that is stored, consents alone are read here."""

    given: tuple[Artefact, ...]

    @contextmanager
    def read(self) -> Iterator[_Consents]:
        yield self


@contextmanager
def consents_from_memory() -> Iterator[None]:
    """While this is open, consents are read from what stands for the database."""

    def given(stored: Any, _organisation: str, _item: str, _case: str, people: set[bytes]) -> tuple[Artefact, ...]:
        return tuple(one for one in stored.given if one.subject in people)

    with mock.patch.object(consents, "given", given):
        yield


@dataclass(frozen=True)
class _Standing:
    """Stands for the authenticator: whether the person took back what the token stands for."""

    withdrawn: bool

    def check_not_revoked(self, _token: object) -> None:
        if self.withdrawn:
            raise Problem(errors.TOKEN_REVOKED, members={"reason": CONSENT_WITHDRAWN})


@dataclass
class _Book:
    """Stands for the recorder: keeps what it is told to write down."""

    settled: list[Settlement] = field(default_factory=list)

    def settle_later(self, settlement: Settlement, _waited: object, _also: object) -> str:
        self.settled.append(settlement)
        return status_of(*settlement.results)


class _Alone(Looking):
    """Previews of people for whom nothing else waits."""

    def all(self, person: bytes) -> list[Held]:
        del person
        return []


class GoingOn:
    """Goes on with what waits of one request (``asking``), as everything stands by then."""

    def __init__(self, world: World, asked: Ask, case: Case, asking: Asking, before: Fulfilment) -> None:
        clock = ManualClock(NOW + asked.later.after)
        snapshot = _as_it_stands(world, asked, case)
        self._reply = asked.later.reply
        self._snapshot = snapshot
        self._case = replace(case, closed_at=NOW) if asked.later.meanwhile == "closed" else case
        attempt = Attempt(asking, snapshot, None, None, b"", "node", clock, lambda _subject: Located(b""))
        self._stored = Stored(intent_of(attempt, ()), State.WAITING, None)
        self._book: Any = _Book()
        standing: Any = _Standing(asked.withdrawn or asked.later.meanwhile == "withdrawn")
        database: Any = _Consents(asking.consents)
        self._waiting = Waiting(
            policy=Lease(lambda: snapshot, clock=clock),
            authenticator=standing,
            database=database,
            fulfilment=replace(before, clock=clock),
            recorder=self._book,
            clock=clock,
            indexes=asking.indexes,
            leeway=asking.leeway,
        )
        self._looking = _Alone(self._waiting)

    def until_settled(
        self, parked: Parked, settlement: Settlement, finding: Finding, *, page: bool
    ) -> Iterator[Seen | Settlement]:
        """What is shown and written down of an item, until it waits for nothing more; ``page``: with the page."""
        held = self._held(parked, settlement)
        if parked.wait is Wait.PREVIEW:
            yield from self._previewed(held, page=page)
        else:
            self._waiting.settle(held, finding)
        settled: Settlement = self._book.settled.pop()
        yield settled
        (result,) = settled.results
        if isinstance(result, Parked):
            yield from self.until_settled(result, settled, finding, page=page)

    def told_of(self) -> str:
        """The event that says that nothing waits any more, as it is pushed and pulled."""
        signal = settled_signal(self._stored.intent, NOW)
        queued = Queued("sub_1", signal.cause, signal.kind.value, signal.evidence_type, "", signal.data, signal.at)
        return orjson.dumps(cloud_event(queued, "http://exchange.test")).decode()

    def _previewed(self, held: Held, *, page: bool) -> Iterator[Seen]:
        try:
            shown = self._looking.show(held)
        except Problem as problem:
            if problem.kind is not errors.PREVIEW_OVER:
                raise
            self._looking.answer(held, self._reply, f"sha256:{'0' * 64}")
            return
        view = detailed(shown, self._looking.choices(held), self._snapshot.registry)
        yield Seen(held.waited.item, view, _page(view) if page else "")
        self._looking.answer(held, self._reply, shown.digest)

    def _held(self, parked: Parked, settlement: Settlement) -> Held:
        kept = item_event(parked, settlement).payload
        assert kept is not None
        waited = WaitingItem(
            request_id=settlement.asking.id,
            item=parked.ruling.item.number,
            wait=parked.wait,
            entry=0,
            case=self._case.id,
            previewer=parked.previewer,
            quotas=(),
            day=settlement.day,
            since=settlement.asking.moment,
            until=parked.until,
            next_at=settlement.asking.moment,
        )
        return Held(waited, self._stored, self._case, remembered(kept))


def _as_it_stands(world: World, asked: Ask, case: Case) -> Snapshot:
    """What is decided by when the item goes on."""
    if asked.later.meanwhile == "ungranted":
        return world.without_grants
    if asked.later.meanwhile == "sealed":
        until = NOW + timedelta(days=1)
        return replace(world.snapshot, epoch=world.seed + 1, sealed={one.subject: until for one in case.parties})
    return world.snapshot


def _page(view: dict[str, Any]) -> str:
    """The page that shows it."""
    room: Any = mock.Mock()
    room.show.return_value = json_response(view)
    with _site().test_request_context():
        page = PreviewPages(_ANY, room, _ANY).show(HttpRequest("GET", "/"), view["request"], str(view["item"]))
    return page.body.decode()


@cache
def _site() -> Flask:
    site = Flask("exchange.app")
    site.secret_key = "for forms' tokens"
    register_kit(site, Text("交换", "Exchange"))
    site.register_blueprint(Blueprint("portal_pages", "exchange.app", template_folder="portal/templates"))
    return site
