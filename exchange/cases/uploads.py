"""Uploads avoided: the papers a case would have needed, less those that delivered evidence made unnecessary.

Counted from the service item's requirements and the deliveries recorded with the ledger's entries; nobody reports them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from exchange import errors
from exchange.access import Access
from exchange.cases.opening import own_case
from exchange.catalogue.model import APPLICANT, REPRESENTED, SELF, Requirement, ServiceItem
from exchange.store import deliveries
from exchange.store.cases import Case
from exchange.store.deliveries import RELEASED, Delivery
from kernel.problems import Problem
from kernel.web.http import HttpRequest, HttpResponse, json_response


@dataclass(frozen=True, slots=True)
class Counted:
    """One requirement: papers it would take, and how many still have to be handed in."""

    requirement: Requirement
    papers: int
    uploads: int


@dataclass(frozen=True)
class Uploads:
    """The endpoint that counts."""

    access: Access

    def count(self, http: HttpRequest, case: str) -> HttpResponse:
        """``GET /v1/cases/<case>/uploads-avoided``. Raises Problem."""
        caller = self.access.system(http)
        found = own_case(self.access, caller, case)
        self.access.spend(caller.caller)
        item = caller.snapshot.registry.service_items.get(found.service_item)
        if item is None:
            raise Problem(errors.SERVICE_ITEM_UNKNOWN)
        with self.access.database.read() as connection:
            delivered = [one for one in deliveries.of_case(connection, case) if one.outcome == RELEASED]
        return json_response(_body(found, count(item, found, delivered)))


def count(item: ServiceItem, case: Case, delivered: Iterable[Delivery]) -> tuple[Counted, ...]:
    """Every requirement of a service item, counted for one case."""
    released = tuple(delivered)
    return tuple(_counted(requirement, case, released) for requirement in item.requirements)


def _counted(requirement: Requirement, case: Case, delivered: tuple[Delivery, ...]) -> Counted:
    if requirement.role == APPLICANT:
        met = any(_meets(requirement, one) and one.relation in {SELF, REPRESENTED} for one in delivered)
        return Counted(requirement, requirement.uploads, 0 if met else requirement.uploads)
    subjects = {party.subject for party in case.parties if party.role == requirement.role}
    served = {one.subject for one in delivered if _meets(requirement, one)} & subjects
    papers = requirement.uploads * len(subjects)
    return Counted(requirement, papers, papers - requirement.uploads * len(served))


def _meets(requirement: Requirement, delivery: Delivery) -> bool:
    asked = set(delivery.asked.split())
    return any(
        way.evidence_type == delivery.evidence_type
        and way.relation == delivery.relation
        and way.fields | way.predicates <= asked
        for way in requirement.met_by
    )


def _body(case: Case, counted: tuple[Counted, ...]) -> dict[str, object]:
    papers, uploads = sum(one.papers for one in counted), sum(one.uploads for one in counted)
    return {
        "case": case.id,
        "papers": papers,
        "uploads": uploads,
        "avoided": papers - uploads,
        "requirements": [
            {
                "code": one.requirement.code,
                "name": {"zh": one.requirement.name.zh, "en": one.requirement.name.en},
                "papers": one.papers,
                "uploads": one.uploads,
            }
            for one in counted
        ],
    }
