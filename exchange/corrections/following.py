"""Whoever said that a record is wrong follows what becomes of it, and takes it back until it is answered."""

from __future__ import annotations

from dataclasses import dataclass

from exchange import errors
from exchange.access import Access, AuthorisedSystem
from exchange.authentication.tokens import Caller
from exchange.catalogue.model import kept_apart
from exchange.corrections.forms import WITHDRAW
from exchange.corrections.opening import PERSON
from exchange.corrections.transitions import By, CorrectionTransitions
from exchange.corrections.views import standing_view
from exchange.forms import read
from exchange.proceedings import told
from exchange.store import corrections
from exchange.store.corrections import About
from kernel.problems import Problem, ProblemKind
from kernel.web.http import HttpRequest, HttpResponse, json_response
from policies.corrections.events import CorrectionState, Opener

_LONGEST_NAME = 128


@dataclass(frozen=True)
class Following:
    """The two doors, of those who may open one."""

    access: Access
    transitions: CorrectionTransitions

    def by_department(self, http: HttpRequest, correction: str) -> HttpResponse:
        """``POST /v1/corrections/<correction>/withdraw``: a system of the department that opened it. Raises Problem."""
        system = self.access.system(http)
        read(WITHDRAW, http)
        state, about = self._opened_by(system, correction)
        officer = self.access.named_officer(system.caller)
        return self._withdrawn(state, about, By(system.system.name, officer), system.caller)

    def by_person(self, http: HttpRequest, correction: str) -> HttpResponse:
        """``POST /v1/usage/corrections/<correction>/withdraw``: whom it is about, who opened it. Raises Problem."""
        caller, state, about = self._own(http, correction)
        read(WITHDRAW, http)
        return self._withdrawn(state, about, By(PERSON), caller)

    def of_department(self, http: HttpRequest, correction: str) -> HttpResponse:
        """``GET /v1/corrections/<correction>/status``: how it stands, for that department's systems. Raises Problem."""
        system = self.access.system(http)
        state, _about = self._opened_by(system, correction)
        self.access.spend(system.caller)
        return self._answer(state)

    def of_person(self, http: HttpRequest, correction: str) -> HttpResponse:
        """``GET /v1/usage/corrections/<correction>``: how it stands, for whom it is about. Raises Problem."""
        caller, state, _about = self._own(http, correction)
        self.access.spend(caller)
        return self._answer(state)

    def _answer(self, state: CorrectionState) -> HttpResponse:
        with self.access.database.read() as connection:
            calendar = self.transitions.calendar(connection)
        return json_response(standing_view(state, calendar))

    def _opened_by(self, system: AuthorisedSystem, correction: str) -> tuple[CorrectionState, About]:
        state, about = self._found(correction)
        opener = (state.objection.opener, state.objection.consumer)
        kind = system.snapshot.registry.evidence_types.get(state.objection.evidence_type)
        apart = kind is not None and kept_apart(system.system, kind)
        if apart or opener != (Opener.DEPARTMENT, system.system.organisation):
            raise Problem(errors.CORRECTION_UNKNOWN)
        return state, about

    def _own(self, http: HttpRequest, correction: str) -> tuple[Caller, CorrectionState, About]:
        caller, person = self.access.person(http)
        state, about = self._found(correction)
        if state.objection.opener is not Opener.PERSON or about.subject != self.access.indexes.of(person):
            raise Problem(errors.CORRECTION_UNKNOWN)
        return caller, state, about

    def _found(self, correction: str) -> tuple[CorrectionState, About]:
        with self.access.database.read() as connection:
            found = corrections.find(connection, correction[:_LONGEST_NAME])
        if found is None:
            raise Problem(errors.CORRECTION_UNKNOWN)
        return found

    def _withdrawn(self, state: CorrectionState, about: About, by: By, caller: Caller) -> HttpResponse:
        with told(_refused, errors.CORRECTION_CHANGED):
            after = self.transitions.withdraw(state, about, by, self.access.spending(caller))
        return json_response({"id": after.id, "status": after.status.value})


def _refused(_code: str) -> ProblemKind:
    return errors.CORRECTION_ANSWERED
