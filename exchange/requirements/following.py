"""Papers that may follow later (容缺), told to whoever has to hand them in: which, where, by when, and whether late.

A department defers a requirement of its case; the exchange knows whose case that is only once somebody has signed in
for it, or a record of theirs was provided in it, as their own log tells them. Nobody else is told, and nobody where it
is not clear whose paper it is: of several applicants none.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from marshmallow import Schema, fields
from sqlalchemy import Connection

from exchange.access import Access
from exchange.catalogue.model import APPLICANT, REPRESENTATIVE, Requirement
from exchange.catalogue.naming import named_in
from exchange.catalogue.registry import Registry
from exchange.gateway.entries import RELEASE
from exchange.in_force.snapshot import current
from exchange.requirements.counting import stands
from exchange.requirements.ladder import Rung
from exchange.store import cases, deliveries, resolutions
from exchange.store.cases import Case
from exchange.store.resolutions import THE_APPLICANT, Resolution
from exchange.transparency.told_cases import told_cases
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.dates import local_day
from kernel.ledger.log import Ledger
from kernel.web.http import HttpRequest, HttpResponse, json_response


@dataclass(frozen=True)
class Following:
    """``GET /v1/deferred-papers``."""

    access: Access
    ledger: Ledger
    clock: Clock

    def own(self, http: HttpRequest) -> HttpResponse:
        """What whoever signed in still has to hand in, the first day first. Raises Problem."""
        caller, person = self.access.person(http)
        self.access.spend(caller)
        index, now = self.access.indexes.of(person), self.clock.now()
        registry = current(self.access.policy).registry
        with self.access.database.read() as connection:
            deferred = resolutions.deferred_of(connection, index)
        told = told_cases(self.ledger, person, now, {RELEASE}) if deferred else frozenset()
        with self.access.database.read() as connection:
            found = [(one, awaited(connection, one, index, told, registry, now)) for one in deferred]
        today = local_day(now)
        papers = [_view(one, requirement, registry, today) for one, requirement in found if requirement is not None]
        return json_response({"papers": papers})


def awaited(
    connection: Connection, one: Resolution, person: bytes, told: Collection[str], registry: Registry, now: datetime
) -> Requirement | None:
    """The requirement for which a paper of somebody's (blind index) is still awaited; None where none is.

    ``told`` are the cases in which a record of theirs was provided, as far as they are told.
    """
    case = cases.read(connection, one.case)
    if case is None or not case.open or case.service_item not in registry.service_items:
        return None
    if not is_theirs(one, case, person) or not _takes_part(connection, case, person, told):
        return None
    return next(
        (
            each.needed.requirement
            for each in stands(connection, case, registry, now)
            if (each.rung, each.entry) == (Rung.DEFERRAL, one.entry)
        ),
        None,
    )


def is_theirs(one: Resolution, case: Case, person: bytes) -> bool:
    """Whether a deferred paper is this party's: that of the only applicant, or of whom the department named."""
    if one.subject != THE_APPLICANT:
        return one.subject == person
    return {party.subject for party in case.parties if party.role == APPLICANT} == {person}


def _takes_part(connection: Connection, case: Case, person: bytes, told: Collection[str]) -> bool:
    """Whether that party is known to be who they are: by their own sign-in, or by a record of theirs."""
    own = [party for party in case.parties if party.subject == person and party.role != REPRESENTATIVE]
    if any(party.joined for party in own):
        return True
    return bool(own) and (case.id in told or deliveries.was_present(connection, case.id, person))


def _view(one: Resolution, requirement: Requirement, registry: Registry, today: date) -> dict[str, JSON]:
    return {
        "case": one.case,
        "consumer": named_in(registry.organisations, one.organisation),
        "service_item": named_in(registry.service_items, one.service_item),
        "requirement": {"code": requirement.code, "name": {**requirement.name.members()}},
        "due": one.due,
        "overdue": date.fromisoformat(one.due) < today,
    }


class DeferredPaperAnswer(Schema):
    """A paper that may follow later: for which requirement of whose case, by which day, and whether that is over."""

    case = fields.String(required=True)
    consumer = fields.Dict(required=True)
    service_item = fields.Dict(required=True)
    requirement = fields.Dict(required=True)
    due = fields.String(required=True)
    overdue = fields.Boolean(required=True)


class DeferredPapersAnswer(Schema):
    """What the caller still has to hand in, a hundred papers at most."""

    papers = fields.List(fields.Nested(DeferredPaperAnswer), required=True)
