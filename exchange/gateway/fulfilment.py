"""From permits to results: fetch once, then filter and sign; and, when policy moves meanwhile, decide and filter
again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

from connectors.errors import AmbiguousSubject, AnswersExhausted, SourceNeedsAnswers
from connectors.further import PERIOD_HOURS, When
from connectors.source import Outcome, Retrieved
from exchange import errors
from exchange.catalogue.model import EvidenceType
from exchange.certificates.register import Register
from exchange.certificates.standing import OnRecord
from exchange.gateway.asking import Asking
from exchange.gateway.composition import dependent, next_step, replace_refusal
from exchange.gateway.consenting import overspent, rests_on_consent, with_consents
from exchange.gateway.disclosure import Disclosed, disclose
from exchange.gateway.enforcement import (
    Permitted,
    Refused,
    Ruling,
    at_release,
    of_another_division,
    opening_of,
    own_division,
    previewer_of,
    rule,
)
from exchange.gateway.entries import Failed, Parked, Released, Result, Settlement, ruling_of
from exchange.gateway.intents import Admitted, missing_quotas, reserve
from exchange.gateway.patience import Patience
from exchange.gateway.predicates import VALID_ON
from exchange.gateway.refusals import Refusal
from exchange.gateway.retrieval import Finding, Findings, NoRecord, Retrieval
from exchange.gateway.sealing import Sealer, certificate_status, provenance, watermark
from exchange.in_force.snapshot import Snapshot
from exchange.store import further_answers
from exchange.store.cases import Case
from exchange.store.further_answers import THE_PERSON
from exchange.store.waiting import Wait
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.dates import local_day
from kernel.identifiers import subject
from kernel.identifiers.errors import InvalidIdentifier
from kernel.problems import ProblemKind
from policies.decision import Quota
from policies.delivery import Delivery

Composed = tuple[Asking, Admitted]
NOTHING: Findings = MappingProxyType({})


@dataclass(frozen=True)
class Fulfilment:
    """Produces the results of admitted requests. Nothing it makes has left yet."""

    retrieval: Retrieval
    sealer: Sealer
    database: Database
    clock: Clock
    patience: Patience
    register: Register

    def fetch(self, admitted: Admitted, snapshot: Snapshot, ends: float, found: Findings = NOTHING) -> Findings:
        """What the sources say until ``ends`` about everything that is permitted, beside what was ``found`` before."""
        permitted = [
            ruling for ruling in admitted.rulings if isinstance(ruling, Permitted) and not _is_deferred(ruling)
        ]
        missing = [ruling for ruling in permitted if (ruling.item.type, ruling.concerned.subject) not in found]
        return {**found, **self.retrieval.retrieve(missing, snapshot.sources, ends)} if missing else found

    def decide_again(self, asking: Asking, admitted: Admitted, snapshot: Snapshot) -> tuple[Asking, Admitted]:
        """Rulings under a newer snapshot, with whatever further quotas they need."""
        system = snapshot.registry.systems.get(asking.system.name, asking.system)
        asking = with_consents(self.database, replace(asking, system=system, moment=self.clock.now()), snapshot)
        rulings = rule(asking, admitted.case, snapshot)
        permits = [ruling.permit for ruling in rulings if isinstance(ruling, Permitted)]
        reserved = admitted.reserved
        if missing_quotas(permits, reserved):
            rulings, reserved = self.database.write(
                lambda connection: reserve(connection, rulings, snapshot.image, admitted.day, admitted.reserved)
            )
        return asking, Admitted(admitted.case, rulings, reserved, admitted.day)

    def compose(self, asking: Asking, admitted: Admitted, findings: Findings, snapshot: Snapshot) -> Composed | None:
        """The request with the subjects that records named by now; None where there are no new ones."""
        step = next_step(asking, admitted.case, admitted.rulings, findings, snapshot)
        if step is None:
            return None
        asking, case, rulings = step
        held, day = admitted.reserved, admitted.day
        permits = [ruling.permit for ruling in rulings if isinstance(ruling, Permitted)]
        if missing_quotas(permits, held):
            rulings, held = self.database.write(
                lambda connection: reserve(connection, rulings, snapshot.image, day, held)
            )
        return asking, Admitted(case, rulings, held, day)

    def settle(self, asking: Asking, admitted: Admitted, findings: Findings, snapshot: Snapshot) -> Settlement:
        """The results of every item, ready to be recorded under the snapshot's epoch."""
        results = tuple(self.result(ruling, asking, admitted.case, findings, snapshot) for ruling in admitted.rulings)
        results = dependent(results) if any(ruling.item.source is not None for ruling in admitted.rulings) else results
        spare = _spare(admitted.reserved, results) if admitted.reserved else ()
        return self.settlement(asking, snapshot, within_consents(results, asking), admitted.day, spare)

    def settlement(
        self, asking: Asking, snapshot: Snapshot, results: tuple[Result, ...], day: date, spare: tuple[str, ...] = ()
    ) -> Settlement:
        """These results, ready to be recorded under the snapshot's epoch; ``day`` is that of their quotas."""
        kinds = snapshot.registry.evidence_types
        providers = {item.type: kinds[item.type].provider for item in asking.request.items if item.type in kinds}
        opening = opening_of(asking, snapshot)
        ground = asking.request.service_item, asking.request.legal_basis
        consented = rests_on_consent(*ground, snapshot)
        return Settlement(asking, snapshot.epoch, providers, results, day, opening, spare, consented)

    def result(self, ruling: Ruling, asking: Asking, case: Case, findings: Findings, snapshot: Snapshot) -> Result:
        """What becomes of one item by what was found."""
        if isinstance(ruling, Permitted):  # what was permitted may have run out while sources were asked
            ruling = at_release(ruling, asking, case, snapshot, self.clock.now())
        if isinstance(ruling, Refused):
            return ruling
        wanted = ruling.item.type, ruling.concerned.subject
        if wanted not in findings and _is_deferred(ruling):
            return self._parked(ruling, Wait.SOURCE)
        found = findings[wanted]
        unanswered = self._unanswered(ruling, asking, found, snapshot)
        if unanswered is not None:
            return unanswered
        if isinstance(found, NoRecord):
            return Failed(ruling, found.kind)
        if found.outcome is Outcome.LATER:
            source = snapshot.sources.get(ruling.item.type)
            return self._parked(ruling, Wait.PERSON, source.responder if source else None)
        return self._told(ruling, asking, case, found, snapshot)

    def _unanswered(
        self, ruling: Permitted, asking: Asking, found: Finding, snapshot: Snapshot
    ) -> Parked | Failed | None:
        """What becomes of an item whose source has further questions about what was found; None where it has none.

        Whoever is present and may look at the item is asked, a few times. Otherwise nothing is known: a “none” that
        an answer could change is never told as one (ADR 0059). A system that puts questions to its own people is given
        them instead, and told how often it may still be wrong; those of a third exchange, too (ADR 0067).
        """
        if isinstance(found, NoRecord) and found.kind is AnswersExhausted.kind:
            return Failed(ruling, errors.ANSWERS_EXHAUSTED)
        source = snapshot.sources.get(ruling.item.type)
        own = found.further if isinstance(found, NoRecord) else None
        further = own or (None if source is None else source.further)
        wants = wants_answers(found)
        told = ruling.item.answers is not None
        if wants is None or not (told or (further is not None and wants in further.when)):
            return None
        looks = previewer_of(ruling.concerned, ruling.judged.asked.minor, asking)
        ordinary = asking.request.emergency is None
        here = asking.token.present and ordinary and looks is not None and looks == asking.person
        relayed = asking.system.relays_questions and ordinary and not asking.token.present
        if not here and not relayed:
            return Failed(ruling, found.kind if isinstance(found, NoRecord) else SourceNeedsAnswers.kind)
        attempts = 0 if source is None else source.attempts
        borne = self._left(ruling, attempts, THE_PERSON if here else asking.system.organisation)
        left = borne if own is None else min(own.attempts, borne)
        if left <= 0:
            return Failed(ruling, errors.ANSWERS_EXHAUSTED)
        if told or further is None:
            return Failed(ruling, errors.ANSWERS_UNMATCHED, {"attempts_left": left})
        if relayed:
            return Failed(ruling, SourceNeedsAnswers.kind, {"questions": further.members(), "attempts_left": left})
        until = self.patience.until(Wait.FURTHER, asking.moment)
        put = None if own is None else replace(own, attempts=attempts - borne + left)
        return Parked(ruling, Wait.FURTHER, until, previewer=looks, further=put)

    def _left(self, ruling: Permitted, attempts: int, asker: str) -> int:
        since, whose = self.clock.now() - timedelta(hours=PERIOD_HOURS), (ruling.concerned.index, ruling.item.type)
        with self.database.read() as connection:
            return further_answers.left(connection, *whose, since, attempts=attempts, asker=asker)

    def _told(self, ruling: Permitted, asking: Asking, case: Case, found: Retrieved, snapshot: Snapshot) -> Result:
        kind = snapshot.registry.evidence_types[ruling.item.type]
        if ruling.judged.asked.own_division and not _is_own(found, kind, asking, snapshot):
            elsewhere = of_another_division(ruling, snapshot)
            if isinstance(elsewhere, Refused):
                return elsewhere
            ruling = elsewhere
        conforms = snapshot.registry.records[kind.code]
        on_record = self._on_record(ruling, kind, found)
        disclosed = disclose(ruling.item, ruling.permit, found, kind, conforms, _today(asking), on_record)
        if isinstance(disclosed, ProblemKind):
            return Failed(ruling, disclosed)
        if asking.request.delivery is Delivery.PREVIEW and asking.agreed is None:
            looks = previewer_of(ruling.concerned, ruling.judged.asked.minor, asking)
            return Parked(ruling, Wait.PREVIEW, self.patience.until(Wait.PREVIEW, asking.moment), found, looks)
        source = snapshot.sources.get(kind.code)
        origin = provenance(found, source, kind.provider, snapshot.registry, disclosed.data or ())
        if on_record is not None:
            origin["certificate_status"] = certificate_status(on_record.status)
        if snapshot.is_disputed(ruling.concerned.index, kind.code):
            origin["disputed"] = True
        mark = watermark(asking, ruling, snapshot.registry)
        sealed = self.sealer.seal(asking, ruling, disclosed, origin, mark)
        proves = proven_relations(kind, found, case, asking, snapshot) if kind.relations else None
        return Released(ruling, sealed, found.retrieved_at, proves, _rests_on(on_record, disclosed))

    def _on_record(self, ruling: Permitted, kind: EvidenceType, found: Retrieved) -> OnRecord | None:
        """How the certificate stands that a record is; nothing is looked up for any other kind, or where none is."""
        if not kind.certificate or found.outcome is not Outcome.FOUND:
            return None
        holder, now = ruling.concerned.index, self.clock.now()
        return self.register.of_record(self.database, kind, holder, found.values, found.certificate, now)

    def _parked(self, ruling: Permitted, wait: Wait, responder: Any = None) -> Parked:
        return Parked(ruling, wait, self.patience.until(wait, self.clock.now()), responder=responder)


def _rests_on(on_record: OnRecord | None, disclosed: Disclosed) -> str:
    """How the certificate stands on which a release rests, by its code; empty where it rests on none (ADR 0093).

    Who asked only whether it was valid on some day, and is told yes, asked of that day and not of today.
    """
    answers = disclosed.answers
    of_a_day = disclosed.data is None and all(one["name"] == VALID_ON and one["answer"] for one in answers)
    return "" if on_record is None or of_a_day else on_record.status.code


_WANTS = {AmbiguousSubject.kind: When.AMBIGUOUS, SourceNeedsAnswers.kind: When.ALWAYS}


def wants_answers(found: Finding) -> When | None:
    """For which of the declared cases a finding stands; None for one that no answer would change."""
    if isinstance(found, NoRecord):
        return _WANTS.get(found.kind)
    return When.NOT_FOUND if found.outcome is Outcome.NOT_FOUND else None


def within_consents(results: tuple[Result, ...], asking: Asking) -> tuple[Result, ...]:
    """Results of which no two take the last use of one consent: the first of them has it."""
    rests = [one.ruling.judged.artefact if isinstance(one, Released) else None for one in results]
    if not any(rests):
        return results
    pairs = zip(results, overspent(rests, asking.moment), strict=True)
    return tuple(
        replace_refusal(ruling_of(one), Refusal(errors.CONSENT_USED_UP)) if over else one for one, over in pairs
    )


def _is_deferred(ruling: Permitted) -> bool:
    """Whether nobody is asked while the caller waits."""
    return ruling.judged.asked.delivery is Delivery.ASYNCHRONOUS


def from_same_sources(found: Findings, before: Snapshot, after: Snapshot) -> Findings:
    """What may still be told under a newer snapshot: evidence names the source that it came from."""
    return {key: one for key, one in found.items() if before.sources.get(key[0]) is after.sources.get(key[0])}


def withdrawn(admitted: Admitted, kind: ProblemKind) -> Admitted:
    """The same request with every permit turned into a refusal of this kind (a token revoked meanwhile)."""
    rulings = tuple(
        Refused(ruling.item, ruling.decision, ruling.concerned, Refusal(kind), ruling.judged)
        if isinstance(ruling, Permitted)
        else ruling
        for ruling in admitted.rulings
    )
    return replace(admitted, rulings=rulings)


def proven_relations(
    kind: EvidenceType, found: Retrieved, case: Case, asking: Asking, snapshot: Snapshot
) -> frozenset[tuple[bytes, str]]:
    """Which listed parties the record names as related to its subject; nobody else's number is kept in any form."""
    if not kind.relations:
        return frozenset()
    parties = {party.subject for party in case.parties}
    named = (
        (index, relation.relation)
        for relation in kind.relations
        for value in _values(found.values, relation.field)
        if (index := _index(relation.scheme, value, asking, snapshot)) in parties
    )
    return frozenset((index, relation) for index, relation in named if index is not None)


def _is_own(found: Retrieved, kind: EvidenceType, asking: Asking, snapshot: Snapshot) -> bool:
    """Whether a record says that it belongs to the asking department's division, or to one below. None is nobody's."""
    own = own_division(asking, kind, snapshot)
    if own is None or kind.division_field is None or found.outcome is not Outcome.FOUND:
        return False
    said = found.values.get(kind.division_field)
    return isinstance(said, str) and snapshot.registry.divisions.lies_in(said, own, _today(asking))


def _spare(reserved: Iterable[Quota], results: Iterable[Result]) -> tuple[str, ...]:
    """Grants of whose quota something was reserved that no release, now or later, rests on after all."""
    released = (result.ruling.permit.quotas for result in results if isinstance(result, Released | Parked))
    kept = Counter(quota.counted for quotas in released for quota in quotas)
    return tuple((Counter(quota.counted for quota in reserved) - kept).elements())


def _values(record: Mapping[str, JSON], field: str) -> list[JSON]:
    value = record.get(field)
    return value if isinstance(value, list) else [value]


def _index(scheme: str, value: JSON, asking: Asking, snapshot: Snapshot) -> bytes | None:
    try:
        return asking.indexes.of(subject.parse(scheme, value, recorded_exceptions=snapshot.recorded_codes))
    except InvalidIdentifier:
        return None


def _today(asking: Asking) -> date:
    return local_day(asking.moment)
