"""The report of unused grants and unused fields, and the proposal to tighten that follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from marshmallow import Schema, fields
from sqlalchemy import Connection

from exchange import errors
from exchange.access import Access, AuthorisedOfficer
from exchange.forms import read
from exchange.governance.endpoints import Grants
from exchange.governance.forms import SUBMIT, GrantAnswer
from exchange.governance.use import DAYS, used
from exchange.store import grants
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.problems import Problem
from kernel.web.http import HttpRequest, HttpResponse, json_response
from policies.grants import expectations
from policies.grants.commands import DraftGrant
from policies.grants.events import GrantState, Status
from policies.grants.grant import Grant
from policies.grants.unused import Unused, tightened, unused

OPEN = frozenset({Status.DRAFTED, Status.SUBMITTED, Status.APPROVED, Status.SCHEDULED})
"""A version that may still take effect."""


@dataclass(frozen=True)
class UnusedRights:
    """``GET /v1/grants/unused`` and ``POST /v1/grants/<grant>/tighten``."""

    access: Access
    grants: Grants
    clock: Clock

    def report(self, http: HttpRequest) -> HttpResponse:
        """Every active grant of which something was not used, in the order of identifiers. Raises Problem."""
        officer = self.access.officer(http)
        self.access.spend(officer.caller)
        with self.access.database.read() as connection:
            found = self._found(connection)
        return json_response({"days": DAYS, "grants": [_view(each) for each in found]})

    def tighten(self, http: HttpRequest, grant: str) -> HttpResponse:
        """Draft the version of an active grant without what nobody used, or answer the open one. Raises Problem.

        What the grant's author expected of it and cannot come out any more is left out, and said.
        """
        officer = self.access.officer(http)
        read(SUBMIT, http)
        state = self.grants.find(grant)
        with self.access.database.read() as connection:
            found = [each for each in self._found(connection) if each.grant.id == state.grant.id]
            versions = grants.versions(connection, state.grant.id)
        proposal = tightened(found[0], versions[-1].grant.version + 1) if found else None
        if proposal is None:
            raise Problem(errors.NOTHING_TO_TIGHTEN)
        drafted = self._drafted(proposal, versions, officer)
        return json_response({**self.grants.view(drafted), "expectations_left_out": _left_out(found[0])})

    def _drafted(self, proposal: Grant, versions: Sequence[GrantState], officer: AuthorisedOfficer) -> GrantState:
        """The proposal as a draft: who asks twice gets the same one. Raises Problem."""
        command = DraftGrant(proposal)
        for state in versions:
            if state.status in OPEN and replace(state.grant, version=proposal.version) == proposal:
                self.grants.require_draft(command, officer)
                return state
        return self.grants.carried_out(command, proposal.ref, officer)

    def _found(self, connection: Connection) -> tuple[Unused, ...]:
        now, period = self.clock.now(), timedelta(days=DAYS)
        uses = used(connection, now)
        active = [(state.grant, state.changed_at) for state in grants.active(connection)]
        return unused(active, uses, now, period)


def _view(found: Unused) -> dict[str, JSON]:
    last = found.usage.last
    return {
        "grant": found.grant.ref,
        "releases": found.usage.releases,
        "last": None if last is None else last.isoformat(),
        "unused_fields": [*sorted(found.fields)],
        "unused_predicates": [*sorted(found.predicates)],
        "expectations_left_out": _left_out(found),
        "proposal": "revoke" if found.wholly else "tighten",
    }


def _left_out(found: Unused) -> list[JSON]:
    return [expectations.to_json(one) for one in found.expectations]


TightenedAnswer = GrantAnswer.from_dict(
    {"expectations_left_out": fields.List(fields.Dict(), required=True)}, name="TightenedAnswer"
)
"""The draft; ``expectations_left_out`` want something allowed that it takes out."""


_UnusedGrant = Schema.from_dict(
    {
        "grant": fields.String(required=True),
        "releases": fields.Integer(required=True),
        "last": fields.DateTime(required=True, allow_none=True),
        "unused_fields": fields.List(fields.String(), required=True),
        "unused_predicates": fields.List(fields.String(), required=True),
        "expectations_left_out": fields.List(fields.Dict(), required=True),
        "proposal": fields.String(required=True),
    },
    name="UnusedGrant",
)
UnusedAnswer = Schema.from_dict(
    {"days": fields.Integer(required=True), "grants": fields.List(fields.Nested(_UnusedGrant), required=True)},
    name="UnusedAnswer",
)
"""Active grants of which something was not used."""
