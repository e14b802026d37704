"""Opening and closing cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from exchange import errors
from exchange.access import Access, AuthorisedSystem
from exchange.cases.forms import NewCase, NewCaseForm
from exchange.forms import read
from exchange.requirements.circumstances import checked
from exchange.requirements.counting import Guard, outcomes_of
from exchange.store import cases, resolutions
from exchange.store.cases import Case, Party
from kernel.clock import Clock
from kernel.entropy import Entropy
from kernel.ids import new_id
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt
from kernel.problems import Problem
from kernel.web.http import HttpRequest, HttpResponse, json_response

OPENED, CLOSED = "CaseOpened", "CaseClosed"
FORM = NewCaseForm()


@dataclass(frozen=True)
class Cases:
    """The case endpoints."""

    access: Access
    ledger: Ledger
    clock: Clock
    entropy: Entropy
    guard: Guard

    def open(self, http: HttpRequest) -> HttpResponse:
        """``POST /v1/cases``. Raises Problem."""
        caller = self.access.system(http)
        wanted: NewCase = read(FORM, http)
        if wanted.service_item not in caller.snapshot.registry.service_items:
            raise Problem(errors.SERVICE_ITEM_UNKNOWN)
        item = caller.snapshot.registry.service_items[wanted.service_item]
        checked(wanted.circumstances, item, caller.snapshot.registry)
        case = self._case(wanted, caller)

        def also(connection: Connection, _receipts: Sequence[Receipt]) -> None:
            self.access.spend_within(connection, caller.caller)
            cases.add(connection, case)
            resolutions.declare(connection, case.id, wanted.circumstances)

        self.ledger.append([Event(OPENED, case.id, facts=_facts(case))], also=also)
        return json_response({"case": case.id, "status": "open"}, 201, (("Location", f"/v1/cases/{case.id}"),))

    def close(self, http: HttpRequest, case: str) -> HttpResponse:
        """``POST /v1/cases/<case>/close``; closing twice is as good as once. Raises Problem."""
        caller = self.access.system(http)
        found = own_case(self.access, caller, case)
        if not found.open:
            self.access.spend(caller.caller)
            return json_response({"case": found.id, "status": "closed"})
        now = self.clock.now()
        # Read before the log is locked: everybody who records something waits for that transaction.
        with self.access.database.read() as connection:
            outcomes = outcomes_of(connection, found, caller.snapshot.registry, now)

        def also(connection: Connection, _receipts: Sequence[Receipt]) -> None:
            self.access.spend_within(connection, caller.caller)
            cases.close(connection, found.id, now)
            resolutions.close(connection, found.id, found.organisation, found.service_item, outcomes, now)

        (receipt,) = self.ledger.append([Event(CLOSED, found.id, facts=_facts(found))], also=also)
        if receipt.repeated:  # closed by a racing call: nothing of ours was written, the proof included
            self.access.spend(caller.caller)
        else:
            self.guard.closed(found.organisation, outcomes)
        return json_response({"case": found.id, "status": "closed"})

    def _case(self, wanted: NewCase, caller: AuthorisedSystem) -> Case:
        indexes = self.access.indexes
        return Case(
            id=new_id("case", self.clock, self.entropy),
            system=caller.system.name,
            organisation=caller.system.organisation,
            service_item=wanted.service_item,
            reference=wanted.reference,
            opened_at=self.clock.now(),
            closed_at=None,
            parties=tuple(Party(indexes.of(party.subject), party.role) for party in wanted.parties),
            relations=frozenset(),
        )


def own_case(access: Access, caller: AuthorisedSystem, case: str) -> Case:
    """A case of the calling system. Raises Problem (case.unknown), also for another system's."""
    with access.database.read() as connection:
        found = cases.read(connection, case)
    if found is None or found.system != caller.system.name:
        raise Problem(errors.CASE_UNKNOWN)
    return found


def _facts(case: Case) -> dict[str, str]:
    return {"system": case.system, "consumer": case.organisation, "service_item": case.service_item}
