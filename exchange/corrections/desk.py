"""The officers' endpoints of corrections; what each may do is decided by ``policies.corrections``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection

from exchange import errors
from exchange.access import Access, AuthorisedOfficer
from exchange.corrections.forms import CorrectionReasonForm, RejectCorrectionForm, TakeCorrectionForm
from exchange.corrections.recipients import Received
from exchange.corrections.transitions import CorrectionTransitions
from exchange.corrections.views import correction_view, whole_view
from exchange.forms import Form, read
from exchange.in_force.snapshot import current
from exchange.paging import page_size
from exchange.proceedings import state_of, told
from exchange.store import corrections
from exchange.store.corrections import About
from kernel.canonical import JSON
from kernel.problems import Problem, ProblemKind
from kernel.web.http import Endpoint, HttpRequest, HttpResponse, json_response
from policies.corrections.commands import (
    AcceptCorrection,
    Command,
    CorrectRecord,
    RejectCorrection,
    TakeCorrection,
)
from policies.corrections.events import CorrectionState, Status
from policies.corrections.lifecycle import READERS, knows_whom, sees

Body = Mapping[str, Any]
FORMS: Mapping[str, type[Form]] = MappingProxyType(
    {
        "take": TakeCorrectionForm,
        "accept": CorrectionReasonForm,
        "reject": RejectCorrectionForm,
        "correct": CorrectionReasonForm,
    }
)
"""Commands on a correction, with the form of what they say."""

_SPOKEN: Mapping[str, Callable[[Body], Command]] = {
    "take": lambda _body: TakeCorrection(),
    "accept": lambda body: AcceptCorrection(body["reason"]),
    "reject": lambda body: RejectCorrection(body["reason"], body["citation"]),
    "correct": lambda body: CorrectRecord(body["reason"]),
}
_READ = {name: form() for name, form in FORMS.items()}
_INCOMPLETE = frozenset({"correction.reason-missing", "correction.citation-missing"})
_LONGEST_NAME = 128


@dataclass(frozen=True)
class CorrectionDesk:
    """Reading and answering corrections."""

    access: Access
    transitions: CorrectionTransitions

    def list(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/corrections``: those this officer may see, newest first. Raises Problem."""
        officer = self.access.officer(http)
        asked = http.parameters()
        limit, before = page_size(asked.get("limit")), asked.get("before", "")[:_LONGEST_NAME]
        statuses = tuple(Status) if "state" not in asked else (state_of(asked["state"], Status),)
        party = None if READERS & officer.officer.roles else officer.officer.organisation
        self.access.spend(officer.caller)
        with self.access.database.read() as connection:
            found = corrections.listed(connection, statuses, party, before=before, limit=limit + 1)
            shown = [self._view(connection, state, officer) for state in found[:limit]]
        following = found[limit - 1].id if len(found) > limit else None
        return json_response({"corrections": [*shown], "next": following})

    def show(self, http: HttpRequest, correction: str) -> HttpResponse:
        """``GET /v1/corrections/<correction>``. Raises Problem."""
        officer = self.access.officer(http)
        self.access.spend(officer.caller)
        return self._answer(*self._find(correction, officer), officer)

    def command(self, name: str) -> Endpoint:
        """``POST /v1/corrections/<correction>/<name>``."""
        form = _READ[name]

        def endpoint(http: HttpRequest, correction: str) -> HttpResponse:
            officer = self.access.officer(http)
            command = _SPOKEN[name](read(form, http))
            state, about = self._find(correction, officer)
            with told(_refused, errors.CORRECTION_CHANGED):
                spend = self.access.spending(officer.caller)
                state = self.transitions.carry_out(command, state, about, officer.officer, spend)
            return self._answer(state, about, officer)

        return endpoint

    def _find(self, correction: str, officer: AuthorisedOfficer) -> tuple[CorrectionState, About]:
        """One that this officer may read of: a party, or one whose department received the record."""
        with self.access.database.read() as connection:
            found = corrections.find(connection, correction[:_LONGEST_NAME])
            if found is None or not (sees(found[0], officer.officer) or self._received(connection, *found, officer)):
                raise Problem(errors.CORRECTION_UNKNOWN)
        return found

    def _received(
        self, connection: Connection, state: CorrectionState, about: About, officer: AuthorisedOfficer
    ) -> Received | None:
        """Where the officer's own department received the record; None for nowhere."""
        received = self.transitions.recipients.of(connection, about.subject, state.objection.evidence_type)
        own = received.by(officer.officer.organisation)
        return own if own.departments else None

    def _view(self, connection: Connection, state: CorrectionState, officer: AuthorisedOfficer) -> dict[str, JSON]:
        registry, calendar = current(self.access.policy).registry, self.transitions.calendar(connection)
        return correction_view(state, registry, calendar, self.transitions.clock.now(), officer.officer)

    def _answer(self, state: CorrectionState, about: About, officer: AuthorisedOfficer) -> HttpResponse:
        with self.access.database.read() as connection:
            view = self._view(connection, state, officer)
            received = self._received(connection, state, about, officer)
            happened = corrections.history(connection, state.id)
        shown = self.transitions.particulars(about) if knows_whom(state, officer.officer) else None
        return json_response(whole_view(view, received, happened, shown))


def _refused(code: str) -> ProblemKind:
    return errors.CORRECTION_INCOMPLETE if code in _INCOMPLETE else errors.CORRECTION_NOT_ALLOWED
