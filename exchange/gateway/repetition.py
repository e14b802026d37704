"""``GET /v1/evidence-requests/<id>``: the answer once more, for the system that asked, authorised as if asked anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from exchange import errors
from exchange.access import Access
from exchange.catalogue.model import REPRESENTED, SELF
from exchange.gateway.enforcement import About, Asking, Refused, decision_name, judge
from exchange.gateway.intents import Repeated, said_before
from exchange.gateway.parties import acts_for_a_party, in_own_right
from exchange.gateway.pipeline import Gateway
from exchange.gateway.refusals import Refusal, by_policy
from exchange.gateway.request import EvidenceRequest, Item, Question
from exchange.gateway.snapshot import Snapshot
from exchange.gateway.tokens import Caller
from exchange.gateway.understanding import current, detail_for, system_of
from exchange.store import cases, deliveries, intents
from exchange.store.cases import Case
from exchange.store.deliveries import Told
from exchange.store.intents import State, Stored
from kernel.problems import Problem
from kernel.web.http import HttpRequest, HttpResponse, json_response
from policies.decision import Deny
from policies.delivery import Delivery

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

    def again(self, http: HttpRequest, request: str) -> HttpResponse:
        """The stored answer.

        Raises Problem: evidence-request.unknown, .erased, case.closed, whatever is refused now.
        """
        caller = self.gateway.authenticator.authenticate(http)
        self.access.spend(caller)
        snapshot = current(self.access.policy)
        found = self._find(request, caller, system_of(snapshot.registry, caller.token).name)
        if found.stored.state is State.RUNNING:
            return json_response({"id": request, "status": "running"}, 202, (("Retry-After", "1"),))
        if not found.case.open:
            raise Problem(errors.CASE_CLOSED)
        asking = self._asking(found, caller, snapshot)
        refusals = tuple(_refusal(item, found, asking, snapshot) for item in asking.request.items)
        return self.gateway.repetition(request, asking, Repeated(found.stored, refusals), http.language)

    def _find(self, request: str, caller: Caller, system: str) -> _Found:
        with self.access.database.read() as connection:
            stored = intents.read(connection, request)
            case = cases.read(connection, stored.intent.case) if stored else None
            told = deliveries.told_of(connection, request)
        person = self.access.indexes.of(caller.token.person) if caller.token.person else None
        if stored is None or case is None or (stored.intent.system, stored.intent.person) != (system, person):
            raise Problem(errors.REQUEST_UNKNOWN)  # somebody else's looks exactly like none
        return _Found(stored, case, told)

    def _asking(self, found: _Found, caller: Caller, snapshot: Snapshot) -> Asking:
        asked = _request(found.stored, found.case)
        return Asking(
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


def _refusal(item: Item, found: _Found, asking: Asking, snapshot: Snapshot) -> Refused | None:
    told = found.told.get(item.number, _NOTHING)
    relation, subject = told.relation, told.subject
    name = decision_name(asking.id, item.number, snapshot.epoch)
    if not _is_still_let_in(found.case, asking):
        return Refused(item, name, None, Refusal(errors.SUBJECT_NOT_IN_CASE))
    if relation == REPRESENTED and asking.company_index != subject:
        return Refused(item, name, None, Refusal(errors.RELATION_UNPROVEN))
    # What was found about the record stays so; and nobody grows younger.
    minor, own = (said_before(told.asked, name) for name in ("minor", "own_division"))
    about = About(subject, relation, snapshot.is_sealed(subject, asking.moment), minor, own)
    judged = judge(item, about, asking, found.case, snapshot)
    if not isinstance(judged.said, Deny):
        return None
    return Refused(item, name, None, by_policy(judged.said), judged)


def _is_still_let_in(case: Case, asking: Asking) -> bool:
    """Whoever came in by acting for a company of the case is in it no longer than they act (ADR 0039)."""
    if asking.person is None or in_own_right(case, asking.person):
        return True
    return acts_for_a_party(case, asking.company_index)


def _request(stored: Stored, case: Case) -> EvidenceRequest:
    """The request as stored, without the numbers of whom it was about."""
    asked: Any = orjson.loads(stored.intent.asked)
    items = tuple(_item(number, item) for number, item in enumerate(asked["items"]))
    delivery = Delivery(asked.get("delivery", Delivery.DIRECT))
    return EvidenceRequest(case.service_item, case.id, asked["legal_basis"], items, asked.get("emergency"), delivery)


def _item(number: int, asked: dict[str, Any]) -> Item:
    questions = tuple(Question(one["name"], one["args"]) for one in asked["predicates"])
    return Item(number, asked["type"], tuple(asked["fields"]), questions, None, asked["relation"])
