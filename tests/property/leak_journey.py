"""One governed call through the product's own functions: from the source's records to everything that anybody reads.

Left out are databases, HTTP and real signatures, which none of this depends on; a test beside it makes the same calls
over HTTP.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import orjson

from connectors.base import Query
from connectors.source import Outcome, Retrieved
from connectors.trial import attempt
from exchange.authentication.access_token import AccessToken, Detail, DetailItem
from exchange.blind_index import BlindIndex
from exchange.catalogue import trying
from exchange.certificates.register import Register
from exchange.gateway.answers import Piece, compose
from exchange.gateway.asking import Asking
from exchange.gateway.enforcement import Permitted, fitting_detail, rule
from exchange.gateway.entries import Parked, Released, Result, Settlement, beside, item_event, ruling_of
from exchange.gateway.fulfilment import Fulfilment
from exchange.gateway.intents import Admitted
from exchange.gateway.outcomes import decisions_of, delivery_of, outcome_of, updated
from exchange.gateway.patience import Limits, Patience
from exchange.gateway.request import EvidenceRequest
from exchange.gateway.retrieval import Finding, Findings, Retrieval
from exchange.gateway.sealing import Sealer
from exchange.messages import notices
from exchange.store.cases import Case, Party
from exchange.store.consents import Artefact, Frequency, Terms
from exchange.store.waiting import Wait
from exchange.transparency.plain_words import SENTENCES, entry_view
from kernel.clock import ManualClock
from kernel.entropy import SeededEntropy
from kernel.identifiers import citizen_number
from kernel.identifiers.subject import SubjectRef
from kernel.jose import SigningKey, base64url
from kernel.ledger import receipt
from kernel.ledger.event import Event, drafts
from kernel.ledger.usage import UsageEntry
from kernel.settings import ExchangeSettings
from policies.delivery import Delivery
from tests.property import leak_nested
from tests.property.canaries import Canaries
from tests.property.leak_records import Filled, filled
from tests.property.leak_requests import Ask, Given
from tests.property.leak_waiting import GoingOn, Seen
from tests.property.leak_worlds import CASE, CONSUMER, ISSUER, ITEM, NOW, SITE, TYPE, World

REQUEST = "er_01JDEMODEMODEMODEMODEMO00"
AT = "2026-11-23T09:30:00.000Z"


def _person(serial: int) -> SubjectRef:
    return SubjectRef("citizen-number", citizen_number.compose("500199", NOW.date().replace(1990), serial).value)


PERSON, OTHER = _person(2), _person(4)
SOMEBODY = SubjectRef("citizen-number", f"999999{PERSON.value[6:]}")
"""Of a division that there is not, nor was: nobody's number, and not one of those that are known to be invented."""
INDEXES = BlindIndex(b"i" * 32)
OWN, OTHERS = INDEXES.of(PERSON), INDEXES.of(OTHER)
_UNSIGNED = SigningKey("key", "ES256", {}, lambda _data: b"\x00" * 64)
_SEALER = Sealer("http://exchange.test", lambda: _UNSIGNED)
_ENTROPY = SeededEntropy(1)
_UNWRITTEN = receipt.Receipt(0, b"", b"", "", str)
_RETRIEVAL = Retrieval(ManualClock(NOW))
_NO_DATABASE: Any = None
_REGISTER = Register(b"i" * 32)


@dataclass(frozen=True)
class Said:
    """What is told of one item (``number``) to whoever asked, at once or ``later``, or to whoever previews it."""

    number: int
    later: bool
    answer: dict[str, Any]


@dataclass
class Told:
    """All that comes to light: ``said`` with the claims of evidence, ``besides`` where nothing may stand."""

    said: list[Said] = field(default_factory=list)
    besides: list[str] = field(default_factory=list)
    outcome: dict[str, Any] = field(default_factory=dict)
    """As it is stored by now."""
    pieces: list[Piece] = field(default_factory=list)


@dataclass(frozen=True)
class Answered:
    """What the source of a world said once: the canaries in it, what it became, and what was logged meanwhile."""

    canaries: Canaries
    found: Filled
    finding: Finding
    logged: str
    by_hand: bool = False
    """Whether somebody there looks it up, and answers later."""


def answered(dice: random.Random, world: World, logged: list[Any]) -> Answered:
    """A look-up; where there is no connector, a nested record as it is. ``logged`` is what is captured meanwhile."""
    canaries = Canaries()
    logged.clear()
    if world.design is None:
        record, fits = leak_nested.record(dice, world.kind["spec"]["schema"], canaries)
        return Answered(
            canaries, Filled((record,), record if fits else None), Retrieved(Outcome.FOUND, record, None, NOW), ""
        )
    found = filled(dice, world.design, canaries)
    world.register.answer, world.register.failure = found.records, found.failure
    finding = _RETRIEVAL.look_up((TYPE, PERSON), world.snapshot.sources, world.clock.monotonic() + 8)
    return Answered(canaries, found, finding, repr(logged) if logged else "", by_hand=dice.random() < 0.06)


class Journey:
    """One request in a world: decided once, and answered from whatever the source said."""

    def __init__(self, world: World, asked: Ask) -> None:
        self._world, self._case = world, _case(asked)
        self._asking = _asking(world, asked)
        self._rulings = () if self._asking is None else rule(self._asking, self._case, world.snapshot)
        self._asked = asked
        patience = _Patience(_NO_DATABASE, Limits.of(ExchangeSettings()))
        self._fulfilment = Fulfilment(_RETRIEVAL, _SEALER, _NO_DATABASE, world.clock, patience, _REGISTER)

    @cached_property
    def _going_on(self) -> GoingOn:
        assert self._asking is not None
        return GoingOn(self._world, self._asked, self._case, self._asking, self._fulfilment)

    @property
    def permitted(self) -> bool:
        """Whether a source is asked at all."""
        return any(isinstance(one, Permitted) for one in self._rulings)

    def told(self, source: Answered, *, thoroughly: bool) -> Told:
        """The rest of the journey; ``thoroughly``: with the rows that are stored and what the person reads of it."""
        told = Told()
        if self._asking is None:
            return told
        finding = _LATER if source.by_hand else source.finding
        findings: Findings = {(TYPE, whom): finding for whom in (PERSON, OTHER)}
        admitted = Admitted(self._case, self._rulings, (), NOW.date())
        if self._asking.request.delivery is Delivery.ASYNCHRONOUS:
            findings = {}
        settlement = self._fulfilment.settle(self._asking, admitted, findings, self._world.snapshot)
        _tell(self._world, settlement, told, thoroughly)
        if any(isinstance(one, Parked) for one in settlement.results):
            self._go_on(settlement, source.finding, told, thoroughly)
        return told

    def _go_on(self, settlement: Settlement, finding: Finding, told: Told, thoroughly: bool) -> None:
        """What becomes of the items that wait, and what is told of that."""
        going_on = self._going_on
        for parked in (one for one in settlement.results if isinstance(one, Parked)):
            for step in going_on.until_settled(parked, settlement, finding, page=thoroughly and not told.pieces[1:]):
                if isinstance(step, Seen):
                    told.said.append(Said(step.number, later=True, answer=_as_seen(step)))
                else:
                    _tell_later(self._world, step, told, thoroughly)
        told.besides.append(going_on.told_of())


class _Patience(Patience):
    """Patience that knows no calendar."""

    def until(self, wait: Wait, now: datetime) -> datetime:
        return now + timedelta(days=20) if wait is Wait.PERSON else super().until(wait, now)


_LATER = Retrieved(Outcome.LATER, {}, None, NOW)


def _asking(world: World, asked: Ask) -> Asking | None:
    """What stands before a decision; None where the token does not cover what is asked for."""
    items = asked.items
    if asked.relation != "self":
        items = tuple(replace(item, subject=OTHER, relation=asked.relation) for item in items)
    elif not asked.present:
        items = tuple(replace(item, subject=PERSON) for item in items)
    request = EvidenceRequest(ITEM, CASE, asked.basis, items, delivery=asked.delivery, emergency=asked.emergency)
    detail = Detail(ITEM, CASE, asked.basis, (DetailItem(TYPE, asked.agreed_fields, asked.agreed_predicates),))
    token = _token(asked, detail)
    fitting = fitting_detail(request, token)
    if fitting is None:
        return None
    system = world.snapshot.registry.systems[SITE]
    own = OWN if asked.present else None
    asking = Asking(REQUEST, request, token, system, fitting, INDEXES, own, 5, NOW, consent_withdrawn=asked.withdrawn)
    return replace(asking, consents=() if asked.before is None else (_artefact(asked, asked.before),))


def _artefact(asked: Ask, given: Given) -> Artefact:
    """The consent of whom the request is about, as it is stored."""
    whom, other = (OWN, OTHERS) if asked.relation == "self" else (OTHERS, OWN)
    terms = Terms(
        organisation=CONSUMER,
        service_item=ITEM,
        case="case_of_something_else" if given.flaw == "of another case" else CASE,
        legal_basis=asked.basis,
        evidence_type=TYPE,
        fields=tuple(sorted(given.fields)),
        predicates=tuple(sorted(given.predicates)),
        frequency=Frequency.ONCE if given.flaw == "used up" else Frequency.CONTINUOUS,
        times=1,
        not_before=NOW - timedelta(days=9),
        not_after=NOW + timedelta(days=0 if given.flaw == "ended" else 9),
        bound=True,
    )
    return Artefact(
        id="consent_01JDEMO",
        subject=other if given.flaw == "another's" else whom,
        system=SITE,
        terms=terms,
        asked_at=NOW - timedelta(days=9),
        answer_by=NOW,
        given_at=NOW - timedelta(days=9),
        withdrawn_at=NOW - timedelta(days=1) if given.flaw == "withdrawn" else None,
        used=1,
    )


def _token(asked: Ask, detail: Detail) -> AccessToken:
    return AccessToken(
        issuer=ISSUER,
        key_id=None,
        client_id=SITE,
        jti="at-1",
        sub="pairwise",
        issued_at=NOW.timestamp() - 10,
        expires_at=NOW.timestamp() + 200,
        sid=None,
        scope=frozenset(),
        roles=frozenset(),
        organisation=None,
        assurance=asked.loa,
        person=PERSON if asked.present else None,
        officer=None if asked.present else "officer-1",
        details=(detail,),
        key_thumbprint=None,
        certificate_thumbprint=None,
    )


def _case(asked: Ask) -> Case:
    parties = (Party(OWN, "applicant"), Party(OTHERS, "employee"))
    relations = frozenset({(OTHERS, "employee", OWN)} if asked.proven else ())
    return Case(CASE, SITE, CONSUMER, ITEM, "2026-1", NOW - timedelta(hours=1), None, parties, relations)


# What is told ---------------------------------------------------------------------------------------------------------


def _tell(world: World, settlement: Settlement, told: Told, thoroughly: bool) -> None:
    """The first answer."""
    receipts, kept = _written(world, settlement, told, thoroughly)
    told.outcome = orjson.loads(orjson.dumps(outcome_of(settlement, receipts)))
    told.pieces = [*map(_piece, settlement.results, receipts)]
    _answer(settlement, kept, told, later=False)


def _tell_later(world: World, settlement: Settlement, told: Told, thoroughly: bool) -> None:
    """What is answered from then on, once one item's turn has come."""
    (result,), ((receipt, *_), kept) = settlement.results, _written(world, settlement, told, thoroughly)
    number = ruling_of(result).item.number
    told.outcome = orjson.loads(orjson.dumps(updated(told.outcome, number, result, receipt)))
    told.pieces[number] = _piece(result, receipt)
    _answer(settlement, kept, told, later=True)


Written = tuple[list[receipt.Receipt], list[str | None]]


def _written(world: World, settlement: Settlement, told: Told, thoroughly: bool) -> Written:
    """Receipts and the evidence that is kept, by item; ``thoroughly``: with the rows beside the entries."""
    results = settlement.results
    events = [item_event(result, settlement) for result in results]
    written = [*events, *(event for result in results for event in beside(result, settlement))]
    receipts = _receipts(written) if thoroughly else [_UNWRITTEN] * len(results)
    told.besides.append(repr([event.facts for event in written]))
    if thoroughly:
        rows = [delivery_of(result, settlement, 0) for result in results]
        told.besides.append(repr((rows, decisions_of(settlement, receipts))))
        told.besides += [one.leaf.decode() for one in receipts]
        told.besides += _read_by_the_person(world, receipts)
    return receipts, [event.evidence for event in events]


def _answer(settlement: Settlement, kept: list[str | None], told: Told, *, later: bool) -> None:
    """The answer to whoever asks or asks again: of the items of a settlement, and beside them."""
    response = compose(REQUEST, told.outcome, told.pieces, "zh", {})
    body = orjson.loads(response.body)
    evidence = body.pop("evidence")
    for result, jws in zip(settlement.results, kept, strict=True):
        number = ruling_of(result).item.number
        item = evidence[number]
        assert item.get("jws") == jws  # what is kept is what leaves
        told.said.append(Said(number, later, item | {"jws": _claims(item.get("jws"))}))
    told.besides.append(repr((body, response.headers, told.outcome)))


def _as_seen(seen: Seen) -> dict[str, Any]:
    """A preview in the form of an answer, with all that stands on its page."""
    data = {one["name"]: one["value"] for one in seen.view["data"]}
    answers = [{name: one[name] for name in ("name", "args", "answer") if name in one} for one in seen.view["answers"]]
    return {"status": "shown", "data": data, "answers": answers, "view": seen.view, "page": seen.page}


def _piece(result: Result, written: receipt.Receipt) -> Piece:
    if isinstance(result, Released):
        return Piece(result.sealed.jws, result.sealed.claims, written.text)
    return Piece(None, None, written.text)


def _claims(jws: str | None) -> Any:
    return None if jws is None else orjson.loads(base64url.decode(jws.split(".")[1]))


def _receipts(events: list[Event]) -> list[receipt.Receipt]:
    made = drafts(events, _ENTROPY, INDEXES.of)
    leaves = [one.leaf(AT, tag=one.subject[:16] if one.subject else None, ciphertext_hash=None) for one in made]
    return [receipt.Receipt(0, leaf, one.salt, "note\n", str) for leaf, one in zip(leaves, made, strict=True)]


def _read_by_the_person(world: World, receipts: Iterable[receipt.Receipt]) -> Iterable[str]:
    for one in receipts:
        entry = UsageEntry.of(0, one.leaf)
        if entry.members["event"] in SENTENCES:
            yield orjson.dumps(entry_view(entry, world.snapshot.registry, "")).decode()


def changes_of_shape(world: World) -> list[str]:
    """What people are told about a source whose answers have changed."""
    said = [change for source in world.snapshot.sources.values() for change in source.watch.changes()]
    return [repr((one, notices.source_changed(CONSUMER, TYPE, one.kind, one.name, one.since))) for one in said]


def tried(world: World, found: Filled) -> str:
    """What an operator is shown who tries the connector on somebody who is not invented."""
    assert world.connector is not None
    world.register.answer, world.register.failure = found.records, found.failure
    trial = attempt(
        world.connector,
        Query(SOMEBODY, {}, 2),
        secrets={}.__getitem__,
        roots=(),
        clock=world.clock,
        adapters={"memory": world.register.adapter()},
    )
    registry = world.snapshot.registry
    shown = trying.report(trial, SOMEBODY, registry.evidence_types[TYPE], registry.records[TYPE])
    return json.dumps(shown, ensure_ascii=False)
