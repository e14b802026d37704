"""The endpoints by which officers see and command return flows: how much, when, of which division, never the records.

Files are fetched by the department's system, by its token: no officer's endpoint or page gives a record out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from exchange import errors
from exchange.access import Access, AuthorisedOfficer
from exchange.catalogue.model import EvidenceType
from exchange.catalogue.model import Status as SystemStatus
from exchange.catalogue.naming import named, named_in
from exchange.catalogue.registry import Registry
from exchange.forms import read
from exchange.in_force.snapshot import Snapshot, current
from exchange.in_force.systems import own_system
from exchange.paging import page_size, place_before
from exchange.return_flow.desk import file_view, flow_view
from exchange.return_flow.forms import NEW_FOR
from exchange.return_flow.ruling import is_for_bulk
from exchange.return_flow.transitions import FlowTransitions
from exchange.store import return_flows
from exchange.store.return_flows import File, FileStatus, Flow, Kind, Part
from kernel.canonical import JSON
from kernel.dates import local_day
from kernel.problems import Problem
from kernel.text import Text
from kernel.web.http import Endpoint, HttpRequest, HttpResponse, json_response
from policies.grants.grant import Grant
from policies.return_flows import OPENERS, Command, Status, commands
from policies.roles import WATCHERS, Officer

_LONGEST_NAME = 64


@dataclass(frozen=True)
class FlowDesk:
    """The endpoints. ``access`` lets officers in: by a token at the API, by a session at the pages."""

    access: Access
    transitions: FlowTransitions

    def list(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/department/return-flows``: to and from the officer's department, newest first. Raises Problem."""
        officer, asked = self.access.officer(http), http.parameters()
        limit, before = page_size(asked.get("limit")), asked.get("before", "")[:_LONGEST_NAME]
        self.access.spend(officer.caller)
        registry = current(self.access.policy).registry
        party = None if officer.officer.roles & WATCHERS else officer.officer.organisation
        own = {each.code for each in registry.evidence_types.values() if each.provider == party}
        with self.access.database.read() as connection:
            found = return_flows.listed(connection, party, own, before, limit + 1)
            newest = {each.id: return_flows.newest(connection, each.id) for each in found[:limit]}
        following = found[limit - 1].id if len(found) > limit else None
        today = self._today()
        listed: Sequence[JSON] = [
            _view(each, newest[each.id], registry, officer.officer, today) for each in found[:limit]
        ]
        return json_response({"flows": listed, "next": following})

    def offered(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/department/return-flows/offers``: what grants in force let flow back. Raises Problem."""
        officer = self.access.officer(http)
        self.access.spend(officer.caller)
        snapshot, now, own = current(self.access.policy), self.transitions.clock.now(), officer.officer.organisation
        systems = [
            each
            for each in snapshot.registry.systems.values()
            if each.organisation == own and each.status is SystemStatus.ACTIVE
        ]
        grants = [
            grant
            for grant in snapshot.image.members()
            if is_for_bulk(grant) and grant.consumer == own and grant.valid_from <= now < grant.valid_to
        ]
        named_systems: Sequence[JSON] = [
            named(each.name, each.title) for each in sorted(systems, key=lambda each: each.name)
        ]
        offers: Sequence[JSON] = [_offer(grant, snapshot) for grant in sorted(grants, key=lambda grant: grant.ref)]
        return json_response({"systems": named_systems, "offers": offers})

    def open(self, http: HttpRequest) -> HttpResponse:
        """``POST /v1/department/return-flows``: for a system of the officer's department. Raises Problem."""
        officer = self.access.officer(http, *OPENERS)
        wanted, snapshot = dict(read(NEW_FOR, http)), current(self.access.policy)
        system = own_system(snapshot.registry, officer.officer.organisation, wanted.pop("system"))
        made = self.transitions.open(wanted, system, snapshot, self.access.asking_officer(officer))
        where = (("Location", f"/v1/department/return-flows/{made.id}"),)
        return json_response(_view(made, None, snapshot.registry, officer.officer, self._today()), 201, where)

    def show(self, http: HttpRequest, flow: str) -> HttpResponse:
        """``GET /v1/department/return-flows/<flow>``. Raises Problem."""
        officer = self.access.officer(http)
        self.access.spend(officer.caller)
        return self._answer(self._found(flow, officer), officer)

    def files(self, http: HttpRequest, flow: str) -> HttpResponse:
        """``GET …/<flow>/files``: ready ones, newest first, with parts, what was fetched, and receipts.

        Raises Problem.
        """
        officer, asked = self.access.officer(http), http.parameters()
        limit, before = page_size(asked.get("limit")), place_before(asked.get("before"))
        self.access.spend(officer.caller)
        found = self._found(flow, officer)
        with self.access.database.read() as connection:
            ready = return_flows.newest_files(connection, found.id, before, limit + 1)
            parts = {each.number: return_flows.parts(connection, found.id, each.number) for each in ready[:limit]}
        before_each = [*ready[1:], None]
        page: Sequence[JSON] = [
            self._file(each, found, parts[each.number], previous)
            for each, previous in zip(ready[:limit], before_each, strict=False)
        ]
        return json_response({"files": page, "next": ready[limit - 1].number if len(ready) > limit else None})

    def command(self, name: str) -> Endpoint:
        """``POST …/<flow>/<name>``."""
        asked = Command(name)

        def endpoint(http: HttpRequest, flow: str) -> HttpResponse:
            officer = self.access.officer(http)
            found, asker = self._found(flow, officer), self.access.asking_officer(officer)
            if asked not in _commands(found, officer.officer):
                raise Problem(errors.RETURN_FLOW_NOT_ALLOWED)
            change = self.transitions.end if asked is Command.END else self.transitions.try_again
            return self._answer(change(found, asker), officer)

        return endpoint

    def _file(self, one: File, flow: Flow, parts: Sequence[Part], previous: File | None) -> dict[str, JSON]:
        """With the period of what changed: since the file before."""
        since = previous.made_at.isoformat() if previous is not None and one.kind is Kind.CHANGES else None
        fetched = [each.fetched_at for each in parts if each.fetched_at is not None]
        missing: list[JSON] = [each.number for each in parts if each.fetched_at is None]
        return file_view(one, flow.fields, parts, self.transitions.ledger.receipt(one.entry).text) | {
            "entry": one.entry,
            "since": since,
            "kept": len(one.key) > 0,
            "fetched": len(fetched),
            "missing": missing,
            "fetched_at": max(fetched).isoformat() if fetched else None,
        }

    def _found(self, flow: str, officer: AuthorisedOfficer) -> Flow:
        """One that goes to or comes from the officer's department, or any for whoever watches. Raises Problem."""
        with self.access.database.read() as connection:
            found = return_flows.find(connection, flow[:_LONGEST_NAME])
        if found is None or not (officer.officer.roles & WATCHERS or self._concerns(found, officer.officer)):
            raise Problem(errors.RETURN_FLOW_UNKNOWN)
        return found

    def _concerns(self, flow: Flow, officer: Officer) -> bool:
        kind = current(self.access.policy).registry.evidence_types.get(flow.evidence_type)
        provided = kind is not None and kind.provider == officer.organisation
        return provided or flow.organisation == officer.organisation

    def _answer(self, flow: Flow, officer: AuthorisedOfficer) -> HttpResponse:
        with self.access.database.read() as connection:
            newest = return_flows.newest(connection, flow.id)
        registry = current(self.access.policy).registry
        return json_response(_view(flow, newest, registry, officer.officer, self._today()))

    def _today(self) -> date:
        return local_day(self.transitions.clock.now())


def _commands(flow: Flow, officer: Officer) -> tuple[Command, ...]:
    own = flow.organisation == officer.organisation
    return commands(flow.status, officer.roles, troubled=bool(flow.trouble)) if own else ()


def _view(flow: Flow, newest: File | None, registry: Registry, officer: Officer, today: date) -> dict[str, JSON]:
    """A flow as its system reads it, with whose it is, how far it is, and what this officer may do."""
    system, kind = registry.systems.get(flow.system), registry.evidence_types.get(flow.evidence_type)
    consumer = registry.organisations.get(flow.organisation)
    division = newest.division if newest is not None else consumer.division if consumer is not None else None
    making = newest if newest is not None and newest.status is FileStatus.MAKING else None
    progress: JSON = None if making is None else {"number": making.number, "rows": making.rows, "parts": making.parts}
    return flow_view(flow) | {
        "system": named(flow.system, system.title if system else None),
        "consumer": named_in(registry.organisations, flow.organisation),
        "provider": named_in(registry.organisations, kind.provider if kind else ""),
        "evidence_type": named_in(registry.evidence_types, flow.evidence_type),
        "service_item": named_in(registry.service_items, flow.service_item),
        "legal_basis": named(flow.legal_basis, _basis(flow.service_item, flow.legal_basis, registry)),
        "fields": _fields(flow.fields, kind),
        "division": None if division is None else _division(division, registry, today),
        "files": flow.files,
        "making": progress if flow.status is Status.ACTIVE else None,
        "commands": [command.value for command in _commands(flow, officer)],
    }


def _offer(grant: Grant, snapshot: Snapshot) -> dict[str, JSON]:
    """What a grant lets flow back, and whether the source can list its records."""
    registry, source = snapshot.registry, snapshot.sources.get(grant.evidence_type)
    kind, items = registry.evidence_types.get(grant.evidence_type), sorted(grant.service_items)
    return {
        "grant": grant.ref,
        "provider": named_in(registry.organisations, grant.provider),
        "evidence_type": named_in(registry.evidence_types, grant.evidence_type),
        "service_items": [named_in(registry.service_items, item) for item in items],
        "legal_basis": named(grant.legal_basis, _basis(items[0], grant.legal_basis, registry) if items else None),
        "fields": _fields(sorted(grant.fields), kind),
        "source_can": source is not None and source.enumerable,
    }


def _fields(names: Iterable[str], kind: EvidenceType | None) -> list[JSON]:
    known = kind.fields if kind is not None else {}
    return [named(name, known[name].label if name in known else None) for name in names]


def _basis(service_item: str, code: str, registry: Registry) -> Text | None:
    item = registry.service_items.get(service_item)
    basis = item.legal_bases.get(code) if item is not None else None
    return None if basis is None else basis.citation


def _division(code: str, registry: Registry, today: date) -> JSON:
    found = registry.divisions.at(code, today)
    return named(code, None if found is None else found.name)
