"""The endpoint of impact: what a grant would change, for whoever decides about it."""

from __future__ import annotations

from dataclasses import dataclass

from marshmallow import Schema, fields

from exchange import errors
from exchange.access import Access
from exchange.gateway.understanding import current
from exchange.governance.endpoints import Grants
from exchange.governance.simulation.impact import PERIODS, simulate
from kernel.clock import Clock
from kernel.problems import Problem
from kernel.web.http import HttpRequest, HttpResponse, json_response


@dataclass(frozen=True)
class Impacts:
    """``GET /v1/grants/<grant>/impact``."""

    access: Access
    grants: Grants
    clock: Clock

    def of_grant(self, http: HttpRequest, grant: str) -> HttpResponse:
        """The report on a version (the newest when none is named), with its digest. Raises Problem."""
        officer = self.access.officer(http)
        days = _days(http.parameters().get("days", str(PERIODS[-1])))
        self.access.spend(officer.caller)
        snapshot, state = current(self.access.policy), self.grants.find(grant)
        with self.access.database.read() as connection:
            simulated = simulate(connection, snapshot, state.grant, self.clock.now(), days)
        return json_response({**simulated.report, "digest": simulated.digest})


def _days(text: str) -> int:
    if text not in map(str, PERIODS):
        raise Problem(errors.PERIOD_INVALID)
    return int(text)


class DepartmentImpact(Schema):
    """What would change for one department."""

    organisation = fields.String(required=True)
    newly_allowed = fields.Integer(required=True)
    newly_refused = fields.Integer(required=True)


class ImpactAnswer(Schema):
    """Requests like those of the past, judged with and without this version on one day: counted, never who."""

    grant = fields.String(required=True)
    instead_of = fields.List(fields.String(), required=True)
    epoch = fields.Integer(required=True)
    days = fields.Integer(required=True)
    entries = fields.List(fields.Integer(), required=True)
    judged_on = fields.Date(required=True)
    truncated = fields.Boolean(required=True)
    not_simulated = fields.List(fields.String(), required=True)
    considered = fields.Integer(required=True)
    newly_allowed = fields.Integer(required=True)
    newly_refused = fields.Integer(required=True)
    fields_ = fields.Dict(keys=fields.String(), values=fields.Integer(), data_key="fields", required=True)
    answers = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    less_masked = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    departments = fields.List(fields.Nested(DepartmentImpact), required=True)
    people = fields.Integer(required=True)
    people_refused = fields.Integer(required=True)
    digest = fields.String(required=True)
