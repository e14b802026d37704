"""The endpoints by which officers see and command the subscriptions of their department's systems.

Whoever watches over all departments sees whether events arrive, never which: events are the department's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exchange import errors
from exchange.access import Access, AuthorisedOfficer
from exchange.catalogue.model import Status as SystemStatus
from exchange.catalogue.naming import named, named_in
from exchange.catalogue.registry import Registry
from exchange.events.desk import subscription_view
from exchange.events.entitlement import rights_of
from exchange.events.forms import SEND_AGAIN, SUBSCRIBE_FOR
from exchange.events.signal import KINDS, Kind
from exchange.events.transitions import SubscriptionTransitions
from exchange.forms import read
from exchange.in_force.snapshot import current
from exchange.in_force.systems import own_system
from exchange.paging import page_size, place_before
from exchange.store import subscriptions
from exchange.store.subscriptions import Queued, Subscription
from kernel.canonical import JSON
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from kernel.web.http import Endpoint, HttpRequest, HttpResponse, json_response
from policies.roles import WATCHERS, Officer
from policies.subscriptions import LEADS_TO, SUBSCRIBERS, Command, Status, Way, commands

_LONGEST_NAME = 64
_BAD_SHOW = Text("show 应为 all 或 stuck", "show is all or stuck")


@dataclass(frozen=True)
class SubscriptionDesk:
    """The endpoints. ``access`` lets officers in: by a token at the API, by a session at the pages."""

    access: Access
    transitions: SubscriptionTransitions

    def list(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/department/subscriptions``: newest first. Raises Problem."""
        officer, asked = self.access.officer(http), http.parameters()
        limit, before = page_size(asked.get("limit")), asked.get("before", "")[:_LONGEST_NAME]
        show = asked.get("show", "all")
        if show not in {"all", "stuck"}:
            raise Problem(INVALID_BODY, detail=_BAD_SHOW)
        self.access.spend(officer.caller)
        own = None if officer.officer.roles & WATCHERS else officer.officer.organisation
        with self.access.database.read() as connection:
            found = subscriptions.listed(connection, own, before, limit + 1, stuck=show == "stuck")
        registry = current(self.access.policy).registry
        following = found[limit - 1].id if len(found) > limit else None
        listed: Sequence[JSON] = [_view(each, registry, officer.officer) for each in found[:limit]]
        return json_response({"subscriptions": listed, "next": following})

    def offered(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/department/subscriptions/offers``: what the department's systems may be told of. Raises Problem."""
        officer = self.access.officer(http)
        self.access.spend(officer.caller)
        snapshot, now = current(self.access.policy), self.transitions.clock.now()
        registry = snapshot.registry
        own = [each for each in registry.systems.values() if each.organisation == officer.officer.organisation]
        systems: Sequence[JSON] = [
            {
                "system": each.name,
                "title": each.title.members(),
                "webhook": each.webhook is not None,
                "evidence_types": [
                    named_in(registry.evidence_types, code) for code in sorted(rights_of(snapshot, each, now))
                ],
            }
            for each in sorted(own, key=lambda each: each.name)
            if each.status is SystemStatus.ACTIVE
        ]
        events: Sequence[JSON] = [
            {"type": kind.value, "label": words.members(), "about_evidence": kind.about_evidence}
            for kind, words in KINDS.items()
        ]
        return json_response({"systems": systems, "events": events})

    def subscribe(self, http: HttpRequest) -> HttpResponse:
        """``POST /v1/department/subscriptions``: for a system of the officer's department. Raises Problem."""
        officer = self.access.officer(http, *SUBSCRIBERS)
        wanted, snapshot = dict(read(SUBSCRIBE_FOR, http)), current(self.access.policy)
        system = own_system(snapshot.registry, officer.officer.organisation, wanted.pop("system"))
        made = self.transitions.subscribe(wanted, system, snapshot, self.access.asking_officer(officer))
        view = _view(made, snapshot.registry, officer.officer)
        return json_response(view, 201, (("Location", f"/v1/department/subscriptions/{made.id}"),))

    def show(self, http: HttpRequest, subscription: str) -> HttpResponse:
        """``GET /v1/department/subscriptions/<subscription>``. Raises Problem."""
        officer = self.access.officer(http)
        self.access.spend(officer.caller)
        return self._answer(self._found(subscription, officer), officer)

    def events(self, http: HttpRequest, subscription: str) -> HttpResponse:
        """``GET …/<subscription>/events``: what was told or waits, newest first; to its own department alone.

        Of each its number, id, kind and evidence type, not whom it is about. Raises Problem.
        """
        officer, asked = self.access.officer(http), http.parameters()
        limit, before = page_size(asked.get("limit")), place_before(asked.get("before"))
        self.access.spend(officer.caller)
        found = self._found(subscription, officer)
        if found.organisation != officer.officer.organisation:
            raise Problem(errors.SUBSCRIPTION_NOT_ALLOWED)
        with self.access.database.read() as connection:
            kept = subscriptions.newest(connection, found.id, before, limit + 1)
        known = current(self.access.policy).registry
        page: Sequence[JSON] = [_event_view(each, found, known) for each in kept[:limit]]
        following = kept[limit - 1].number if len(kept) > limit else None
        return json_response({"events": page, "next": following})

    def command(self, name: str) -> Endpoint:
        """``POST …/<subscription>/<name>``."""
        asked = Command(name)

        def endpoint(http: HttpRequest, subscription: str) -> HttpResponse:
            officer = self.access.officer(http)
            start = read(SEND_AGAIN, http).get("number") if asked is Command.SEND_AGAIN else None
            found = self._found(subscription, officer)
            if asked not in _commands(found, officer.officer):
                raise Problem(errors.SUBSCRIPTION_NOT_ALLOWED)
            asker = self.access.asking_officer(officer)
            if asked is Command.SEND_AGAIN:
                return self._answer(self.transitions.send_again(found, start, asker), officer)
            return self._answer(self.transitions.move(found, LEADS_TO[asked], asker), officer)

        return endpoint

    def _found(self, subscription: str, officer: AuthorisedOfficer) -> Subscription:
        with self.access.database.read() as connection:
            found = subscriptions.find(connection, subscription[:_LONGEST_NAME])
        own = found is not None and found.organisation == officer.officer.organisation
        if found is None or not (own or officer.officer.roles & WATCHERS):
            raise Problem(errors.SUBSCRIPTION_UNKNOWN)
        return found

    def _answer(self, one: Subscription, officer: AuthorisedOfficer) -> HttpResponse:
        with self.access.database.read() as connection:
            oldest = subscriptions.oldest(connection, one)
        view = _view(one, current(self.access.policy).registry, officer.officer)
        return json_response(view | {"oldest": oldest if oldest <= one.last else None})


def _commands(one: Subscription, officer: Officer) -> tuple[Command, ...]:
    return commands(one.status, one.way, officer.roles) if one.organisation == officer.organisation else ()


def _view(one: Subscription, registry: Registry, officer: Officer) -> dict[str, JSON]:
    """A subscription as its system reads it, with whose it is, what is wrong, and what this officer may do."""
    system = registry.systems.get(one.system)
    return subscription_view(one) | {
        "system": named(one.system, system.title if system else None),
        "organisation": named_in(registry.organisations, one.organisation),
        "evidence_types": [named_in(registry.evidence_types, code) for code in sorted(one.evidence_types)],
        "waiting": one.last - one.settled,
        "stuck": one.status is Status.PARKED or (one.status is Status.ACTIVE and one.tries > 0),
        "trouble": one.trouble or None,
        "commands": [command.value for command in _commands(one, officer)],
    }


def _event_view(one: Queued, of: Subscription, registry: Registry) -> dict[str, JSON]:
    failing = one.number == of.settled + 1 and of.way is Way.PUSH and (of.tries > 0 or of.status is Status.PARKED)
    return {
        "number": one.number,
        "id": one.id,
        "type": one.kind,
        "label": KINDS[Kind(one.kind)].members(),
        "evidence_type": named_in(registry.evidence_types, one.evidence_type) if one.evidence_type else None,
        "at": one.at.isoformat(),
        "state": "arrived" if one.number <= of.settled else "failing" if failing else "waiting",
    }
