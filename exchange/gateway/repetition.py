"""``GET /v1/evidence-requests/<id>``: the answer once more, for the system that asked, authorised as if asked anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from exchange import errors
from exchange.access import CASES, Access
from exchange.authentication.tokens import Caller
from exchange.catalogue.model import REPRESENTED, SELF
from exchange.gateway.answers import Choosing, later, to_choose_from
from exchange.gateway.asking import Asking
from exchange.gateway.consenting import with_consents
from exchange.gateway.enforcement import Refused, decision_name
from exchange.gateway.intents import Repeated, told_again
from exchange.gateway.outcomes import waits
from exchange.gateway.parties import acts_for_a_party, in_own_right
from exchange.gateway.pipeline import Gateway
from exchange.gateway.refusals import Refusal
from exchange.gateway.remembering import request_of
from exchange.gateway.request import Item
from exchange.gateway.understanding import check_somebody_asks, detail_for
from exchange.in_force.snapshot import Snapshot, current
from exchange.in_force.systems import system_of, unlocked
from exchange.store import cases, deliveries, intents
from exchange.store.cases import Case
from exchange.store.deliveries import Told
from exchange.store.intents import State, Stored
from kernel.problems import Problem
from kernel.web.http import HttpRequest, HttpResponse, json_response

_NOTHING = Told(SELF, b"", None)


@dataclass(frozen=True, slots=True)
class _Found:
    stored: Stored
    case: Case
    told: dict[int, Told]


@dataclass(frozen=True)
class Repetition:
    """Finds requests again."""

    gateway: Gateway
    access: Access
    choosing: Choosing

    def again(self, http: HttpRequest, request: str) -> HttpResponse:
        """The stored answer.

        Raises Problem: evidence-request.unknown, .erased, case.closed, whatever is refused now.
        """
        caller = self.gateway.authenticator.authenticate(http)
        self.access.spend(caller)
        snapshot = current(self.access.policy)
        found = self._find(request, caller, unlocked(snapshot, system_of(snapshot.registry, caller.token)).name)
        if found.stored.state is State.RUNNING:
            return json_response({"id": request, "status": "running", "evidence": []}, 202, (("Retry-After", "1"),))
        if not found.case.open:
            raise Problem(errors.CASE_CLOSED)
        if caller.token.person is None and found.stored.intent.person is not None:
            return _standing(request, found.stored, self.choosing)
        check_somebody_asks(caller.token)
        asking = self._asking(found, caller, snapshot)
        refusals = tuple(_refusal(item, found, asking, snapshot) for item in asking.request.items)
        choice = self.choosing(request) if found.stored.state is State.WAITING else {}
        return self.gateway.repetition(request, asking, Repeated(found.stored, refusals), http.language, choice)

    def _find(self, request: str, caller: Caller, system: str) -> _Found:
        with self.access.database.read() as connection:
            stored = intents.read(connection, request)
            case = cases.read(connection, stored.intent.case) if stored else None
            told = deliveries.told_of(connection, request)
        person = self.access.indexes.of(caller.token.person) if caller.token.person else None
        polls = person is None and CASES in caller.token.scope
        if stored is None or case is None or stored.intent.system != system:
            raise Problem(errors.REQUEST_UNKNOWN)
        if stored.intent.person != person and not polls:
            raise Problem(errors.REQUEST_UNKNOWN)  # somebody else's looks exactly like none
        return _Found(stored, case, told)

    def _asking(self, found: _Found, caller: Caller, snapshot: Snapshot) -> Asking:
        asked = request_of(found.stored, found.case)
        asking = Asking(
            found.stored.intent.id,
            asked,
            caller.token,
            system_of(snapshot.registry, caller.token),
            detail_for(asked, caller.token),
            self.access.indexes,
            found.stored.intent.person,
            self.gateway.understanding.leeway,
            self.gateway.clock.now(),
        )
        about = (one.subject for one in found.told.values())
        return with_consents(self.access.database, asking, snapshot, about)


_STANDING = ("type", "status", "until", "reason")


def _standing(request: str, stored: Stored, choosing: Choosing) -> HttpResponse:
    """How far a request has come, for a system whose person has left: what it says is given to them alone."""
    outcome: dict[str, Any] = orjson.loads(stored.outcome or "{}")
    items = [{name: item[name] for name in _STANDING if name in item} for item in outcome["items"]]
    body = {"id": request, "status": outcome["status"], "evidence": items}
    if waits(outcome):
        choice = choosing(request)
        body["evidence"] = [item | to_choose_from(number, choice) for number, item in enumerate(items)]
    return json_response(body, 202, later(request, outcome["status"])) if waits(outcome) else json_response(body)


def _refusal(item: Item, found: _Found, asking: Asking, snapshot: Snapshot) -> Refused | None:
    told = found.told.get(item.number, _NOTHING)
    relation, subject = told.relation, told.subject
    name = decision_name(asking.id, item.number, snapshot.epoch)
    if not _is_still_let_in(found.case, asking):
        return Refused(item, name, None, Refusal(errors.SUBJECT_NOT_IN_CASE))
    if relation == REPRESENTED and asking.company_index != subject:
        return Refused(item, name, None, Refusal(errors.RELATION_UNPROVEN))
    return told_again(item, told, asking, found.case, snapshot)


def _is_still_let_in(case: Case, asking: Asking) -> bool:
    """Whoever came in by acting for a company of the case is in it no longer than they act (ADR 0039)."""
    if asking.person is None or in_own_right(case, asking.person):
        return True
    return acts_for_a_party(case, asking.company_index)
