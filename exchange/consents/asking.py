"""A department asks somebody for consent: only where that is the ground, and only to what it could then be given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from exchange import errors
from exchange.access import Access, AuthorisedSystem
from exchange.cases.opening import own_case
from exchange.catalogue.model import kept_apart
from exchange.consents.forms import ASK, LONGEST, Wanted
from exchange.consents.standing import REQUESTED, answered_by_others, kept_subject
from exchange.consents.views import CONSENTS, state, status_of
from exchange.forms import read
from exchange.gateway.consenting import rests_on_consent
from exchange.gateway.entries import consent_facts
from exchange.gateway.parties import comes_of_age, guardians, is_minor
from exchange.store import consents
from exchange.store.cases import Case
from exchange.store.consents import Artefact, Terms
from kernel.clock import Clock
from kernel.entropy import Entropy
from kernel.ids import new_id
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, json_response
from policies.grants.grant import Grant
from policies.grants.terms import BasisKind
from policies.guards import WARDS

MOST_OPEN = 20
"""Consents that one case may have somebody asked for and unanswered: more would be waved through unread."""

_PERIOD = Text(
    "截止时间应晚于现在与起始时间，且期限不超过一年",
    "The end has to be later than now and than the beginning, by a year at most",
)


@dataclass(frozen=True)
class ConsentRequests:
    """The endpoints of departments' systems. After ``answered_within`` nobody is waited for any longer."""

    access: Access
    ledger: Ledger
    clock: Clock
    entropy: Entropy
    answered_within: timedelta

    def ask(self, http: HttpRequest) -> HttpResponse:
        """``POST /v1/consent-requests``. Raises Problem."""
        caller = self.access.unlocked_system(http)
        wanted: Wanted = read(ASK, http)
        case = own_case(self.access, caller, wanted.case)
        asked = self._asked(wanted, case, caller)

        def also(connection: Connection, _receipts: Sequence[Receipt]) -> None:
            self.access.spend_within(connection, caller.caller)
            _once(consents.asked_in(connection, case.id, asked.subject), asked)
            consents.add(connection, asked)

        event = Event(
            REQUESTED,
            asked.id,
            facts=consent_facts(asked),
            subject=wanted.subject,
            payload=kept_subject(wanted.subject) if answered_by_others(wanted.subject, guarded=asked.guarded) else None,
        )
        self.ledger.append([event], also=also)
        where = (("Location", f"/v1/consent-requests/{asked.id}"),)
        return json_response(state(asked, self.clock.now()), 201, where)

    def show(self, http: HttpRequest, consent: str) -> HttpResponse:
        """``GET /v1/consent-requests/<consent>``: how far it stands; another system's looks like none.

        Raises Problem.
        """
        caller = self.access.system(http)
        self.access.spend(caller.caller)
        with self.access.database.read() as connection:
            found = consents.read(connection, consent)
        if found is None or found.system != caller.system.name:
            raise Problem(errors.CONSENT_UNKNOWN)
        return json_response(state(found, self.clock.now()))

    def _asked(self, wanted: Wanted, case: Case, caller: AuthorisedSystem) -> Artefact:
        now = self.clock.now()
        begins = wanted.begins or now
        if not case.open:
            raise Problem(errors.CASE_CLOSED)
        guarded = is_minor(wanted.subject, now)
        ends = _ends(wanted, guarded)
        if not max(now, begins) < ends <= begins + LONGEST:
            raise Problem(INVALID_BODY, detail=_PERIOD)
        if not rests_on_consent(case.service_item, wanted.legal_basis, caller.snapshot):
            raise Problem(errors.CONSENT_NOT_THE_GROUND)
        index = self.access.indexes.of(wanted.subject)
        party = any(one.subject == index for one in case.parties)
        if not party:
            raise Problem(errors.CONSENT_NOT_THEIRS)
        if guarded and not guardians(case, index):
            raise Problem(errors.CONSENT_NO_GUARDIAN)
        if not _grantable(wanted, case, caller, now):
            raise Problem(errors.CONSENT_NOT_GRANTED)
        terms = Terms(
            organisation=caller.system.organisation,
            service_item=case.service_item,
            case=case.id,
            legal_basis=wanted.legal_basis,
            evidence_type=wanted.evidence_type,
            fields=wanted.fields,
            predicates=wanted.predicates,
            frequency=wanted.frequency,
            times=wanted.times,
            not_before=begins,
            not_after=ends,
            bound=wanted.bound,
        )
        name = new_id("cons", self.clock, self.entropy)
        by = min(now + self.answered_within, ends)
        return Artefact(name, index, caller.system.name, terms, asked_at=now, answer_by=by, guarded=guarded)


def _ends(wanted: Wanted, guarded: bool) -> datetime:
    """What a guardian gives ends at the latest when the minor comes of age, and can decide alone."""
    of_age = comes_of_age(wanted.subject) if guarded else None
    return wanted.ends if of_age is None else min(wanted.ends, of_age)


def _grantable(wanted: Wanted, case: Case, caller: AuthorisedSystem, now: datetime) -> bool:
    """Whether a grant in force would let all of it be provided: nobody is asked for what is not provided anyway."""
    kind = caller.snapshot.registry.evidence_types.get(wanted.evidence_type)
    if kind is None or kept_apart(caller.system, kind) or kind.subject_scheme != wanted.subject.scheme:
        return False
    return any(_covers(grant, wanted, case, caller, now) for grant in caller.snapshot.image.members())


def _covers(grant: Grant, wanted: Wanted, case: Case, caller: AuthorisedSystem, now: datetime) -> bool:
    same = (grant.consumer, grant.evidence_type) == (caller.system.organisation, wanted.evidence_type)
    grounds = (grant.basis_kind, grant.legal_basis) == (BasisKind.CONSENT, wanted.legal_basis)
    enough = set(wanted.fields) <= grant.fields and set(wanted.predicates) <= grant.predicates
    if is_minor(wanted.subject, now) and grant.relations.isdisjoint(WARDS):
        return False  # which is how a grant allows minors (ADR 0042)
    live = grant.valid_from <= now < grant.valid_to and case.service_item in grant.service_items
    return same and grounds and enough and live


def _once(before: Sequence[Artefact], asked: Artefact) -> None:
    """Nobody is asked for the same again while it waits or after they declined. Raises Problem."""
    standing = [(one, status_of(one, asked.asked_at)) for one in before]
    same = any(_what(one) == _what(asked) and status in {"asked", "declined"} for one, status in standing)
    if same or [status for _, status in standing].count("asked") >= MOST_OPEN:
        raise Problem(errors.CONSENT_ASKED_ALREADY, members={"page": CONSENTS})


def _what(one: Artefact) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    return one.terms.evidence_type, one.terms.fields, one.terms.predicates
