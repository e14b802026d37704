"""How a certificate stands: answered to those whose grant covers the type, within a case that is about its holder.

Whether the identifier is known is told only to those who may ask, and each answer, "none on record" included, is an
entry about the holder before it leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from exchange import errors
from exchange.access import Access, AuthorisedSystem
from exchange.cases.opening import own_case
from exchange.catalogue.model import kept_apart
from exchange.certificates.forms import STATUS, Asked
from exchange.certificates.transitions import Register
from exchange.certificates.views import past_view, standing, stands_view
from exchange.forms import read
from exchange.gateway.entries import REFUSAL
from exchange.gateway.parties import is_minor, relation_of
from exchange.store import certificates
from exchange.store.cases import Case
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.dates import local_day
from kernel.entropy import Entropy
from kernel.ids import new_id
from kernel.ledger.errors import FenceMoved
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt
from kernel.problems import Problem
from kernel.web.http import HttpRequest, HttpResponse, json_response
from policies.delivery import Delivery
from policies.grants.grant import Grant
from policies.grants.terms import BasisKind
from policies.guards import WARDS

ANSWERED = "CertificateStatusAnswered"


@dataclass(frozen=True)
class Answering:
    """``POST /v1/certificates/status``."""

    access: Access
    ledger: Ledger
    register: Register
    clock: Clock
    entropy: Entropy

    def status(self, http: HttpRequest) -> HttpResponse:
        """How a certificate stands now, and what was reported of it. Raises Problem."""
        caller = self.access.unlocked_system(http)
        asked: Asked = read(STATUS, http)
        now, case = self.clock.now(), self._case(asked, caller)
        subject = self.access.indexes.of(asked.subject)
        relation = relation_of(case, subject)
        grant = _covering(asked, case, relation, caller, now)
        barred = caller.snapshot.is_sealed(subject, now) or (is_minor(asked.subject, now) and relation not in WARDS)
        if grant is None or barred:  # what the guards keep from everybody stands above every grant here, too
            self._refused(asked, case, caller)
            raise Problem(errors.CERTIFICATE_NO_GRANT)
        with self.access.database.read() as connection:
            kept = certificates.find(connection, self.register.index(asked.certificate))
        if kept is not None and (kept.evidence_type, kept.subject) != (asked.evidence_type, subject):
            kept = None  # somebody else's: that looks exactly like none
        receipt = self._record(asked, case, grant, caller, known=kept is not None)
        stands = None if kept is None else standing(kept)
        if kept is None or stands is None:
            raise Problem(errors.CERTIFICATE_UNKNOWN, members={"receipt": receipt.text})
        body: dict[str, JSON] = stands_view(stands, local_day(now))
        history: Sequence[JSON] = [past_view(each) for each in kept.history]
        as_of = now.astimezone(UTC).isoformat()
        return json_response(body | {"as_of": as_of, "history": history, "receipt": receipt.text})

    def _case(self, asked: Asked, caller: AuthorisedSystem) -> Case:
        case = own_case(self.access, caller, asked.case)
        if not case.open:
            raise Problem(errors.CASE_CLOSED)
        subject = self.access.indexes.of(asked.subject)
        if all(party.subject != subject for party in case.parties):
            self._refused(asked, case, caller)
            raise Problem(errors.CERTIFICATE_NO_GRANT)
        return case

    def _refused(self, asked: Asked, case: Case, caller: AuthorisedSystem) -> None:
        """A refusal is an entry, too: for auditors, since whether somebody is sealed is told to nobody."""
        facts: dict[str, JSON] = {
            "client": caller.caller.token.client_id,
            "case": case.id,
            "evidence_type": asked.evidence_type,
            "reason": errors.CERTIFICATE_NO_GRANT.code,
        }
        refusal = Event(REFUSAL, new_id("cst", self.clock, self.entropy), facts=facts)
        self.ledger.append([refusal], also=self.access.spending(caller.caller))

    def _record(self, asked: Asked, case: Case, grant: Grant, caller: AuthorisedSystem, *, known: bool) -> Receipt:
        """Before it leaves, and only under the epoch in which it was allowed."""
        facts: dict[str, JSON] = {
            "case": case.id,
            "consumer": case.organisation,
            "system": caller.system.name,
            "evidence_type": asked.evidence_type,
            "service_item": case.service_item,
            "legal_basis": grant.legal_basis,
            "grants": [grant.ref],
            "known": known,
        }
        entry = Event(ANSWERED, new_id("cst", self.clock, self.entropy), facts=facts, subject=asked.subject)
        try:
            (receipt,) = self.ledger.append(
                [entry], fence=caller.snapshot.epoch, also=self.access.spending(caller.caller)
            )
        except FenceMoved:
            raise Problem(errors.POLICY_STALE) from None
        return receipt


def _covering(asked: Asked, case: Case, relation: str | None, caller: AuthorisedSystem, now: datetime) -> Grant | None:
    """A statutory grant in force for this type, the case's service item and whoever it is about. Default deny."""
    kind = caller.snapshot.registry.evidence_types.get(asked.evidence_type)
    if kind is None or kept_apart(caller.system, kind):
        return None
    for grant in caller.snapshot.image.members():
        same = (grant.consumer, grant.evidence_type) == (caller.system.organisation, asked.evidence_type)
        serves = case.service_item in grant.service_items and relation in grant.relations
        if same and serves and _is_plain(grant) and grant.valid_from <= now < grant.valid_to:
            return grant
    return None


def _is_plain(grant: Grant) -> bool:
    """Whether a grant asks for nothing that only a request for evidence looks at.

    Consent, mandates, emergencies, divisions, hours, quotas and obligations are looked at there, and so is what may
    only leave in bulk or after a preview.
    """
    conditions = (grant.emergency, grant.hours, grant.quota_per_day)
    asked = grant.mandate_required or grant.own_division_only or bool(grant.obligations)
    free = not asked and all(each is None for each in conditions) and grant.allows(Delivery.DIRECT)
    return free and grant.basis_kind is BasisKind.STATUTORY
