"""What somebody may rate: the cases that were for them, have ended and were not rated."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.access import Access
from exchange.catalogue.model import APPLICANT
from exchange.catalogue.naming import named_in
from exchange.in_force.snapshot import current
from exchange.paging import USUAL_PAGE
from exchange.store import ratings
from exchange.transparency.told_cases import told_cases
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.identifiers.subject import SubjectRef
from kernel.ledger.log import Ledger
from kernel.web.http import HttpRequest, HttpResponse, json_response

_LONGEST_NAME = 128


@dataclass(frozen=True)
class Unrated:
    """``GET /v1/usage/cases``."""

    access: Access
    ledger: Ledger
    clock: Clock

    def list(self, http: HttpRequest) -> HttpResponse:
        """The caller's own, the newest first. Raises Problem."""
        caller, person = self.access.person(http)
        self.access.spend(caller)
        before = http.parameters().get("before", "")[:_LONGEST_NAME]
        found = [one for one in self._of(person) if not before or one.case < before]
        page = found[:USUAL_PAGE]
        following = page[-1].case if len(found) > USUAL_PAGE else None
        return json_response({"cases": [self._view(one) for one in page], "next": following})

    def one(self, http: HttpRequest, case: str) -> dict[str, JSON] | None:
        """One of them; None for a case that the caller may not rate now. Raises Problem."""
        caller, person = self.access.person(http)
        self.access.spend(caller)
        return next((self._view(one) for one in self._of(person) if one.case == case), None)

    def _of(self, person: SubjectRef) -> tuple[ratings.Unrated, ...]:
        """Of cases in which a system alone listed them, only those that their own log tells of: a statute may hide one
        that is about them.
        """
        with self.access.database.read() as connection:
            found = ratings.unrated(connection, self.access.indexes.of(person), APPLICANT)
        hidden = any(not one.joined for one in found)
        told = told_cases(self.ledger, person, self.clock.now()) if hidden else frozenset()
        return tuple(one for one in found if one.joined or one.case in told)

    def _view(self, one: ratings.Unrated) -> dict[str, JSON]:
        registry = current(self.access.policy).registry
        return {
            "case": one.case,
            "organisation": named_in(registry.organisations, one.organisation),
            "service_item": named_in(registry.service_items, one.service_item),
            "closed_at": one.closed_at.isoformat(),
        }
