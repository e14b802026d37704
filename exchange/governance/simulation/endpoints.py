"""The endpoint of impact: what a grant would change, for whoever decides about it."""

from __future__ import annotations

from dataclasses import dataclass

from marshmallow import Schema, fields

from exchange import errors
from exchange.access import Access
from exchange.governance.endpoints import Grants
from exchange.governance.simulation.impact import PERIODS, simulate
from exchange.in_force.snapshot import current
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


def _count() -> fields.Integer:
    return fields.Integer(required=True)


def _counts() -> fields.Dict:
    return fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


DepartmentImpact = Schema.from_dict(
    {"organisation": fields.String(required=True), "newly_allowed": _count(), "newly_refused": _count()},
    name="DepartmentImpact",
)
ImpactAnswer = Schema.from_dict(
    {
        "grant": fields.String(required=True),
        "instead_of": fields.List(fields.String(), required=True),
        "epoch": _count(),
        "days": _count(),
        "entries": fields.List(fields.Integer(), required=True),
        "judged_on": fields.Date(required=True),
        "truncated": fields.Boolean(required=True),
        "not_simulated": fields.List(fields.String(), required=True),
        "considered": _count(),
        "newly_allowed": _count(),
        "newly_refused": _count(),
        "fields": _counts(),
        "answers": _counts(),
        "less_masked": _counts(),
        "departments": fields.List(fields.Nested(DepartmentImpact), required=True),
        "people": _count(),
        "people_refused": _count(),
        "digest": fields.String(required=True),
    },
    name="ImpactAnswer",
)
"""Requests like those of the past, judged with and without a version on one day: counted, never who."""
