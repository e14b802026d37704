"""Who used my data: for a citizen entry by entry with receipts, for a provider counted and without anybody's name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from marshmallow import Schema, fields

from exchange.access import Access
from exchange.catalogue.naming import Named
from exchange.catalogue.registry import Registry
from exchange.in_force.snapshot import current
from exchange.paging import place_before
from exchange.periods import period
from exchange.return_flow.telling import Telling
from exchange.store import deliveries, return_flow_books
from exchange.store.return_flow_books import Sent
from exchange.transparency.plain_words import TOLD, entry_view, is_told
from kernel.clock import Clock
from kernel.dates import local_day
from kernel.ledger.log import Ledger
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, json_response
from policies.roles import Role

ON_A_PAGE = 50


@dataclass(frozen=True)
class Usage:
    """The usage endpoints."""

    access: Access
    ledger: Ledger
    clock: Clock
    telling: Telling

    def own(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/usage``: the caller's own entries, newest first. Raises Problem."""
        caller, person = self.access.person(http)
        self.access.spend(caller)
        registry = current(self.access.policy).registry
        now = self.clock.now()
        before = place_before(http.parameters().get("before"))
        entries = [
            entry
            for entry in reversed(self.ledger.usage_of(person))
            if entry.members["event"] in TOLD and is_told(entry, now) and (before is None or entry.index < before)
        ]
        page = entries[:ON_A_PAGE]
        views = [entry_view(entry, registry, self.ledger.receipt(entry.index).text) for entry in page]
        following = page[-1].index if len(entries) > ON_A_PAGE else None
        flows: list[Any] = self.telling.of(person, registry) if before is None else []
        return json_response({"entries": views, "next": following, "return_flows": flows})

    def of_provider(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/provider/usage``: how the officer's department's data was used. Raises Problem."""
        officer = self.access.officer(http, Role.PROVIDER_OFFICER)
        since, until = period(http.parameters(), self.clock.now())
        self.access.spend(officer.caller)
        registry = current(self.access.policy).registry
        provider = officer.officer.organisation
        with self.access.database.read() as connection:
            uses = deliveries.uses_of(connection, provider, since, until)
            own = [code for code, kind in registry.evidence_types.items() if kind.provider == provider]
            sent = return_flow_books.sent_by(connection, own, since, until)
        body = {
            "provider": provider,
            "from": since.isoformat(),
            "to": until.isoformat(),
            "uses": [_use_view(use, registry) for use in uses],
            "return_flows": [_sent_view(one, registry) for one in sent],
        }
        return json_response(body)


def _use_view(use: deliveries.Use, registry: Registry) -> dict[str, Any]:
    return {**asdict(use), "last": use.last.isoformat(), **_names(use, registry)}


def _sent_view(one: Sent, registry: Registry) -> dict[str, Any]:
    """With the names that the catalogue has for its codes; the division's as it was when the last file was made."""
    kind = registry.evidence_types.get(one.evidence_type)
    division = registry.divisions.at(one.division, local_day(one.last))
    fields, known = one.fields.split(), kind.fields if kind is not None else {}
    return {
        **asdict(one),
        "fields": fields,
        "last": one.last.isoformat(),
        **_names(one, registry),
        "division_name": division.name.members() if division is not None else None,
        "field_names": [(known[name].label if name in known else Text(name, name)).members() for name in fields],
    }


def _names(one: deliveries.Use | Sent, registry: Registry) -> dict[str, Any]:
    """What the catalogue calls who used what, and for what; None for what it no longer knows."""

    def name(known: Mapping[str, Named], code: str) -> Any:
        found = known.get(code)
        return found.name.members() if found is not None else None

    return {
        "consumer_name": name(registry.organisations, one.consumer),
        "evidence_type_name": name(registry.evidence_types, one.evidence_type),
        "service_item_name": name(registry.service_items, one.service_item),
    }


class UsageAnswer(Schema):
    """A person's own entries; ``next`` is the ``before`` of the following page.

    ``return_flows`` (on the first page) are those that a record of theirs is in.
    """

    entries = fields.List(fields.Dict(), required=True)
    next = fields.Integer(allow_none=True)
    return_flows = fields.List(fields.Dict(), required=True)


class ProviderUsageAnswer(Schema):
    """How a provider's data was used, counted."""

    provider = fields.String(required=True)
    since = fields.String(data_key="from", required=True)
    until = fields.String(data_key="to", required=True)
    uses = fields.List(fields.Dict(), required=True)
    return_flows = fields.List(fields.Dict(), required=True)
