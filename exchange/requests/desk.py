"""The endpoints of access requests. Officers alone; what each of them may do is decided by ``policies.requests``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exchange import errors
from exchange.access import Access, AuthorisedOfficer
from exchange.clocks.rules import Rules, read
from exchange.forms import read as read_form
from exchange.in_force.snapshot import current
from exchange.proceedings import told
from exchange.requests.asking import Asking
from exchange.requests.forms import COMMANDS, CommandForm, NewRequestForm, ReviseForm
from exchange.requests.listing import Page, listing
from exchange.requests.templates import filled_in
from exchange.requests.transitions import RequestTransitions
from exchange.requests.views import request_view, whole_view
from exchange.store import access_requests
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.dates import local_day
from kernel.entropy import Entropy
from kernel.ids import new_id
from kernel.problems import Problem, ProblemKind
from kernel.web.http import Endpoint, HttpRequest, HttpResponse, json_response
from policies.requests.commands import Command, DraftRequest, ReviseRequest, SubmitRequest
from policies.requests.conditions import sees
from policies.requests.events import RequestState

FORMS = {name: form() for name, (form, _make) in COMMANDS.items()}
NEW, REVISE, SUBMIT = NewRequestForm(), ReviseForm(), CommandForm()
"""Each built once."""


@dataclass(frozen=True)
class RequestDesk:
    """The access-request endpoints."""

    access: Access
    transitions: RequestTransitions
    clock: Clock
    entropy: Entropy

    def list(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/access-requests``: the queue, as far as this officer may see it. Raises Problem."""
        officer = self.access.officer(http)
        self.access.spend(officer.caller)
        with self.access.database.read() as connection:
            page: Page = listing(connection, http.parameters(), officer.officer)
            rules = read(connection)
        shown: Sequence[JSON] = [self.view(state, officer, rules) for state in page.states]
        return json_response({"requests": shown, "next": page.next})

    def show(self, http: HttpRequest, request: str) -> HttpResponse:
        """``GET /v1/access-requests/<request>``. Raises Problem."""
        officer = self.access.officer(http)
        self.access.spend(officer.caller)
        return self._answer(self._find(request, officer), officer)

    def draft(self, http: HttpRequest) -> HttpResponse:
        """``POST /v1/access-requests``. Raises Problem."""
        officer = self.access.officer(http)
        body = self.filled_in(read_form(NEW, http))
        request = new_id("ar", self.clock, self.entropy)
        consumer = body.get("consumer", officer.officer.organisation)
        content = self.asking().content(body, consumer, request, http.language)
        state = self._carry_out((DraftRequest(request, content),), None, officer)
        return self._answer(state, officer, status=201)

    def revise(self, http: HttpRequest, request: str) -> HttpResponse:
        """``POST /v1/access-requests/<request>/revise``. Raises Problem."""
        officer = self.access.officer(http)
        body = self.filled_in(read_form(REVISE, http))
        state = self._seen(request, officer, body)
        content = self.asking().content(body, state.content.grant.consumer, state.id, http.language)
        return self._answer(self._carry_out((ReviseRequest(content),), state, officer), officer)

    def submit(self, http: HttpRequest, request: str) -> HttpResponse:
        """``POST /v1/access-requests/<request>/submit``: the first time or after a supplement. Raises Problem."""
        officer = self.access.officer(http)
        state = self._seen(request, officer, read_form(SUBMIT, http))
        command = self.submission(self.asking(), state, http.language)
        return self._answer(self._carry_out((command,), state, officer), officer)

    def command(self, name: str) -> Endpoint:
        """``POST /v1/access-requests/<request>/<name>`` for a command of ``COMMANDS``."""
        form, make = FORMS[name], COMMANDS[name][1]

        def endpoint(http: HttpRequest, request: str) -> HttpResponse:
            officer = self.access.officer(http)
            body = read_form(form, http)
            state = self._seen(request, officer, body)
            command = make(body, lambda: self.asking().found(state.content, local_day(self.clock.now())))
            return self._answer(self._carry_out((command,), state, officer), officer)

        return endpoint

    def submission(self, asking: Asking, state: RequestState, language: str) -> SubmitRequest:
        """The command that hands a request in, under what the catalogue says now. Raises Problem."""
        asking.still_fits(state.content, language)
        return SubmitRequest(asking.circumstances(state.content, local_day(self.clock.now())))

    def _carry_out(
        self, commands: Sequence[Command], state: RequestState | None, officer: AuthorisedOfficer
    ) -> RequestState:
        with told(refused, errors.ACCESS_REQUEST_CHANGED):
            return self.transitions.carry_out(commands, state, officer.officer, self.access.spending(officer.caller))

    def _find(self, request: str, officer: AuthorisedOfficer) -> RequestState:
        with self.access.database.read() as connection:
            state = access_requests.find(connection, request)
        if state is None or not sees(state, officer.officer):
            raise Problem(errors.ACCESS_REQUEST_UNKNOWN)
        return state

    def _seen(self, request: str, officer: AuthorisedOfficer, body: Mapping[str, Any]) -> RequestState:
        """The request as the officer saw it, when the body says which revision that was."""
        state = self._find(request, officer)
        if body.get("revision", state.revision) != state.revision:
            raise Problem(errors.ACCESS_REQUEST_CHANGED)
        return state

    def asking(self) -> Asking:
        """What reads a body against the catalogue and the rules of now."""
        return Asking(current(self.access.policy).registry, self.rules())

    def filled_in(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """A body with what its template says. Raises Problem."""
        with self.access.database.read() as connection:
            return filled_in(connection, body)

    def rules(self) -> Rules:
        """The rules that clocks are counted by."""
        with self.access.database.read() as connection:
            return read(connection)

    def view(self, state: RequestState, officer: AuthorisedOfficer, rules: Rules) -> dict[str, JSON]:
        """A request as it stands in a list."""
        now = self.clock.now()
        registry = current(self.access.policy).registry
        return request_view(state, registry, rules.calendar(local_day(now)), now, officer.officer)

    def _answer(self, state: RequestState, officer: AuthorisedOfficer, status: int = 200) -> HttpResponse:
        with self.access.database.read() as connection:
            happened = access_requests.history(connection, state.id)
            rules = read(connection)
        return json_response(whole_view(self.view(state, officer, rules), state, happened), status)


_INCOMPLETE = frozenset(
    f"access-request.{code}"
    for code in (
        *("reason-missing", "citation-missing", "assessment-missing", "assessment-in-future"),
        *("not-shared", "expired", "too-long", "other-request"),
    )
)
"""Refusals that the same officer mends by saying more or something else."""


def refused(code: str) -> ProblemKind:
    """The problem that a refused command means, by its code."""
    return errors.ACCESS_REQUEST_INCOMPLETE if code in _INCOMPLETE else errors.ACCESS_REQUEST_NOT_ALLOWED
