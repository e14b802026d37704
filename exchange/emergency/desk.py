"""The endpoints of emergency access. Officers alone; what each may do is decided by ``policies.emergency``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection

from exchange import errors
from exchange.access import Access, AuthorisedOfficer
from exchange.emergency.forms import AskEmergencyForm, EmergencyReasonForm, OpenEmergencyForm, ReviewEmergencyForm
from exchange.emergency.transitions import EmergencyTransitions
from exchange.emergency.views import emergency_view, template_view, whole_view
from exchange.forms import Form, read
from exchange.in_force.snapshot import current
from exchange.paging import page_size
from exchange.proceedings import state_of, told
from exchange.store import cases, emergencies
from kernel.canonical import JSON
from kernel.entropy import Entropy
from kernel.ids import new_id
from kernel.ledger.batch import Also
from kernel.ledger.receipt import Receipt
from kernel.problems import Problem, ProblemKind
from kernel.text import Text
from kernel.web.http import Endpoint, HttpRequest, HttpResponse, json_response
from policies.emergency.commands import (
    AskEmergency,
    CloseEmergency,
    Command,
    DeclineEmergency,
    OpenEmergency,
    ReviewEmergency,
)
from policies.emergency.lifecycle import READERS, sees
from policies.emergency.opening import Asked, EmergencyState, Finding, Status
from policies.grants.grant import Grant

_ABOUT_NOBODY = Text(
    "该办件还没有写明涉及谁，请先由系统列明", "The case names nobody yet: have its system list whom it is about"
)
_LONGEST_NAME = 128

Body = Mapping[str, Any]
FORMS: Mapping[str, type[Form]] = MappingProxyType(
    {
        "open": OpenEmergencyForm,
        "decline": EmergencyReasonForm,
        "close": EmergencyReasonForm,
        "review": ReviewEmergencyForm,
    }
)
"""Commands on an opening, with the form of what they say."""

_SPOKEN: Mapping[str, Callable[[Body], Command]] = {
    "decline": lambda body: DeclineEmergency(body["reason"]),
    "close": lambda body: CloseEmergency(body["reason"]),
    "review": lambda body: ReviewEmergency(Finding(body["finding"]), body["words"]),
}
_READ = {name: form() for name, form in FORMS.items()}
ASK = AskEmergencyForm()


@dataclass(frozen=True)
class EmergencyDesk:
    """The endpoints of openings."""

    access: Access
    transitions: EmergencyTransitions
    entropy: Entropy

    def list(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/emergencies``: those this officer may see, newest first. Raises Problem."""
        officer = self.access.officer(http)
        asked = http.parameters()
        limit, before = page_size(asked.get("limit")), asked.get("before", "")[:_LONGEST_NAME]
        statuses = tuple(Status) if "state" not in asked else (state_of(asked["state"], Status),)
        party = None if READERS & officer.officer.roles else officer.officer.organisation
        self.access.spend(officer.caller)
        with self.access.database.read() as connection:
            found = emergencies.listed(connection, statuses, party, before=before, limit=limit + 1)
            shown = [self._view(connection, state, officer) for state in found[:limit]]
        following = found[limit - 1].id if len(found) > limit else None
        return json_response({"emergencies": [*shown], "next": following})

    def templates(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/emergencies/templates``: what the officer's department may ask to have opened. Raises Problem."""
        officer = self.access.officer(http)
        self.access.spend(officer.caller)
        registry = current(self.access.policy).registry
        own = self._templates(officer.officer.organisation)
        return json_response({"templates": [template_view(grant, registry) for grant in own]})

    def show(self, http: HttpRequest, emergency: str) -> HttpResponse:
        """``GET /v1/emergencies/<emergency>``. Raises Problem."""
        officer = self.access.officer(http)
        self.access.spend(officer.caller)
        return self._answer(self._find(emergency, officer), officer)

    def ask(self, http: HttpRequest) -> HttpResponse:
        """``POST /v1/emergencies``. Raises Problem."""
        officer = self.access.officer(http)
        body = read(ASK, http)
        asked = self._asked(body, officer)
        name, now = new_id("em", self.transitions.clock, self.entropy), self.transitions.clock.now()
        with self.access.database.read() as connection:
            known = self.transitions.circumstances(connection, asked, now)
        return self._answer(self._carry_out(AskEmergency(name, asked, known), None, officer), officer, 201)

    def command(self, name: str) -> Endpoint:
        """``POST /v1/emergencies/<emergency>/<name>``."""
        form = _READ[name]

        def endpoint(http: HttpRequest, emergency: str) -> HttpResponse:
            officer = self.access.officer(http)
            body = read(form, http)
            state = self._find(emergency, officer)
            command = self._opening(state) if name == "open" else _SPOKEN[name](body)
            return self._answer(self._carry_out(command, state, officer), officer)

        return endpoint

    def _opening(self, state: EmergencyState) -> OpenEmergency:
        asked, now = state.asked, self.transitions.clock.now()
        with self.access.database.read() as connection:
            return OpenEmergency(self.transitions.circumstances(connection, asked, now))

    def _asked(self, body: Body, officer: AuthorisedOfficer) -> Asked:
        """What is asked for, once template and case fit together. Raises Problem."""
        consumer, wanted = officer.officer.organisation, body["template"]
        grant = next((one for one in self._templates(consumer) if wanted in {one.id, one.ref}), None)
        if grant is None or grant.emergency is None:
            raise Problem(errors.EMERGENCY_TEMPLATE_UNKNOWN)
        with self.access.database.read() as connection:
            case = cases.read(connection, body["case"])
        if case is None or case.organisation != consumer:
            raise Problem(errors.CASE_UNKNOWN)
        if not case.open:
            raise Problem(errors.CASE_CLOSED)
        if not case.parties:  # an opening is for whom the case is about by then
            raise Problem(errors.EMERGENCY_INCOMPLETE, detail=_ABOUT_NOBODY)
        return Asked(
            template=grant.ref,
            consumer=consumer,
            provider=grant.provider,
            case=case.id,
            reason=body["reason"],
            minutes=grant.emergency.minutes,
            delay=grant.emergency.delay,
        )

    def _templates(self, consumer: str) -> tuple[Grant, ...]:
        image, now = current(self.access.policy).image, self.transitions.clock.now()
        return tuple(
            grant
            for grant in image.members()
            if grant.emergency is not None and grant.consumer == consumer and grant.valid_from <= now < grant.valid_to
        )

    def _carry_out(self, command: Command, state: EmergencyState | None, officer: AuthorisedOfficer) -> EmergencyState:
        with told(_refused, errors.EMERGENCY_CHANGED):
            return self.transitions.carry_out(command, state, officer.officer, self._spend(officer))

    def _spend(self, officer: AuthorisedOfficer) -> Also:
        def spend(connection: Connection, _receipts: Sequence[Receipt]) -> None:
            self.access.spend_within(connection, officer.caller)

        return spend

    def _find(self, emergency: str, officer: AuthorisedOfficer) -> EmergencyState:
        with self.access.database.read() as connection:
            state = emergencies.find(connection, emergency[:_LONGEST_NAME])
        if state is None or not sees(state, officer.officer):
            raise Problem(errors.EMERGENCY_UNKNOWN)
        return state

    def _view(self, connection: Connection, state: EmergencyState, officer: AuthorisedOfficer) -> dict[str, JSON]:
        registry, calendar = current(self.access.policy).registry, self.transitions.calendar(connection)
        return emergency_view(state, registry, calendar, self.transitions.clock.now(), officer.officer)

    def _answer(self, state: EmergencyState, officer: AuthorisedOfficer, status: int = 200) -> HttpResponse:
        with self.access.database.read() as connection:
            view = self._view(connection, state, officer)
            case = cases.read(connection, state.asked.case)
            people = len({party.subject for party in case.parties}) if case is not None else 0
            items = emergencies.items_of(connection, state.id, state.asked.case)
            happened = emergencies.history(connection, state.id)
        return json_response(whole_view(view, people, items, happened), status)


def _refused(code: str) -> ProblemKind:
    return errors.EMERGENCY_INCOMPLETE if code == "emergency.reason-missing" else errors.EMERGENCY_NOT_ALLOWED
