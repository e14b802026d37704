"""Whom a consent is about: they see what they were asked for, give it, decline it, and take it back, here alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from exchange import errors
from exchange.access import PREVIEW, Access
from exchange.consents.forms import REPLY, Reply
from exchange.consents.receipt import Receipts
from exchange.consents.views import detailed, terms_digest
from exchange.forms import read
from exchange.gateway.entries import consent_facts
from exchange.gateway.tokens import Caller
from exchange.gateway.understanding import current
from exchange.previews.desk import stronger
from exchange.previews.looking import level_for
from exchange.store import consents
from exchange.store.consents import Artefact
from kernel.clock import Clock
from kernel.identifiers.subject import SubjectRef
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt
from kernel.problems import Problem
from kernel.web.http import HttpRequest, HttpResponse, json_response

GIVEN, DECLINED, WITHDRAWN = "ConsentGiven", "ConsentDeclined", "ConsentWithdrawn"
ON_A_PAGE = 50
_EVENTS = {Reply.GIVE: GIVEN, Reply.DECLINE: DECLINED, Reply.WITHDRAW: WITHDRAWN}

Change = Callable[[Connection, str, datetime], bool]
_CHANGES: dict[Reply, Change] = {
    Reply.GIVE: lambda connection, name, at: consents.answer(connection, name, at, given=True),
    Reply.DECLINE: lambda connection, name, at: consents.answer(connection, name, at, given=False),
    Reply.WITHDRAW: consents.withdraw,
}


@dataclass(frozen=True)
class ConsentDesk:
    """The endpoints of people. ``access`` lets them in: by a token at the API, by a session at the pages."""

    access: Access
    ledger: Ledger
    clock: Clock
    receipts: Receipts

    def list(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/consents``. Raises Problem."""
        caller, person = self.access.person(http, PREVIEW)
        self.access.spend(caller)
        before = http.parameters().get("before")
        with self.access.database.read() as connection:
            found = consents.of_person(connection, self.access.indexes.of(person), before, ON_A_PAGE + 1)
        following = found[ON_A_PAGE - 1].id if len(found) > ON_A_PAGE else None
        return json_response({"consents": [self._view(one) for one in found[:ON_A_PAGE]], "next": following})

    def show(self, http: HttpRequest, consent: str) -> HttpResponse:
        """``GET /v1/consents/<consent>``. Raises Problem."""
        caller, person = self.access.person(http, PREVIEW)
        self.access.spend(caller)
        return json_response(self._view(self._own(person, consent)))

    def reply(self, http: HttpRequest, consent: str) -> HttpResponse:
        """``POST /v1/consents/<consent>``: give it, decline it, or take it back. Raises Problem.

        Giving takes a sign-in as strong as looking at the data would; taking back takes none stronger than any.
        """
        caller, person = self.access.person(http, PREVIEW)
        found = self._own(person, consent)
        said = read(REPLY, http)
        reply = Reply(said["reply"])
        if said["terms"] != terms_digest(found):
            raise Problem(errors.CONSENT_OVER)
        if reply is Reply.GIVE:
            self._strong_enough(found, caller)
        return json_response(self._view(self._changed(found, reply, person, caller)))

    def receipt(self, http: HttpRequest, consent: str) -> HttpResponse:
        """``GET /v1/consents/<consent>/receipt``: to keep, signed, with where the log says so. Raises Problem."""
        caller, person = self.access.person(http, PREVIEW)
        self.access.spend(caller)
        found = self._own(person, consent)
        entry = self._entry(person, found)
        if found.given_at is None or entry is None:
            raise Problem(errors.CONSENT_UNKNOWN)
        claims, jws = self.receipts.of(self._view(found), int(self.clock.now().timestamp()))
        body = {"receipt": claims, "jws": jws, "entry": self.ledger.receipt(entry).text}
        return json_response(body, 200, (("Content-Disposition", f'attachment; filename="{found.id}.json"'),))

    def _changed(self, found: Artefact, reply: Reply, person: SubjectRef, caller: Caller) -> Artefact:
        now = self.clock.now()

        def also(connection: Connection, _receipts: Sequence[Receipt]) -> None:
            self.access.spend_within(connection, caller)
            if not _CHANGES[reply](connection, found.id, now):
                raise Problem(errors.CONSENT_OVER)

        facts = consent_facts(found) | {"terms": terms_digest(found)}
        event = Event(_EVENTS[reply], found.id, facts=facts, subject=person)
        (receipt,) = self.ledger.append([event], also=also)
        if receipt.repeated:  # said before: the same once more is as good as once
            self.access.spend(caller)
            if reply is not Reply.WITHDRAW and found.withdrawn_at is not None:
                raise Problem(errors.CONSENT_OVER)
        return self._own(person, found.id)

    def _strong_enough(self, found: Artefact, caller: Caller) -> None:
        kind = current(self.access.policy).registry.evidence_types.get(found.terms.evidence_type)
        if kind is None:
            raise Problem(errors.CONSENT_OVER)
        level = level_for(kind, (*found.terms.fields, *found.terms.predicates))
        if caller.token.assurance < level:
            raise stronger(level)

    def _own(self, person: SubjectRef, consent: str) -> Artefact:
        """One of theirs: somebody else's looks exactly like none. Raises Problem."""
        with self.access.database.read() as connection:
            found = consents.read(connection, consent)
        if found is None or found.subject != self.access.indexes.of(person):
            raise Problem(errors.CONSENT_UNKNOWN)
        return found

    def _entry(self, person: SubjectRef, found: Artefact) -> int | None:
        """Where the log says that it was given."""
        for entry in self.ledger.usage_of(person):
            members: Any = entry.members
            if (members["event"], members["request"]) == (GIVEN, found.id):
                return entry.index
        return None

    def _view(self, one: Artefact) -> dict[str, Any]:
        return detailed(one, current(self.access.policy).registry, self.clock.now())
