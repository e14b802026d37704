"""The endpoints by which a department's system reads what its case requires, and says how each requirement is met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Connection

from exchange import errors
from exchange.access import Access, AuthorisedSystem
from exchange.cases.opening import own_case
from exchange.catalogue.model import APPLICANT, ServiceItem
from exchange.catalogue.registry import Registry
from exchange.forms import read
from exchange.requirements.broker import Needed, needed
from exchange.requirements.circumstances import Circumstances, checked
from exchange.requirements.counting import Guard
from exchange.requirements.forms import CIRCUMSTANCES, RESOLUTION, Wanted
from exchange.requirements.ladder import ON_TRUST, Rung, Step, judge
from exchange.requirements.standing import (
    Sight,
    Standing,
    granted_types,
    is_undecided,
    seen,
    standing,
    standings,
    subjects_of,
)
from exchange.requirements.views import case_view, lapsed_view, open_view, resolution_view
from exchange.store import corrections, deliveries, resolutions
from exchange.store.cases import Case
from exchange.store.deliveries import Attempt
from exchange.store.resolutions import THE_APPLICANT, Resolution, Verdict
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.dates import local_day
from kernel.entropy import Entropy
from kernel.ids import new_id
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt
from kernel.problems import Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, json_response

RESOLVED, UPLOAD_REFUSED, DECLARED = "RequirementResolved", "UploadRefused", "CircumstancesDeclared"

_SUBJECT_NEEDED = Text("请以 subject 写明是哪一位当事人", "Name the party by subject")


@dataclass(frozen=True, slots=True)
class Matter:
    """A case with all that its requirements depend on, read together."""

    case: Case
    item: ServiceItem
    declared: Circumstances
    wanted: tuple[Needed, ...]
    attempts: tuple[Attempt, ...]
    resolved: tuple[Resolution, ...]
    disputed: frozenset[tuple[bytes, str]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Judged:
    """What becomes of a wanted rung: where the requirement stands, and what still bars it."""

    needed: Needed
    stands: Standing
    subject: bytes
    open_above: tuple[Rung, ...]
    unproven: tuple[Step, ...]
    wanted: Rung

    @property
    def is_in_place_of_lapsed(self) -> bool:
        """Whether it would go in place of a certificate that sharing delivered and that does not stand."""
        return bool(self.stands.lapsed) and self.wanted in ON_TRUST

    @property
    def holds(self) -> bool:
        """Whether the rung may be taken."""
        barred = self.open_above or self.unproven or self.is_in_place_of_lapsed
        return not barred and not is_undecided(self.needed)


@dataclass(frozen=True)
class RequirementDesk:
    """The endpoints of a case's requirements."""

    access: Access
    ledger: Ledger
    clock: Clock
    entropy: Entropy
    guard: Guard

    def of_case(self, http: HttpRequest, case: str) -> HttpResponse:
        """``GET /v1/cases/<case>/requirements``. Raises Problem."""
        caller = self.access.system(http)
        found = own_case(self.access, caller, case)
        self.access.spend(caller.caller)
        matter = self._matter(found, caller)
        sight = self._sight(caller, matter)
        stands = standings(matter.wanted, found, matter.attempts, matter.resolved)
        listed = ((one, _party(one, found), seen(one.needed, one.subject, sight)) for one in stands)
        return json_response(case_view(case, matter.declared, listed, caller.snapshot.registry))

    def declare(self, http: HttpRequest, case: str) -> HttpResponse:
        """``POST /v1/cases/<case>/circumstances``: these, in place of what was declared of them. Raises Problem."""
        caller = self.access.system(http)
        told: Circumstances = read(CIRCUMSTANCES, http).get("circumstances", {})
        found = _open(own_case(self.access, caller, case))
        checked(told, _item(found, caller), caller.snapshot.registry)
        entry = Event(
            DECLARED, case, new_id("cd", self.clock, self.entropy), _facts(found) | {"named": [*sorted(told)]}
        )

        def also(connection: Connection, _receipts: Sequence[Receipt]) -> None:
            self.access.spend_within(connection, caller.caller)
            resolutions.declare(connection, case, told)

        self.ledger.append([entry], also=also)
        with self.access.database.read() as connection:
            now = resolutions.declared(connection, case)
        return json_response({"case": case, "circumstances": dict(now)})

    def resolve(self, http: HttpRequest, case: str) -> HttpResponse:
        """``POST /v1/cases/<case>/resolutions``. Raises Problem; also a refused upload is recorded, and counted."""
        caller = self.access.system(http)
        wanted: Wanted = read(RESOLUTION, http)
        registry = caller.snapshot.registry
        found = _open(own_case(self.access, caller, case))
        judged = self._judged(wanted, self._matter(found, caller), caller)
        verdict = Verdict.ACCEPTED if judged.holds else Verdict.AGAINST_GUARD
        if not judged.holds and wanted.rung is not Rung.WINDOW:  # the window is never refused
            self._refuse_unrecorded(wanted, judged, registry)
            verdict = Verdict.REFUSED
        made = self._record(wanted, judged, verdict, found, caller)
        self.guard.count(made)
        if verdict is Verdict.REFUSED:
            raise _barred(judged, registry)
        return json_response(resolution_view(made), 201)

    def _judged(self, wanted: Wanted, matter: Matter, caller: AuthorisedSystem) -> Judged:
        """Raises Problem: resolution.unknown-requirement, case.subject-not-in-case, and for want of a subject."""
        found = next((one for one in matter.wanted if one.requirement.code == wanted.requirement), None)
        if found is None:
            raise Problem(errors.REQUIREMENT_UNKNOWN)
        subject = self._subject(wanted, found, matter.case)
        stands = standing(found, subject, matter.attempts, matter.resolved)
        causes = seen(found, subject, self._sight(caller, matter))
        verdict = judge(wanted.rung, stands.rungs, wanted.steps, causes)
        return Judged(found, stands, subject, verdict.open_above, verdict.unproven, wanted.rung)

    def _refuse_unrecorded(self, wanted: Wanted, judged: Judged, registry: Registry) -> None:
        """What is refused without being a demand for paper that sharing could supply."""
        if is_undecided(judged.needed):
            raise Problem(errors.CIRCUMSTANCES_MISSING, members={"depends_on": [*judged.needed.depends_on]})
        if wanted.rung is not Rung.UPLOAD:
            raise _barred(judged, registry)

    def _record(
        self, wanted: Wanted, judged: Judged, verdict: Verdict, case: Case, caller: AuthorisedSystem
    ) -> Resolution:
        if wanted.rung not in judged.needed.rungs and verdict is Verdict.ACCEPTED:
            raise Problem(errors.RUNG_NOT_OFFERED)
        now, name = self.clock.now(), new_id("res", self.clock, self.entropy)
        officer = caller.caller.token.officer
        blind = "" if officer is None else self.access.indexes.of_officer(officer)
        days = judged.needed.requirement.deferral_days if wanted.rung is Rung.DEFERRAL else None
        due = "" if days is None else (local_day(now) + timedelta(days=days)).isoformat()
        kept: list[Resolution] = []

        def also(connection: Connection, receipts: Sequence[Receipt]) -> None:
            self.access.spend_within(connection, caller.caller)
            made = Resolution(
                id=name,
                case=case.id,
                organisation=case.organisation,
                service_item=case.service_item,
                requirement=wanted.requirement,
                subject=judged.subject,
                rung=wanted.rung,
                verdict=verdict,
                steps=wanted.steps,
                officer=blind,
                due=due,
                entry=receipts[0].index,
                at=now,
            )
            resolutions.add(connection, made)
            kept.append(made)

        said = _facts(case) | _told(wanted, judged, verdict) | ({"officer": blind} if blind else {})
        event = UPLOAD_REFUSED if verdict is Verdict.REFUSED else RESOLVED
        self.ledger.append([Event(event, case.id, name, said)], also=also)
        return kept[-1]

    def _subject(self, wanted: Wanted, found: Needed, case: Case) -> bytes:
        if found.requirement.role == APPLICANT:
            return THE_APPLICANT
        if wanted.subject is None:
            raise Problem(errors.SUBJECT_MISSING, detail=_SUBJECT_NEEDED)
        index = self.access.indexes.of(wanted.subject)
        if index not in subjects_of(found, case):
            raise Problem(errors.SUBJECT_NOT_IN_CASE)
        return index

    def _matter(self, case: Case, caller: AuthorisedSystem) -> Matter:
        item = _item(case, caller)
        with self.access.database.read() as connection:
            declared = resolutions.declared(connection, case.id)
            attempts = tuple(deliveries.attempts_of(connection, case.id))
            resolved = tuple(resolutions.of_case(connection, case.id))
            people = {party.subject for party in case.parties} | {one.subject for one in attempts}
            disputed = corrections.received_and_disputed(connection, case.organisation, people)
        day, registry = local_day(self.clock.now()), caller.snapshot.registry
        wanted = needed(item, declared, day, registry, sandbox=caller.system.sandbox)
        return Matter(case, item, declared, wanted, attempts, resolved, disputed)

    def _sight(self, caller: AuthorisedSystem, matter: Matter) -> Sight:
        now = self.clock.now()
        granted = granted_types(caller.snapshot, matter.case.organisation, matter.item.code, now)
        applicants = frozenset(party.subject for party in matter.case.parties if party.role == APPLICANT)
        return Sight(matter.attempts, granted, now, matter.disputed, applicants)


def _item(case: Case, caller: AuthorisedSystem) -> ServiceItem:
    item = caller.snapshot.registry.service_items.get(case.service_item)
    if item is None:
        raise Problem(errors.SERVICE_ITEM_UNKNOWN)
    return item


def _open(case: Case) -> Case:
    if not case.open:
        raise Problem(errors.CASE_CLOSED)
    return case


def _party(one: Standing, case: Case) -> int | None:
    if one.subject == THE_APPLICANT:
        return None
    return subjects_of(one.needed, case).index(one.subject) + 1


def _barred(judged: Judged, registry: Registry) -> Problem:
    """Why a rung is not taken, and what to do instead."""
    members: dict[str, JSON] = {
        "open": [*open_view(judged.needed, judged.open_above)],
        "unproven": [{"rung": step.rung.value, "cause": step.cause.value} for step in judged.unproven],
    }
    if judged.stands.rung is Rung.NOT_NEEDED:
        return Problem(errors.REQUIREMENT_NOT_NEEDED)
    if judged.is_in_place_of_lapsed:
        lapsed: list[JSON] = [*lapsed_view(judged.stands, registry)]
        return Problem(errors.CERTIFICATE_NOT_IN_FORCE, members=members | {"not_in_force": lapsed})
    return Problem(errors.CAUSE_UNPROVEN if judged.unproven else errors.RUNG_ABOVE_OPEN, members=members)


def _facts(case: Case) -> dict[str, JSON]:
    return {"system": case.system, "consumer": case.organisation, "service_item": case.service_item}


def _told(wanted: Wanted, judged: Judged, verdict: Verdict) -> dict[str, JSON]:
    """Of a certificate that does not stand, which kind it is: how it stands is told with the evidence."""
    steps: list[JSON] = [{"rung": step.rung.value, "cause": _said(step, judged)} for step in wanted.steps]
    told: dict[str, JSON] = {
        "requirement": wanted.requirement,
        "rung": wanted.rung.value,
        "verdict": verdict.value,
        "steps": steps,
        "open": [rung.value for rung in judged.open_above],
    }
    kinds: list[JSON] = [*sorted({one.evidence_type for one in judged.stands.lapsed})]
    return told | {"not_in_force": kinds} if kinds else told


def _said(step: Step, judged: Judged) -> str:
    """A cause as it is recorded: one that the exchange did not find so is not recorded as one."""
    return "unproven" if step in judged.unproven else step.cause.value
