"""The endpoints of grants. Officers alone; what each of them may do is decided by ``policies.grants.lifecycle``."""

from __future__ import annotations

from dataclasses import dataclass

from exchange import errors
from exchange.access import Access, AuthorisedOfficer
from exchange.forms import read
from exchange.governance.explaining import explanation
from exchange.governance.forms import APPROVE, EXPLAIN, REASON, SUBMIT, Question
from exchange.governance.transitions import Transitions
from exchange.governance.views import examination_view, grant_view
from exchange.in_force.snapshot import current
from exchange.paging import page_size
from exchange.proceedings import state_of, told
from exchange.store import grants
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.problems import INVALID_BODY, Problem, ProblemKind
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, json_response
from policies.grants.commands import (
    ApproveGrant,
    Command,
    DraftGrant,
    EndorseGrant,
    ReactivateGrant,
    ReturnGrant,
    RevokeGrant,
    SubmitGrant,
    SuspendGrant,
)
from policies.grants.events import GrantState, Status


@dataclass(frozen=True)
class Grants:
    """The grant endpoints."""

    access: Access
    transitions: Transitions
    clock: Clock

    def list(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/grants``: every version of every grant, or those in one state, by identifier. Raises Problem."""
        officer = self.access.officer(http)
        asked = http.parameters()
        limit = page_size(asked.get("limit"))
        status = state_of(asked["state"], Status) if "state" in asked else None
        after = _place(asked["after"]) if asked.get("after") else None
        self.access.spend(officer.caller)
        registry = current(self.access.policy).registry
        with self.access.database.read() as connection:
            states = grants.page(connection, after=after, limit=limit + 1, status=status)
        following = states[limit - 1].grant.ref if len(states) > limit else None
        return json_response({"grants": [grant_view(state, registry) for state in states[:limit]], "next": following})

    def show(self, http: HttpRequest, grant: str) -> HttpResponse:
        """``GET /v1/grants/<grant>``: the newest version, or ``<id>@<version>``. Raises Problem."""
        officer = self.access.officer(http)
        self.access.spend(officer.caller)
        return self._answer(self.find(grant))

    def examination(self, http: HttpRequest, grant: str) -> HttpResponse:
        """``GET /v1/grants/<grant>/examination``: as kept at submission; of a draft, as it would be. Raises Problem."""
        officer = self.access.officer(http)
        self.access.spend(officer.caller)
        state = self.find(grant)
        review = state.review or self.transitions.examiner.review(state.grant, self.clock.now())
        return json_response(examination_view(state, review))

    def endorse(self, http: HttpRequest, grant: str) -> HttpResponse:
        """``POST /v1/grants/<grant>/endorse``: the consuming department stands by it. Raises Problem."""
        officer = self.access.officer(http)
        return self.carry_out(EndorseGrant(read(APPROVE, http)["digest"]), grant, officer)

    def submit(self, http: HttpRequest, grant: str) -> HttpResponse:
        """``POST /v1/grants/<grant>/submit``. Raises Problem."""
        officer = self.access.officer(http)
        read(SUBMIT, http)
        return self.carry_out(SubmitGrant(), grant, officer)

    def approve(self, http: HttpRequest, grant: str) -> HttpResponse:
        """``POST /v1/grants/<grant>/approve``. Raises Problem."""
        officer = self.access.officer(http)
        return self.carry_out(ApproveGrant(read(APPROVE, http)["digest"]), grant, officer)

    def send_back(self, http: HttpRequest, grant: str) -> HttpResponse:
        """``POST /v1/grants/<grant>/return``: to its author, with the reason. Raises Problem."""
        officer = self.access.officer(http)
        return self.carry_out(ReturnGrant(read(REASON, http)["reason"]), grant, officer)

    def suspend(self, http: HttpRequest, grant: str) -> HttpResponse:
        """``POST /v1/grants/<grant>/suspend``. Raises Problem."""
        officer = self.access.officer(http)
        return self.carry_out(SuspendGrant(read(REASON, http)["reason"]), grant, officer)

    def reactivate(self, http: HttpRequest, grant: str) -> HttpResponse:
        """``POST /v1/grants/<grant>/reactivate``: the whole panel signs again. Raises Problem."""
        officer = self.access.officer(http)
        return self.carry_out(ReactivateGrant(read(APPROVE, http)["digest"]), grant, officer)

    def revoke(self, http: HttpRequest, grant: str) -> HttpResponse:
        """``POST /v1/grants/<grant>/revoke``. Raises Problem."""
        officer = self.access.officer(http)
        return self.carry_out(RevokeGrant(read(REASON, http)["reason"]), grant, officer)

    def explain(self, http: HttpRequest) -> HttpResponse:
        """``POST /v1/grants/explain``. Raises Problem."""
        officer = self.access.officer(http)
        question: Question = read(EXPLAIN, http)
        self.access.spend(officer.caller)
        return json_response(explanation(question, current(self.access.policy), self.clock.now(), http.language))

    def carry_out(
        self, command: Command, grant: str, officer: AuthorisedOfficer, status: int = 200, seen: int | None = None
    ) -> HttpResponse:
        """Do what the officer commands, from the revision ``seen`` if one is named; the grant then. Raises Problem."""
        return self._answer(self.carried_out(command, grant, officer, seen), status)

    def carried_out(
        self, command: Command, grant: str, officer: AuthorisedOfficer, seen: int | None = None
    ) -> GrantState:
        """The same, and what became of the grant. Raises Problem."""
        name, version = parse_reference(grant)
        spend = self.access.spending(officer.caller)
        with told(_refused, errors.GRANT_CHANGED):
            return self.transitions.carry_out(command, name, version, officer.officer, spend, seen)

    def require_draft(self, command: DraftGrant, officer: AuthorisedOfficer) -> None:
        """That the officer may write this draft, though it need not be written: there is one. Raises Problem."""
        with told(_refused, errors.GRANT_CHANGED):
            self.transitions.steps(command, None, officer.officer, ())
        self.access.spend(officer.caller)

    def find(self, grant: str) -> GrantState:
        """The newest version of a grant, or ``<id>@<version>``. Raises Problem (grant.unknown)."""
        name, version = parse_reference(grant)
        with self.access.database.read() as connection:
            versions = grants.versions(connection, name)
        found = [state for state in versions if version in {None, state.grant.version}]
        if not found:
            raise Problem(errors.GRANT_UNKNOWN)
        return found[-1]

    def _answer(self, state: GrantState, status: int = 200) -> HttpResponse:
        return json_response(self.view(state), status)

    def view(self, state: GrantState) -> dict[str, JSON]:
        """A grant as the endpoints answer it. Raises Problem (policy.stale-epoch)."""
        return grant_view(state, current(self.access.policy).registry, whole=True)


def parse_reference(grant: str) -> tuple[str, int | None]:
    """``id`` or ``id@version``. Raises Problem (grant.unknown)."""
    name, at, version = grant.partition("@")
    if not at:
        return name, None
    if not _is_version(version):
        raise Problem(errors.GRANT_UNKNOWN)
    return name, int(version)


def _is_version(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 8


def _place(after: str) -> tuple[str, int]:
    """A grant and its version, behind which a page begins. Raises Problem (request.invalid)."""
    name, _, version = after.partition("@")
    if not (name and _is_version(version)):
        raise Problem(INVALID_BODY, detail=_BAD_AFTER)
    return name, int(version)


_BAD_AFTER = Text("after 应为上一页的 next", "after is the next of the page before")


def _refused(code: str) -> ProblemKind:
    return errors.GRANT_UNKNOWN if code == "grant.unknown" else errors.GRANT_NOT_ALLOWED
