"""Uploads avoided: the papers a case would have needed, less those that delivered evidence made unnecessary.

Counted from the service item's requirements and the deliveries recorded with the ledger's entries; nobody reports them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from exchange import errors
from exchange.access import Access
from exchange.cases.opening import own_case
from exchange.catalogue.model import Requirement, ServiceItem
from exchange.requirements.counting import stands
from exchange.requirements.ladder import BY_SHARING, Rung
from exchange.requirements.standing import Standing
from exchange.store.cases import Case
from kernel.clock import Clock
from kernel.problems import Problem
from kernel.web.http import HttpRequest, HttpResponse, json_response


@dataclass(slots=True)
class Counted:
    """One requirement: papers it would take, and how many still have to be handed in."""

    requirement: Requirement
    papers: int = 0
    uploads: int = 0


@dataclass(frozen=True)
class Uploads:
    """The endpoint that counts."""

    access: Access
    clock: Clock

    def count(self, http: HttpRequest, case: str) -> HttpResponse:
        """``GET /v1/cases/<case>/uploads-avoided``. Raises Problem."""
        caller = self.access.system(http)
        found = own_case(self.access, caller, case)
        self.access.spend(caller.caller)
        registry = caller.snapshot.registry
        item = registry.service_items.get(found.service_item)
        if item is None:
            raise Problem(errors.SERVICE_ITEM_UNKNOWN)
        with self.access.database.read() as connection:
            stood = stands(connection, found, registry, self.clock.now())
        return json_response(_body(found, count(item, stood)))


def count(item: ServiceItem, stood: Iterable[Standing]) -> tuple[Counted, ...]:
    """Every requirement of a service item; what is not needed in this case takes no paper."""
    counted = {one.code: Counted(one) for one in item.requirements}
    for each in stood:
        if each.rung is not Rung.NOT_NEEDED:
            one = counted[each.needed.requirement.code]
            one.papers += each.papers
            one.uploads += 0 if each.rung in BY_SHARING else each.papers
    return tuple(counted.values())


def _body(case: Case, counted: Sequence[Counted]) -> dict[str, object]:
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
