"""How a certificate stands: answered to those who could have the evidence itself, within a case about its holder.

Whether the identifier is known is told only to those who may ask, and each answer, "none on record" included, is an
entry about the holder before it leaves. Whom a system asks about while nobody is present counts as looked up, and a
question without an open case raises the alarm (ADR 0082).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC

from sqlalchemy import Connection

from exchange import errors
from exchange.access import Access, AuthorisedSystem
from exchange.authentication.access_token import Detail
from exchange.cases.alarms import Alarms
from exchange.cases.opening import own_case
from exchange.cases.watching import Watch
from exchange.certificates.allowing import CERTIFICATE_STATUS, Allowed, allowed, details_for, whom
from exchange.certificates.forms import STATUS, Asked
from exchange.certificates.register import Register
from exchange.certificates.views import past_view, standing, stands_view
from exchange.forms import read
from exchange.gateway.asking import Asking
from exchange.gateway.entries import REFUSAL, common_facts
from exchange.gateway.parties import Concerned
from exchange.gateway.request import EvidenceRequest
from exchange.gateway.understanding import check_somebody_asks
from exchange.store import certificates, deliveries, messages
from exchange.store.cases import Case
from exchange.store.deliveries import NO_STATUS, REFUSED, STATUS_TOLD, Delivery
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.dates import local_day
from kernel.entropy import Entropy
from kernel.ids import new_id
from kernel.ledger.errors import FenceMoved
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt
from kernel.problems import Problem, ProblemKind
from kernel.web.http import HttpRequest, HttpResponse, json_response

ANSWERED = "CertificateStatusAnswered"
_ITEM = 0
"""One question is about one certificate."""


@dataclass(frozen=True)
class Answering:
    """``POST /v1/certificates/status``; ``leeway`` is in seconds."""

    access: Access
    ledger: Ledger
    register: Register
    watch: Watch
    alarms: Alarms
    clock: Clock
    entropy: Entropy
    leeway: int

    def status(self, http: HttpRequest) -> HttpResponse:
        """How a certificate stands now, and what was reported of it. Raises Problem."""
        caller = self.access.purposeful_system(http)
        asked: Asked = read(STATUS, http)
        self.access.spend(caller.caller)
        name = new_id("cst", self.clock, self.entropy)
        try:
            details, case = self._purpose(asked, caller)
        except Problem as problem:
            self._turned_away(name, caller, problem.kind)
            raise
        asking = self._asking(name, details[0], caller)
        people = whom(asked, asking, case, caller.snapshot)
        if people and not asking.token.present:
            self.watch.note(caller.system, case.id, [people[0].index])
        found = allowed(asked, asking, details, people, case, caller.snapshot)
        if found is None:
            self._refused(asked, asking, people, caller)
            raise Problem(errors.CERTIFICATE_NO_GRANT)
        return self._answer(asked, found, caller)

    def _purpose(self, asked: Asked, caller: AuthorisedSystem) -> tuple[tuple[Detail, ...], Case]:
        """What the token is for, and the open case it names. Raises Problem."""
        details = details_for(asked, caller.caller.token)
        if not details:
            raise Problem(errors.PURPOSE_MISMATCH)
        check_somebody_asks(caller.caller.token)
        case = own_case(self.access, caller, asked.case)
        if not case.open:
            raise Problem(errors.CASE_CLOSED)
        details = tuple(one for one in details if one.service_item == case.service_item)
        if not details:
            raise Problem(errors.CASE_OTHER_ITEM)
        return details, case

    def _asking(self, name: str, detail: Detail, caller: AuthorisedSystem) -> Asking:
        token, indexes = caller.caller.token, self.access.indexes
        return Asking(
            id=name,
            request=EvidenceRequest(detail.service_item, detail.case, detail.legal_basis, ()),
            token=token,
            system=caller.system,
            detail=detail,
            indexes=indexes,
            person=indexes.of(token.person) if token.person else None,
            leeway=self.leeway,
            moment=self.clock.now(),
        )

    def _answer(self, asked: Asked, found: Allowed, caller: AuthorisedSystem) -> HttpResponse:
        with self.access.database.read() as connection:
            kept = certificates.find(connection, self.register.index(asked.certificate))
        if kept is not None and (kept.evidence_type, kept.subject) != (asked.evidence_type, found.concerned.index):
            kept = None  # somebody else's: that looks exactly like none
        receipt = self._record(asked, found, caller, known=kept is not None)
        stands = None if kept is None else standing(kept)
        told: dict[str, JSON] = {"id": found.asking.id, "receipt": receipt.text}
        if kept is None or stands is None:
            raise Problem(errors.CERTIFICATE_UNKNOWN, members=told)
        now = found.asking.moment
        history: Sequence[JSON] = [past_view(each) for each in kept.history]
        body = stands_view(stands, local_day(now)) | {"as_of": now.astimezone(UTC).isoformat(), "history": history}
        return json_response(body | told)

    def _turned_away(self, name: str, caller: AuthorisedSystem, kind: ProblemKind) -> None:
        """A whole question that is refused is an entry, and an alarm where it looks somebody up without a case."""
        alarm = self.alarms.of(caller.system, kind)
        refusal = Event(REFUSAL, name, facts={"client": caller.caller.token.client_id, "reason": kind.code})

        def also(connection: Connection, _receipts: Sequence[Receipt]) -> None:
            messages.put(connection, () if alarm is None else alarm.messages)

        self.ledger.append([refusal, *(() if alarm is None else (alarm.event,))], also=also)

    def _refused(self, asked: Asked, asking: Asking, people: tuple[Concerned, ...], caller: AuthorisedSystem) -> None:
        """A refusal is an entry, too: its holder reads it where it is proven whom it is about, and never why."""
        kind, about = errors.CERTIFICATE_NO_GRANT, people[0] if people else None
        facts = _facts(asked, asking, about, caller) | {"reason": kind.code}
        refusal = Event(REFUSAL, asking.id, str(_ITEM), facts, None if about is None else about.subject)

        def also(connection: Connection, receipts: Sequence[Receipt]) -> None:
            if about is not None:
                deliveries.add(connection, [_row(asked, asking, about, caller, REFUSED, receipts[0])])

        self.ledger.append([refusal], also=also)

    def _record(self, asked: Asked, found: Allowed, caller: AuthorisedSystem, *, known: bool) -> Receipt:
        """Before it leaves, and only under the epoch in which it was allowed."""
        asking, about = found.asking, found.concerned
        facts = _facts(asked, asking, about, caller) | {"grants": [found.grant.ref], "known": known}
        entry = Event(ANSWERED, asking.id, str(_ITEM), facts, about.subject)
        outcome = STATUS_TOLD if known else NO_STATUS

        def also(connection: Connection, receipts: Sequence[Receipt]) -> None:
            deliveries.add(connection, [_row(asked, asking, about, caller, outcome, receipts[0])])

        try:
            (receipt,) = self.ledger.append([entry], fence=caller.snapshot.epoch, also=also)
        except FenceMoved:
            raise Problem(errors.POLICY_STALE) from None
        return receipt


def _facts(asked: Asked, asking: Asking, about: Concerned | None, caller: AuthorisedSystem) -> dict[str, JSON]:
    """As every entry about an item says them: who, whose, what and why; that the status was asked for, and no field."""
    return common_facts(asking) | {
        "evidence_type": asked.evidence_type,
        "provider": _provider(asked, caller),
        "fields": [],
        "predicates": [CERTIFICATE_STATUS],
        "epoch": caller.snapshot.epoch,
        "relation": "" if about is None else about.relation,
    }


def _row(
    asked: Asked, asking: Asking, about: Concerned, caller: AuthorisedSystem, outcome: str, receipt: Receipt
) -> Delivery:
    """What the provider counts it by, and officers' look-ups are found by."""
    officer = asking.token.officer
    return Delivery(
        request_id=asking.id,
        item=_ITEM,
        entry=receipt.index,
        case_id=asking.request.case,
        consumer=asking.system.organisation,
        provider=_provider(asked, caller),
        evidence_type=asked.evidence_type,
        service_item=asking.request.service_item,
        legal_basis=asking.request.legal_basis,
        relation=about.relation,
        subject=about.index,
        outcome=outcome,
        asked=CERTIFICATE_STATUS,
        at=asking.moment,
        officer="" if officer is None else asking.indexes.of_officer(officer),
    )


def _provider(asked: Asked, caller: AuthorisedSystem) -> str:
    kind = caller.snapshot.registry.evidence_types.get(asked.evidence_type)
    return "" if kind is None else kind.provider
