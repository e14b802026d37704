"""Whom a consent is about, or whoever acts for them: they see it, give it, decline it, and take it back, here alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from exchange import errors
from exchange.access import PREVIEW, Access
from exchange.authentication.tokens import Caller
from exchange.consents.forms import REPLY, Reply
from exchange.consents.receipt import Receipts
from exchange.consents.standing import GIVEN, MINOR, Standing, Standings, shown
from exchange.consents.telling import answered
from exchange.consents.views import detailed, terms_digest
from exchange.events import outbox
from exchange.forms import read
from exchange.gateway.entries import consent_facts
from exchange.in_force.snapshot import current
from exchange.previews.desk import stronger
from exchange.previews.looking import level_for
from exchange.store import consents
from exchange.store.consents import Answerer, Artefact
from kernel.canonical import decode, encode
from kernel.clock import Clock
from kernel.identifiers.subject import SubjectRef
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt
from kernel.problems import Problem
from kernel.web.http import HttpRequest, HttpResponse, json_response

DECLINED, WITHDRAWN = "ConsentDeclined", "ConsentWithdrawn"
ON_A_PAGE = 50
_EVENTS = {Reply.GIVE: GIVEN, Reply.DECLINE: DECLINED, Reply.WITHDRAW: WITHDRAWN}

Change = Callable[[Connection, Artefact, Answerer, datetime], bool]
_CHANGES: dict[Reply, Change] = {
    Reply.GIVE: lambda connection, one, by, at: consents.answer(connection, one, by, at, given=True),
    Reply.DECLINE: lambda connection, one, by, at: consents.answer(connection, one, by, at, given=False),
    Reply.WITHDRAW: consents.withdraw,
}


@dataclass(frozen=True)
class ConsentDesk:
    """The endpoints of people. ``access`` lets them in: by a token at the API, by a session at the pages."""

    access: Access
    ledger: Ledger
    clock: Clock
    receipts: Receipts

    @property
    def standings(self) -> Standings:
        """In whose name people stand before a consent."""
        return Standings(self.access, self.ledger, self.clock)

    def list(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/consents``. Raises Problem."""
        caller, person = self.access.person(http, PREVIEW)
        self.access.spend(caller)
        before, reader = http.parameters().get("before"), self.standings.reader(caller, person)
        with self.access.database.read() as connection:
            found = consents.seen_by(connection, reader, self.clock.now(), before, ON_A_PAGE + 1)
        following = found[ON_A_PAGE - 1].id if len(found) > ON_A_PAGE else None
        stands = [(one, self.standings.find(one, caller, person)) for one in found[:ON_A_PAGE]]
        listed = [self._view(one, whose) for one, whose in stands if whose is not None]  # its right may end meanwhile
        return json_response({"consents": listed, "next": following})

    def show(self, http: HttpRequest, consent: str) -> HttpResponse:
        """``GET /v1/consents/<consent>``. Raises Problem."""
        caller, person = self.access.person(http, PREVIEW)
        self.access.spend(caller)
        return json_response(self._view(*self._theirs(caller, person, consent)))

    def reply(self, http: HttpRequest, consent: str) -> HttpResponse:
        """``POST /v1/consents/<consent>``: give it, decline it, or take it back. Raises Problem.

        Giving takes a sign-in as strong as looking at the data would; taking back takes none stronger than any.
        """
        caller, person = self.access.person(http, PREVIEW)
        found, standing = self._theirs(caller, person, consent)
        said = read(REPLY, http)
        reply = Reply(said["reply"])
        if standing.by.capacity == MINOR:
            raise Problem(errors.CONSENT_NEEDS_GUARDIAN)
        if said["terms"] != terms_digest(found):
            raise Problem(errors.CONSENT_OVER)
        if reply is Reply.GIVE:
            self._strong_enough(found, caller)
        self._change(found, reply, standing, caller)
        return json_response(self._view(*self._theirs(caller, person, consent)))

    def receipt(self, http: HttpRequest, consent: str) -> HttpResponse:
        """``GET /v1/consents/<consent>/receipt``: to keep, signed, with where the log says so. Raises Problem."""
        caller, person = self.access.person(http, PREVIEW)
        self.access.spend(caller)
        found, standing = self._theirs(caller, person, consent)
        entry = None if found.given_at is None else self.ledger.find(found.id, "", GIVEN)
        if entry is None:
            raise Problem(errors.CONSENT_UNKNOWN)
        acted = _acted(self.ledger.open_payload(entry.index))
        claims, jws = self.receipts.of(self._view(found, standing), acted, int(self.clock.now().timestamp()))
        body = {"receipt": claims, "jws": jws, "entry": entry.text}
        return json_response(body, 200, (("Content-Disposition", f'attachment; filename="{found.id}.json"'),))

    def _change(self, found: Artefact, reply: Reply, standing: Standing, caller: Caller) -> None:
        now = self.clock.now()

        def also(connection: Connection, _receipts: Sequence[Receipt]) -> None:
            self.access.spend_within(connection, caller)
            if not _CHANGES[reply](connection, found, standing.by, now):
                raise Problem(errors.CONSENT_OVER)
            outbox.put(connection, answered(found, _EVENTS[reply], now))

        (receipt,) = self.ledger.append([self._event(found, reply, standing, caller)], also=also)
        if receipt.repeated:  # said before: the same once more is as good as once
            self.access.spend(caller)
            if reply is not Reply.WITHDRAW and found.withdrawn_at is not None:
                raise Problem(errors.CONSENT_OVER)

    def _event(self, found: Artefact, reply: Reply, standing: Standing, caller: Caller) -> Event:
        """The entry in the log of whom it is about; who acted for whom lies beside it, under the same key."""
        facts = consent_facts(found) | {"terms": terms_digest(found)}
        payload = None
        if standing.acting:
            facts |= {"capacity": standing.by.capacity, "representative": self._officer(caller)}
            who = {"capacity": standing.by.capacity, "principal": shown(standing.subject), "by": _ends_of(caller)}
            payload = encode(who)
        return Event(_EVENTS[reply], found.id, facts=facts, subject=standing.subject, payload=payload)

    def _officer(self, caller: Caller) -> str:
        return self.access.indexes.of_officer(f"{caller.token.issuer}\n{caller.token.sub}")

    def _strong_enough(self, found: Artefact, caller: Caller) -> None:
        kind = current(self.access.policy).registry.evidence_types.get(found.terms.evidence_type)
        if kind is None:
            raise Problem(errors.CONSENT_OVER)
        level = level_for(kind, (*found.terms.fields, *found.terms.predicates))
        if caller.token.assurance < level:
            raise stronger(level)

    def _theirs(self, caller: Caller, person: SubjectRef, consent: str) -> tuple[Artefact, Standing]:
        """One that they may look at, and in whose name: another's looks exactly like none. Raises Problem."""
        with self.access.database.read() as connection:
            found = consents.read(connection, consent)
        if found is None:
            raise Problem(errors.CONSENT_UNKNOWN)
        return found, self.standings.before(found, caller, person)

    def _view(self, one: Artefact, whose: Standing) -> dict[str, Any]:
        return detailed(one, current(self.access.policy).registry, self.clock.now()) | {"acting": whose.members()}


def _ends_of(caller: Caller) -> str | None:
    return None if caller.token.person is None else shown(caller.token.person)


def _acted(kept: bytes | None) -> Mapping[str, Any] | None:
    found: Any = None if kept is None else decode(kept)
    return found if isinstance(found, dict) else None
