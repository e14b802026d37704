"""Whoever said that a record is wrong takes it back, before its department has answered."""

from __future__ import annotations

from dataclasses import dataclass

from exchange import errors
from exchange.access import Access
from exchange.corrections.forms import WITHDRAW
from exchange.corrections.opening import PERSON
from exchange.corrections.transitions import CorrectionTransitions
from exchange.forms import read
from exchange.gateway.tokens import Caller
from exchange.proceedings import told
from exchange.store import corrections
from exchange.store.corrections import About
from kernel.problems import Problem, ProblemKind
from kernel.web.http import HttpRequest, HttpResponse, json_response
from policies.corrections.events import UNANSWERED, CorrectionState, Opener

_LONGEST_NAME = 128


@dataclass(frozen=True)
class Withdrawing:
    """The two doors, of those who may open one."""

    access: Access
    transitions: CorrectionTransitions

    def by_department(self, http: HttpRequest, correction: str) -> HttpResponse:
        """``POST /v1/corrections/<correction>/withdraw``: a system of the department that opened it. Raises Problem."""
        system = self.access.system(http)
        read(WITHDRAW, http)
        state, about = self._found(correction)
        opener = (state.objection.opener, state.objection.consumer)
        if opener != (Opener.DEPARTMENT, system.system.organisation):
            raise Problem(errors.CORRECTION_UNKNOWN)
        return self._withdrawn(state, about, system.system.name, system.caller)

    def by_person(self, http: HttpRequest, correction: str) -> HttpResponse:
        """``POST /v1/usage/corrections/<correction>/withdraw``: whom it is about, who opened it. Raises Problem."""
        caller, state, about = self._own(http, correction)
        read(WITHDRAW, http)
        return self._withdrawn(state, about, PERSON, caller)

    def may_by_person(self, http: HttpRequest, correction: str) -> bool:
        """Whether whom it is about, who opened it, may still take it back. Raises Problem."""
        caller, state, _about = self._own(http, correction)
        self.access.spend(caller)
        return state.status in UNANSWERED

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

    def _withdrawn(self, state: CorrectionState, about: About, by: str, caller: Caller) -> HttpResponse:
        with told(_refused, errors.CORRECTION_CHANGED):
            after = self.transitions.withdraw(state, about, by, self.access.spending(caller))
        return json_response({"id": after.id, "status": after.status.value})


def _refused(_code: str) -> ProblemKind:
    return errors.CORRECTION_ANSWERED
