"""The endpoints of onboarding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields

from connectors.sandbox import PEOPLE, SUBJECT
from exchange import errors
from exchange.access import Access
from exchange.catalogue.forms import NOTHING, unfit
from exchange.catalogue.publishing import EntryMoved, GrantsDepend
from exchange.catalogue.reading import InvalidCatalogue
from exchange.forms import read
from exchange.in_force.snapshot import current
from exchange.onboarding import shipped
from exchange.onboarding.sandbox import Sandbox
from exchange.onboarding.steps import DONE, OPEN, REQUEST_TURNS, TURNS, Facts, Step, check_in, own_systems, steps
from exchange.store import access_requests, catalogue_drafts, grants, onboarding
from exchange.store.access_requests import Filter
from exchange.store.onboarding import CheckIn, FirstCall
from kernel.problems import NOT_FOUND, Problem
from kernel.web.http import HttpRequest, HttpResponse, json_response
from policies.roles import Role


@dataclass(frozen=True)
class Onboarding:
    """What a department has done, what is next, and the two steps that belong here."""

    access: Access
    sandbox: Sandbox
    issuer: str

    def progress(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/onboarding``: the officer's own department; another one for data governance. Raises Problem."""
        officer = self.access.officer(http)
        wanted = http.parameters().get("organisation") or officer.officer.organisation
        if wanted != officer.officer.organisation and Role.GOVERNANCE_OFFICER not in officer.officer.roles:
            raise Problem(errors.NOT_ALLOWED)
        self.access.spend(officer.caller)
        facts = self._facts(wanted)
        found, checked, call = steps(facts), check_in(facts), facts.first_call
        following = next((one for one in found if one.state == OPEN), None)
        view = {
            "organisation": wanted,
            "issuer": self.issuer,
            "steps": [_view(one) for one in found],
            "done": sum(one.state == DONE for one in found),
            "next": None if following is None else following.name,
            "turn": None if following is None else following.turn,
            "systems": [{"system": one.name, "client_id": one.client_id} for one in own_systems(facts)],
            "check_in": None if checked is None else _check_in(checked),
            "first_call": None if call is None else _first_call(call),
        }
        return json_response(view)

    def open_sandbox(self, http: HttpRequest) -> HttpResponse:
        """``POST /v1/onboarding/sandbox``: data governance opens it, once. Raises Problem."""
        officer = self.access.officer(http, Role.GOVERNANCE_OFFICER)
        read(NOTHING, http)
        try:
            keeper = self.sandbox.open(officer.officer, self.access.spending(officer.caller))
        except EntryMoved:
            raise Problem(errors.ENTRY_CHANGED) from None
        except GrantsDepend as refusal:
            raise Problem(errors.ENTRY_IN_USE, detail=refusal.text) from None
        except InvalidCatalogue as trouble:
            raise unfit([(trouble.where, trouble.text)], http.language) from None
        return json_response(_sandbox(keeper))

    def show_sandbox(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/onboarding/sandbox``: what is in it and who. Anyone may read it: nobody in it exists.

        Raises Problem (resource.not-found).
        """
        del http
        kind = current(self.access.policy).registry.evidence_types.get(shipped.IDENTITY)
        if kind is None:
            raise Problem(NOT_FOUND)
        return json_response(_sandbox(kind.provider))

    def check_in(self, http: HttpRequest) -> HttpResponse:
        """``POST /v1/onboarding/check-in``: a system shows a token bound to its own key. Raises Problem."""
        caller = self.access.system(http)
        read(NOTHING, http)
        found = self.sandbox.check_in(caller, self.access.spending(caller.caller))
        said = {
            "system": found.system,
            "organisation": found.organisation,
            "binding": found.binding,
            "sandbox": caller.system.sandbox,
            "at": found.at.isoformat(),
        }
        return json_response(said)

    def _facts(self, organisation: str) -> Facts:
        registry = current(self.access.policy).registry
        with self.access.database.read() as connection:
            return Facts(
                organisation,
                self.issuer,
                registry,
                catalogue_drafts.listed(connection, status=None, organisation=organisation),
                onboarding.check_ins(connection, organisation),
                access_requests.newest(connection, _under_way(organisation), shipped.TYPES),
                grants.active_over(connection, shipped.TYPES),
                onboarding.first_call(connection, organisation, shipped.TYPES),
            )


def _under_way(organisation: str) -> Filter:
    return Filter(frozenset(REQUEST_TURNS), consumer=organisation)


def _view(one: Step) -> dict[str, Any]:
    turn = TURNS.get(one.turn)
    return {
        "step": one.name,
        "title": one.title.members(),
        "state": one.state,
        "turn": one.turn or None,
        "turn_label": None if turn is None else turn.members(),
        "hint": one.hint.members(),
        "address": one.address,
        "about": one.about or None,
        "ref": one.ref or None,
    }


def _check_in(one: CheckIn) -> dict[str, Any]:
    return {"system": one.system, "binding": one.binding, "at": one.at.isoformat()}


def _first_call(one: FirstCall) -> dict[str, Any]:
    return {"request": one.request_id, "entry": one.entry, "at": one.at.isoformat()}


def _sandbox(organisation: str) -> dict[str, Any]:
    return {
        "organisation": organisation,
        "service_item": shipped.service_item(organisation),
        "legal_basis": shipped.BASIS,
        "evidence_types": [*shipped.TYPES],
        "people": [{"scheme": "citizen-number", "value": one[SUBJECT], "name": one["name"]} for one in PEOPLE],
    }


class OnboardingAnswer(Schema):
    """The steps of one department."""

    organisation = fields.String(required=True)
    issuer = fields.String(required=True)
    listed = fields.List(fields.Dict(), data_key="steps", required=True)
    done = fields.Integer(required=True)
    next = fields.String(allow_none=True)
    turn = fields.String(allow_none=True)
    systems = fields.List(fields.Dict(), required=True)
    check_in = fields.Dict(allow_none=True)
    first_call = fields.Dict(allow_none=True)


class SandboxAnswer(Schema):
    """What is in the sandbox; its people are invented."""

    organisation = fields.String(required=True)
    service_item = fields.String(required=True)
    legal_basis = fields.String(required=True)
    evidence_types = fields.List(fields.String(), required=True)
    people = fields.List(fields.Dict(), required=True)


class CheckInAnswer(Schema):
    """What the exchange saw of a system."""

    system = fields.String(required=True)
    organisation = fields.String(required=True)
    binding = fields.String(required=True)
    sandbox = fields.Boolean(required=True)
    at = fields.String(required=True)
