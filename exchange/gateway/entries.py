"""What became of each item, and the ledger entry that says so: who, whose, what, why and under what; never a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from connectors.further import Further
from connectors.source import Retrieved
from exchange.catalogue.model import REPRESENTED, SELF
from exchange.gateway.asking import Asking
from exchange.gateway.enforcement import Permitted, Refused
from exchange.gateway.refusals import Refusal
from exchange.gateway.remembering import kept
from exchange.gateway.sealing import Sealed, instant
from exchange.store.consents import Artefact, Frequency
from exchange.store.waiting import Wait
from kernel.canonical import JSON
from kernel.identifiers.masking import Mask
from kernel.ledger.event import Event
from kernel.problems import ProblemKind
from policies.emergency.opening import EmergencyState
from policies.guards import WARDS

RELEASE, REFUSAL, FAILURE, NOTICE = "EvidenceReleased", "EvidenceRefused", "RetrievalFailed", "NoticeGiven"
NOTICE_DELAYED = "NoticeDelayed"
CONSENT_USED_UP = "ConsentUsedUp"
TOLD_FROM = "told_from"
"""The fact that says from when an entry is shown to whom it is about, where a statute puts that off."""
WAITS: Mapping[Wait, str] = {
    Wait.PERSON: "AnswerAwaited",
    Wait.PREVIEW: "PreviewOffered",
    Wait.FURTHER: "FurtherQuestionsPut",
    Wait.SOURCE: "RetrievalDeferred",
}
"""The entry that says that an item waits, and for whom. It stands before that item's release, refusal or failure."""
ANSWERS_GIVEN, ANSWERS_UNMATCHED = "FurtherAnswersGiven", "FurtherAnswersUnmatched"
"""Entries about one attempt to answer further questions; their item is that of the request and the attempt: ``0.1``."""
DROPPED, INTERRUPTED = "AnswerDropped", "RetrievalInterrupted"
NOTIFY = "notify-citizen"
"""The obligation that a notice in the ledger fulfils."""


@dataclass(frozen=True, slots=True)
class Released:
    """An item that leaves, and when its record was read, which for a preview is long before.

    ``proves``: which relations to other parties the record names (blind index, relation); None where records of its
    kind name nobody. ``certificate``: how the certificate stands that it is, in the code of its status; empty for none.
    """

    ruling: Permitted
    sealed: Sealed
    read_at: datetime
    proves: frozenset[tuple[bytes, str]] | None = None
    certificate: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """An item that was permitted, but for which nothing usable came; ``more`` is what its problem says besides."""

    ruling: Permitted
    kind: ProblemKind
    more: Mapping[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parked:
    """An item that was permitted and whose answer comes later; ``until`` when it ends by itself.

    ``record`` is what is kept for a preview, ``previewer`` the blind index of who may look at it; ``responder`` the
    settings of the source that a person answers for; ``further`` questions of the source's own, which no manifest has.
    """

    ruling: Permitted
    wait: Wait
    until: datetime
    record: Retrieved | None = field(default=None, repr=False)
    previewer: bytes | None = field(default=None, repr=False)
    responder: Any = None
    further: Further | None = None


Result = Released | Refused | Failed | Parked


@dataclass(frozen=True, slots=True)
class Settlement:
    """Everything that is known when a request ends, ready to be recorded; ``opening`` the live one that it names."""

    asking: Asking
    epoch: int
    providers: Mapping[str, str]
    results: tuple[Result, ...]
    day: date
    opening: EmergencyState | None = None
    spare: tuple[str, ...] = ()
    """Grants of whose quota something was reserved that nothing rests on: once for each reservation."""
    consented: bool = False
    """Whether the ground is the person's consent, by the registry."""


def ruling_of(result: Result) -> Permitted | Refused:
    """The ruling a result came from."""
    return result if isinstance(result, Refused) else result.ruling


def item_event(result: Result, settlement: Settlement) -> Event:
    """The ledger entry of one item: who, whose, what, why, under what; names of fields, never a value."""
    ruling = ruling_of(result)
    facts = common_facts(settlement.asking) | _item_facts(ruling, settlement) | _told_from(settlement)
    subject = ruling.concerned.subject if ruling.concerned and not _is_over(settlement) else None
    request, number = settlement.asking.id, str(ruling.item.number)
    if isinstance(result, Released):
        jws = result.sealed.jws
        return Event(RELEASE, request, number, facts, subject, evidence=jws, payload=jws.encode())
    if isinstance(result, Parked):
        waits = facts | {"until": instant(result.until)}
        context = kept(result.ruling, settlement.asking, result.record, result.further)
        return Event(WAITS[result.wait], request, number, waits, subject, payload=context)
    if isinstance(result, Failed):
        return Event(FAILURE, request, number, facts | {"reason": result.kind.code}, subject)
    return Event(REFUSAL, request, number, facts | _refusal_facts(result.refusal), subject)


def _is_over(settlement: Settlement) -> bool:
    """Whether the opening named is none: nothing leaves, and whether a statute would hide the entry is unknown."""
    return settlement.asking.request.emergency is not None and settlement.opening is None


def _told_from(settlement: Settlement) -> dict[str, JSON]:
    delay = settlement.opening.asked.delay if settlement.opening else None
    return {} if delay is None else {TOLD_FROM: instant(settlement.asking.moment + timedelta(days=delay.days))}


def common_facts(asking: Asking) -> dict[str, JSON]:
    """What every entry of a request says."""
    facts: dict[str, JSON] = {
        "system": asking.system.name,
        "consumer": asking.system.organisation,
        "case": asking.request.case,
        "service_item": asking.request.service_item,
        "legal_basis": asking.request.legal_basis,
        "present": asking.token.present,
        "loa": asking.token.assurance,
    }
    if asking.request.emergency is not None:
        facts["emergency"] = asking.request.emergency
    if asking.token.officer is not None:
        facts["officer"] = asking.indexes.of_officer(asking.token.officer)
    return facts


def _item_facts(ruling: Permitted | Refused, settlement: Settlement) -> dict[str, JSON]:
    item = ruling.item
    facts: dict[str, JSON] = {
        "evidence_type": item.type,
        "provider": settlement.providers.get(item.type, ""),
        "fields": [*item.fields],
        "predicates": [*sorted(item.predicate_names)],
        "decision": ruling.decision,
        "epoch": settlement.epoch,
        "relation": ruling.concerned.relation if ruling.concerned else (item.relation or ""),
    }
    if item.chosen_over:
        facts["chosen_over"] = [one.members() for one in item.chosen_over]
    mandate = settlement.asking.token.mandate
    if mandate is not None and facts["relation"] == REPRESENTED:
        facts["capacity"] = mandate.capacity
        facts["representative"] = settlement.asking.indexes.of_officer(settlement.asking.token.sub)
    if settlement.asking.agreed is not None:
        facts["previewed"] = True
    if ruling.judged is not None and ruling.judged.artefact is not None:
        facts["consent"] = ruling.judged.artefact.id
    if isinstance(ruling, Permitted):
        facts["grants"] = [*ruling.permit.grants]
        facts["masks"] = {name: mask.value for name, mask in ruling.permit.release.items() if mask is not Mask.CLEAR}
        facts["obligations"] = [obligation.text for obligation in ruling.permit.obligations]
    return facts


def _refusal_facts(refusal: Refusal) -> dict[str, JSON]:
    chosen: dict[str, JSON] = {"instead": dict(refusal.instead)} if refusal.instead else {}
    return chosen | {
        "reason": refusal.kind.code,
        "clauses": [clause.id for clause in refusal.clauses],
        "grants": [*refusal.grants],
    }


def beside(result: Result, settlement: Settlement) -> tuple[Event, ...]:
    """The further entries of a release: the notice of it, and that it used a consent up."""
    found = (_notice(result, settlement), _used_up(result, settlement))
    return tuple(event for event in found if event is not None)


def _used_up(result: Result, settlement: Settlement) -> Event | None:
    """A consent that was given for one time is over with it; of others the entries of their releases tell."""
    artefact = result.ruling.judged.artefact if isinstance(result, Released) else None
    if artefact is None or artefact.terms.frequency is not Frequency.ONCE:
        return None
    number, whom = str(ruling_of(result).item.number), ruling_of(result).concerned
    facts = consent_facts(artefact)
    return Event(CONSENT_USED_UP, settlement.asking.id, number, facts, None if whom is None else whom.subject)


def consent_facts(artefact: Artefact) -> dict[str, JSON]:
    """What every entry about a consent says: to whom, for what, which fields, from and until when, how often."""
    terms = artefact.terms
    facts: dict[str, JSON] = {
        "consent": artefact.id,
        "system": artefact.system,
        "consumer": terms.organisation,
        "service_item": terms.service_item,
        "legal_basis": terms.legal_basis,
        "evidence_type": terms.evidence_type,
        "fields": [*terms.fields],
        "predicates": [*terms.predicates],
        "from": instant(terms.not_before),
        "until": instant(terms.not_after),
        "frequency": terms.frequency.value,
        "times": terms.times,
    }
    return facts | {"bound": terms.case} if terms.bound else facts


_TOLD_AT_SIGN_IN = frozenset({SELF, REPRESENTED, *WARDS})
"""About whom whoever signs in is told there, before anything is asked for: themselves, and whom they act for."""


def _notice(result: Result, settlement: Settlement) -> Event | None:
    """A notice to the citizen: when nobody was present, about anybody but whoever was, and wherever a grant obliges to
    it (PIPL art. 18 and 35).

    Emergency access is always told of. Where a statute puts that off, the notice is recorded now, with that statute,
    and shown from then on by itself: nobody has to remember it.
    """
    if not isinstance(result, Released):
        return None
    ruling = result.ruling
    obliged = any(obligation.kind == NOTIFY for obligation in ruling.permit.obligations)
    told = settlement.asking.token.present and ruling.concerned.relation in _TOLD_AT_SIGN_IN
    if told and not obliged and settlement.opening is None:
        return None
    facts: dict[str, JSON] = {"evidence_type": ruling.item.type, "consumer": settlement.asking.system.organisation}
    name, opening = NOTICE, settlement.opening
    if opening is not None:
        facts["emergency"] = opening.id
        if opening.asked.delay is not None:
            statute = opening.asked.delay.statute
            facts |= {**_told_from(settlement), "statute": {"zh": statute.zh, "en": statute.en}}
            name = NOTICE_DELAYED
    return Event(name, settlement.asking.id, str(ruling.item.number), facts, ruling.concerned.subject)
