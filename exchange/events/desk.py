"""The endpoints by which a system subscribes to events, and pulls those that wait for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from exchange import errors
from exchange.access import Access, AuthorisedSystem
from exchange.events.cloud_event import cloud_event
from exchange.events.data_schemas import data_schema
from exchange.events.entitlement import withheld
from exchange.events.forms import SUBSCRIBE
from exchange.events.pseudonyms import Pseudonyms
from exchange.events.signal import Kind
from exchange.events.transitions import SubscriptionTransitions
from exchange.forms import read
from exchange.paging import page_size
from exchange.store import subscriptions
from exchange.store.subscriptions import Subscription
from kernel.canonical import JSON
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, json_response
from policies.subscriptions import Status, Way

_MOST_DIGITS = 15
_BAD_CURSOR = Text(
    "after 应为该订阅已给出的 cursor", "after is a cursor that was given for this subscription: a whole number"
)


@dataclass(frozen=True)
class EventDesk:
    """The event endpoints."""

    access: Access
    transitions: SubscriptionTransitions
    names: Pseudonyms

    def subscribe(self, http: HttpRequest) -> HttpResponse:
        """``POST /v1/events/subscriptions``. Raises Problem."""
        caller = self.access.system(http)
        made = self.transitions.subscribe(
            read(SUBSCRIBE, http), caller.system, caller.snapshot, self.access.asking_system(caller)
        )
        where = (("Location", f"/v1/events?subscription={made.id}"),)
        return json_response(subscription_view(made), 201, where)

    def list(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/events/subscriptions``: the caller's own. Raises Problem."""
        caller = self.access.system(http)
        self.access.spend(caller.caller)
        with self.access.database.read() as connection:
            found = subscriptions.of_system(connection, caller.system.name)
        return json_response({"subscriptions": [subscription_view(each) for each in found]})

    def pause(self, http: HttpRequest, subscription: str) -> HttpResponse:
        """``POST …/<subscription>/pause``: events queue on, none is delivered. Raises Problem."""
        return self._move(http, subscription, Status.PAUSED)

    def resume(self, http: HttpRequest, subscription: str) -> HttpResponse:
        """``POST …/<subscription>/resume``: after a pause, or when a parked subscriber is back. Raises Problem."""
        return self._move(http, subscription, Status.ACTIVE)

    def end(self, http: HttpRequest, subscription: str) -> HttpResponse:
        """``POST …/<subscription>/end``: for ever; what waits for it is deleted. Raises Problem."""
        return self._move(http, subscription, Status.ENDED)

    def pull(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/events?subscription=…&after=…``: what follows a cursor, which acknowledges all up to it.

        Without ``after`` the events not acknowledged yet are given again. Raises Problem.
        """
        caller, asked = self.access.system(http), http.parameters()
        found = self._own(caller, asked.get("subscription", ""))
        limit, after = page_size(asked.get("limit")), _cursor(asked.get("after"), found)
        if found.status is not Status.ACTIVE or found.way is not Way.PULL:
            raise Problem(errors.SUBSCRIPTION_NOT_PULLED)

        def acknowledge(connection: Connection) -> None:
            self.access.spend_within(connection, caller.caller)
            subscriptions.acknowledge(connection, found.id, after)

        self.access.database.write(acknowledge)
        with self.access.database.read() as connection:
            waiting = subscriptions.queue(connection, found.id, after, limit + 1)
        page, now = waiting[:limit], self.transitions.clock.now()
        kept_back = withheld(page, caller.system, caller.snapshot, self.names, now)
        told: Sequence[JSON] = [cloud_event(each, self.access.origin) for each in page if each.number not in kept_back]
        cursor = page[-1].number if page else after
        return json_response({"events": told, "cursor": cursor, "more": len(waiting) > limit})

    def schema(self, http: HttpRequest, kind: str) -> HttpResponse:
        """``GET /v1/events/schemas/<kind>``: what stands in ``data``. Raises Problem."""
        del http
        if kind not in {each.value for each in Kind}:
            raise Problem(errors.EVENT_KIND_UNKNOWN)
        return json_response(data_schema(Kind(kind), self.access.origin))

    def _move(self, http: HttpRequest, subscription: str, status: Status) -> HttpResponse:
        caller = self.access.system(http)
        found = self._own(caller, subscription)
        if found.status is status:
            self.access.spend(caller.caller)
            return json_response(subscription_view(found))
        return json_response(subscription_view(self.transitions.move(found, status, self.access.asking_system(caller))))

    def _own(self, caller: AuthorisedSystem, subscription: str) -> Subscription:
        with self.access.database.read() as connection:
            found = subscriptions.find(connection, subscription)
        if found is None or found.system != caller.system.name or found.status is Status.ENDED:
            raise Problem(errors.SUBSCRIPTION_UNKNOWN)
        return found


def _cursor(text: str | None, found: Subscription) -> int:
    if text is None:
        return found.settled
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS and int(text) <= found.last):
        raise Problem(INVALID_BODY, detail=_BAD_CURSOR)
    return int(text)


def subscription_view(one: Subscription) -> dict[str, JSON]:
    """A subscription, as its system reads it."""
    pushed = one.way is Way.PUSH and one.status is Status.ACTIVE and one.tries > 0
    return {
        "subscription": one.id,
        "events": [*sorted(one.kinds)],
        "evidence_types": [*sorted(one.evidence_types)],
        "delivery": one.way.value,
        "status": one.status.value,
        "created_at": one.created_at.isoformat(),
        "last": one.last,
        "acknowledged": one.settled,
        "failures": one.tries,
        "next_try": one.due_at.isoformat() if pushed else None,
    }
