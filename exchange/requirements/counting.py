"""Uploads avoided and papers asked for without need, by department: as metrics, and as counts for governance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import Connection

from exchange.access import Access
from exchange.catalogue.registry import Registry
from exchange.catalogue.views import words
from exchange.in_force.snapshot import current
from exchange.periods import period
from exchange.requirements.broker import needed
from exchange.requirements.ladder import BY_SHARING, CAUSES, ON_WORD, RUNGS, Cause, Rung
from exchange.requirements.standing import Standing, standings
from exchange.store import deliveries, resolutions
from exchange.store.cases import Case
from exchange.store.resolutions import Counted, OnWord, Outcome, Resolution, Verdict, Violations
from kernel.clock import Clock
from kernel.dates import local_day
from kernel.metrics import Metrics
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, json_response
from policies.roles import Role

SEES_ALL = frozenset({Role.GOVERNANCE_OFFICER, Role.GOVERNANCE_APPROVER, Role.DATA_PROTECTION_OFFICER, Role.AUDITOR})
"""Who compares departments; anybody else sees their own."""


class Guard:
    """Counts as it happens. Labels are codes of the catalogue's departments and words of our own."""

    def __init__(self, metrics: Metrics) -> None:
        """Makes ``tongban_uploads_avoided_total`` and ``tongban_recollection_total``."""
        self._avoided = metrics.counter(
            "uploads_avoided", "Papers of closed cases that shared data made unnecessary.", ("department",)
        )
        self._violations = metrics.counter(
            "recollection",
            "Requirements for which people were asked for what sharing could supply.",
            ("department", "verdict"),
        )

    def count(self, made: Resolution) -> None:
        """A rung was taken, or refused."""
        if made.verdict is not Verdict.ACCEPTED:
            self._violations.labels(made.organisation, made.verdict.value).inc()

    def closed(self, organisation: str, outcomes: Iterable[Outcome]) -> None:
        """A case was closed."""
        self._avoided.labels(organisation).inc(sum(one.papers for one in outcomes if one.rung in BY_SHARING))


def outcomes_of(connection: Connection, case: Case, registry: Registry, at: datetime) -> tuple[Outcome, ...]:
    """How the requirements of a case stand when it is closed; none where the catalogue has lost its service item."""
    item = registry.service_items.get(case.service_item)
    if item is None:
        return ()
    return tuple(
        Outcome(one.needed.requirement.code, one.subject, one.rung, one.papers)
        for one in stands(connection, case, registry, at)
    )


def stands(connection: Connection, case: Case, registry: Registry, at: datetime) -> tuple[Standing, ...]:
    """Where the requirements of a case stand."""
    item = registry.service_items[case.service_item]
    system = registry.systems.get(case.system)
    declared = resolutions.declared(connection, case.id)
    sandbox = system is not None and system.sandbox
    wanted = needed(item, declared, local_day(at), registry, sandbox=sandbox)
    attempts = deliveries.attempts_of(connection, case.id)
    return standings(wanted, case, attempts, resolutions.of_case(connection, case.id))


@dataclass(slots=True)
class Department:
    """What is counted of one department."""

    organisation: str
    by_rung: dict[str, int] = field(default_factory=dict)
    avoided: int = 0
    uploads: int = 0
    violations: dict[str, int] = field(default_factory=dict)
    on_word: dict[Cause, int] = field(default_factory=dict)
    overdue: int = 0


@dataclass(frozen=True)
class Counts:
    """``GET /v1/uploads-avoided``."""

    access: Access
    clock: Clock

    def by_department(self, http: HttpRequest) -> HttpResponse:
        """Of the cases closed in a period: papers avoided, uploaded, and demands against the guard. Raises Problem."""
        officer = self.access.officer(http)
        since, until = period(http.parameters(), self.clock.now())
        self.access.spend(officer.caller)
        with self.access.database.read() as connection:
            met = resolutions.counted(connection, since, until)
            against = resolutions.violations(connection, since, until)
            on_word = resolutions.on_word(connection, since, until)
            overdue = resolutions.overdue(connection, since, until)
        own = None if officer.officer.roles & SEES_ALL else officer.officer.organisation
        found = _departments(met, against, on_word, overdue)
        registry = current(self.access.policy).registry
        shown = [_view(one, registry) for code, one in sorted(found.items()) if own in {None, code}]
        return json_response({"from": since.isoformat(), "to": until.isoformat(), "departments": shown})


def _departments(
    met: Iterable[Counted], against: Iterable[Violations], on_word: Iterable[OnWord], overdue: Mapping[str, int]
) -> Mapping[str, Department]:
    found: dict[str, Department] = {}
    for one in met:
        department = found.setdefault(one.organisation, Department(one.organisation))
        department.by_rung[one.rung or "open"] = one.requirements
        department.avoided += one.papers if one.rung in BY_SHARING else 0
        department.uploads += one.papers if one.rung in {Rung.UPLOAD, Rung.WINDOW} else 0
    for each in against:
        department = found.setdefault(each.organisation, Department(each.organisation))
        department.violations[each.verdict.value] = each.requirements
    for said in on_word:
        found.setdefault(said.organisation, Department(said.organisation)).on_word[said.cause] = said.requirements
    for who, papers in overdue.items():
        found.setdefault(who, Department(who)).overdue = papers
    return found


def _view(one: Department, registry: Registry) -> dict[str, Any]:
    known = registry.organisations.get(one.organisation)
    name = known.name if known is not None else Text(one.organisation, one.organisation)
    return {
        "organisation": one.organisation,
        "name": words(name),
        "avoided": one.avoided,
        "uploads": one.uploads,
        "requirements": [
            {"rung": rung.value, "name": words(RUNGS[rung]), "count": one.by_rung[rung]}
            for rung in Rung
            if rung in one.by_rung
        ],
        "open": one.by_rung.get("open", 0),
        "violations": {
            "refused": one.violations.get(Verdict.REFUSED, 0),
            "against_guard": one.violations.get(Verdict.AGAINST_GUARD, 0),
        },
        "on_word": [
            {"cause": cause.value, "name": words(CAUSES[cause]), "count": one.on_word[cause]}
            for cause in ON_WORD
            if cause in one.on_word
        ],
        "overdue": one.overdue,
    }


class DepartmentCountAnswer(Schema):
    """Of one department's closed cases: papers that sharing made unnecessary, papers handed in, how requirements were
    met, and requirements for which paper was asked for although sharing could supply (refused, or at the window); of
    all its cases, requirements that were met further down for a cause that somebody's word was enough for, by cause,
    and papers that were to follow later and became overdue.
    """

    organisation = fields.String(required=True)
    name = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    avoided = fields.Integer(required=True)
    uploads = fields.Integer(required=True)
    requirements = fields.List(fields.Dict(), required=True)
    open = fields.Integer(required=True)
    violations = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    on_word = fields.List(fields.Dict(), required=True)
    overdue = fields.Integer(required=True)


class UploadCountsAnswer(Schema):
    """Counts by department."""

    since = fields.String(data_key="from", required=True)
    until = fields.String(data_key="to", required=True)
    departments = fields.List(fields.Nested(DepartmentCountAnswer), required=True)
