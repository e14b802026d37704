"""The endpoints by which officers of the owning department keep its certificates: found, issued, changed with a reason.

Nothing here shows a holder: a certificate is named by its index, and whoever looks one up or changes it says the
holder's number themselves. Whatever an answer tells of a number is an entry about whose number it is before it leaves:
a look-up, a change, and a refusal that says whether the number is the holder's. What needs no number is checked first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from exchange import errors
from exchange.access import Access, AuthorisedOfficer
from exchange.catalogue.model import EvidenceType
from exchange.catalogue.naming import named_in
from exchange.catalogue.registry import Registry
from exchange.certificates.forms import CHANGE_BY_HAND, ISSUE, LOOK_UP, ChangeByHand, Issued, LookedUp
from exchange.certificates.lifecycle import CHANGES, STATUSES, Change, Status, offered
from exchange.certificates.register import Register
from exchange.certificates.transitions import CertificateTransitions, Said, on_record
from exchange.certificates.views import past_view, standing, stands_view
from exchange.forms import looked_up, read
from exchange.in_force.snapshot import current
from exchange.paging import page_size, place_before
from exchange.store import certificates, deliveries
from exchange.store.certificates import Kept, Recorded
from kernel.canonical import JSON
from kernel.dates import local_day
from kernel.entropy import Entropy
from kernel.identifiers.errors import InvalidIdentifier
from kernel.identifiers.subject import SubjectRef
from kernel.ids import new_id
from kernel.ledger.event import Event
from kernel.ledger.receipt import Receipt
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from kernel.web.http import Endpoint, HttpRequest, HttpResponse, json_response
from policies.roles import Role

LOOKED_UP = "CertificateLookedUp"
_MATCHED = frozenset(
    {
        errors.CERTIFICATE_CHANGE_IMPOSSIBLE.code,
        errors.CERTIFICATE_CHANGED.code,
        errors.CERTIFICATE_DIFFERS.code,
        errors.CERTIFICATE_OUT_OF_ORDER.code,
    }
)
"""Refusals of a report, which is made only once the number is known to be the holder's."""
KEEPERS = (Role.PROVIDER_OFFICER,)
"""Who keeps the certificates of their department; nobody else sees a single one."""


@dataclass(frozen=True)
class CertificateDesk:
    """The endpoints. ``access`` lets officers in: by a token at the API, by a session at the pages."""

    access: Access
    transitions: CertificateTransitions
    register: Register
    entropy: Entropy

    def list(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/department/certificates``: what was recorded last of the department's own. Raises Problem."""
        officer, asked = self.access.officer(http, *KEEPERS), http.parameters()
        limit, before = page_size(asked.get("limit")), place_before(asked.get("before"))
        self.access.spend(officer.caller)
        registry = current(self.access.policy).registry
        with self.access.database.read() as connection:
            found = certificates.recorded(connection, officer.officer.organisation, before, limit + 1)
        listed: Sequence[JSON] = [_recorded_view(each, registry) for each in found[:limit]]
        following = str(found[limit - 1].past.entry) if len(found) > limit else None
        return json_response({"certificates": listed, "next": following})

    def look_up(self, http: HttpRequest) -> HttpResponse:
        """``POST /v1/department/certificates/look-ups``: by identifier and holder, recorded. Raises Problem.

        One that is another holder's, or another department's, looks exactly like none.
        """
        officer = self.access.officer(http, *KEEPERS)
        asked: LookedUp = read(LOOK_UP, http)
        with self.access.database.read() as connection:
            kept = certificates.find(connection, self.register.index(asked.certificate))
        own = kept is not None and kept.organisation == officer.officer.organisation
        if kept is None or not own or kept.subject != self.access.indexes.of(asked.subject):
            kept = None
        receipt = self._record(asked.subject, kept, officer)
        if kept is None:
            raise Problem(errors.CERTIFICATE_NOT_ON_RECORD, members={"receipt": receipt.text})
        return self._answer(kept)

    def show(self, http: HttpRequest, certificate: str) -> HttpResponse:
        """``GET /v1/department/certificates/<certificate>``. Raises Problem."""
        officer = self.access.officer(http, *KEEPERS)
        self.access.spend(officer.caller)
        return self._answer(self._found(certificate, officer))

    def issue(self, http: HttpRequest) -> HttpResponse:
        """``POST /v1/department/certificates``: one that is not on record yet. Raises Problem."""
        officer = self.access.officer(http, *KEEPERS)
        told: Issued = read(ISSUE, http)
        kind = current(self.access.policy).registry.evidence_types.get(told.evidence_type)
        if kind is None or kind.provider != officer.officer.organisation:
            raise Problem(errors.CERTIFICATE_NOT_YOURS)
        holder = _holder(kind, told.by_hand.holder)
        index, about = self.register.index(told.certificate), self.access.indexes.of(holder)
        new = Kept(index, kind.provider, kind.code, about, ())
        with self.access.database.read() as connection:
            kept = certificates.find(connection, index) or new
        said = _said(Change.ISSUE, holder, told.by_hand, officer, self.transitions.clock.now())
        self.transitions.in_time(said)
        if (kept.evidence_type, kept.subject) != (new.evidence_type, new.subject):
            raise self._refused(Problem(errors.CERTIFICATE_DIFFERS), holder, None, officer)
        return self._report(said, kept, officer, 201)

    def command(self, name: str) -> Endpoint:
        """``POST …/<certificate>/<name>``: a change of one on record, with the holder's number and a reason."""
        change = Change(name)

        def endpoint(http: HttpRequest, certificate: str) -> HttpResponse:
            officer = self.access.officer(http, *KEEPERS)
            told: ChangeByHand = read(CHANGE_BY_HAND, http)
            kept = self._found(certificate, officer)
            if (change is Change.OTHER) != (told.description is not None):
                raise Problem(INVALID_BODY, detail=_DESCRIBED)
            kind = current(self.access.policy).registry.evidence_types.get(kept.evidence_type)
            if kind is None:
                raise Problem(errors.CERTIFICATE_NOT_YOURS)
            holder = _holder(kind, told.holder)
            said = _said(change, holder, told, officer, self.transitions.clock.now())
            self.transitions.in_time(said)
            on_record(said, kept)
            if self.access.indexes.of(holder) != kept.subject:
                raise self._refused(Problem(errors.CERTIFICATE_OTHER_HOLDER), holder, None, officer)
            return self._report(said, kept, officer)

        return endpoint

    def _report(self, said: Said, kept: Kept, officer: AuthorisedOfficer, status: int = 200) -> HttpResponse:
        try:
            done = self.transitions.report(said, kept, self.access.asking_officer(officer))
        except Problem as problem:
            if problem.kind.code in _MATCHED:
                raise self._refused(problem, said.subject, kept, officer) from None
            raise
        if done.repeated:  # it changes nothing, but confirms whose the certificate is
            self._record(said.subject, kept, officer)
        with self.access.database.read() as connection:
            now = certificates.find(connection, kept.certificate) or kept
        return self._answer(now, 200 if done.repeated else status)

    def _refused(self, problem: Problem, holder: SubjectRef, kept: Kept | None, officer: AuthorisedOfficer) -> Problem:
        """A refusal from which can be told whether the number is the holder's: it leaves once it is an entry."""
        self._record(holder, kept, officer, problem)
        return problem

    def _record(
        self, holder: SubjectRef, kept: Kept | None, officer: AuthorisedOfficer, problem: Problem | None = None
    ) -> Receipt:
        """Before it is shown: who looked, whether anything was found, and what was refused; the proof is used up."""
        facts: dict[str, JSON] = {
            "provider": officer.officer.organisation,
            "by": officer.officer.id,
            "known": kept is not None,
            **({"evidence_type": kept.evidence_type} if kept is not None else {}),
            **({"refused": problem.kind.code} if problem is not None else {}),
        }
        entry = Event(LOOKED_UP, new_id("cst", self.transitions.clock, self.entropy), facts=facts, subject=holder)
        (receipt,) = self.transitions.ledger.append([entry], also=self.access.spending(officer.caller))
        return receipt

    def _found(self, certificate: str, officer: AuthorisedOfficer) -> Kept:
        with self.access.database.read() as connection:
            found = certificates.find_by_name(connection, certificate)
        if found is None or found.organisation != officer.officer.organisation:
            raise Problem(errors.CERTIFICATE_NOT_ON_RECORD)
        return found

    def _answer(self, kept: Kept, status: int = 200) -> HttpResponse:
        registry, now = current(self.access.policy).registry, self.transitions.clock.now()
        with self.access.database.read() as connection:
            return json_response(_whole_view(connection, kept, registry, now), status)


def _holder(kind: EvidenceType, number: str) -> SubjectRef:
    """Whose number was typed, by the scheme of this kind of certificate. Raises Problem."""
    try:
        return looked_up(kind.subject_scheme, number)
    except InvalidIdentifier:
        raise Problem(errors.CERTIFICATE_OTHER_HOLDER) from None


def _said(change: Change, holder: SubjectRef, told: ChangeByHand, officer: AuthorisedOfficer, now: datetime) -> Said:
    return Said(
        change=change,
        subject=holder,
        effective_at=told.effective_at or now,
        valid_until=told.valid_until,
        description=told.description,
        reason=told.reason,
        officer=officer.officer.id,
    )


_DESCRIBED = Text("“其他”须附说明，其余变更不附", "Only the change “other” goes with a description, and needs one")


def _whole_view(connection: Connection, kept: Kept, registry: Registry, now: datetime) -> dict[str, JSON]:
    """How it stands, what was recorded, how many rested on it, and what may be done now."""
    stands, day = standing(kept), local_day(now)
    relied = deliveries.reliers(connection, kept.evidence_type, kept.subject)
    kind: EvidenceType | None = registry.evidence_types.get(kept.evidence_type)
    return {
        "certificate": kept.name,
        "evidence_type": named_in(registry.evidence_types, kept.evidence_type),
        "subject_scheme": "" if kind is None else kind.subject_scheme,
        "stands": None if stands is None else stands_view(stands, day),
        "changes": [
            past_view(each)
            | {
                "reason": each.reason or None,
                "by": each.officer or None,
                "entry": each.entry if each.entry >= 0 else None,
            }
            for each in kept.history
        ],
        "relied": {
            "departments": relied.departments,
            "cases": relied.cases,
            "last": None if relied.last is None else relied.last.isoformat(),
        },
        "commands": [] if stands is None else [change.value for change in offered(stands, day)],
    }


def _recorded_view(one: Recorded, registry: Registry) -> dict[str, JSON]:
    status = Status(one.past.status)
    return past_view(one.past) | {
        "certificate": one.name,
        "evidence_type": named_in(registry.evidence_types, one.evidence_type),
        "label": STATUSES[status].members(),
        "change_label": CHANGES[Change(one.past.change)].members(),
        "entry": one.past.entry,
    }
