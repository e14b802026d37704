"""What a person is shown of an item that waits for them, and what follows from their answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType

from sqlalchemy import Connection

from exchange import errors
from exchange.catalogue.model import SELF, Alternative, EvidenceType, Requirement
from exchange.catalogue.naming import named_in
from exchange.catalogue.registry import Registry
from exchange.gateway.enforcement import Refused
from exchange.gateway.entries import Failed, Released, Result, Settlement, ruling_of
from exchange.gateway.refusals import Refusal
from exchange.gateway.retrieval import NoRecord
from exchange.gateway.waiting import MOST_TRIES, Held, Waiting
from exchange.in_force.snapshot import Snapshot, current
from exchange.store import deliveries, intents
from exchange.store import waiting as store
from exchange.store.waiting import FOR_PEOPLE, Wait
from kernel.canonical import JSON, encode
from kernel.database.errors import DatabaseUnavailable
from kernel.ledger.batch import Also
from kernel.ledger.errors import FenceMoved, LedgerUnavailable
from kernel.ledger.receipt import Receipt
from kernel.problems import Problem, ProblemKind

NOTHING: Mapping[str, JSON] = MappingProxyType({})
SENSITIVE = 3
"""From this sensitivity of a field on, looking takes a sign-in of level 3; otherwise of level 2."""
_LEVELS = {True: 3, False: 2}
_SHOWN = ("aud", "case", "service_item", "legal_basis", "relation", "evidence", "provenance", "obligations")
"""The members of the evidence that an agreement is about. The others say when and under which decision it is made."""


class ChosenBefore(Exception):
    """Of several items one is enough, and another was provided: ``instead`` says which, by which department."""

    def __init__(self, instead: Mapping[str, JSON]) -> None:
        super().__init__("chosen before")
        self.instead = instead


class Reply(StrEnum):
    """What somebody says to what they saw."""

    PROVIDE = "provide"
    DECLINE = "decline"
    WRONG = "wrong"


_REFUSALS: Mapping[Reply, ProblemKind] = {
    Reply.DECLINE: errors.PREVIEW_DECLINED,
    Reply.WRONG: errors.PREVIEW_DISPUTED,
}


@dataclass(frozen=True, slots=True)
class Shown:
    """Exactly what would leave of an item: ``claims`` of the evidence, and their ``digest``."""

    held: Held
    claims: Mapping[str, JSON] = field(repr=False)
    digest: str
    level: int


@dataclass(frozen=True)
class Looking:
    """Shows what waits for a person (by blind index) and takes their answer."""

    waiting: Waiting

    def all(self, person: bytes) -> list[Held]:
        """What waits for this person to look or to answer, the first to end first."""
        with self.waiting.database.read() as connection:
            rows = store.previews(connection, person)
            found = [self.waiting.held(connection, row) for row in rows]
        return [one for one in found if one is not None and one.case.open]

    def one(self, person: bytes, request: str, item: int) -> Held:
        """One of them. Raises Problem (preview.unknown)."""
        held = self.waiting.find(request, item)
        if held is None or held.waited.wait not in FOR_PEOPLE or held.waited.previewer != person:
            raise Problem(errors.PREVIEW_UNKNOWN)  # somebody else's looks exactly like none
        return held

    def show(self, held: Held) -> Shown:
        """What would leave now. Raises Problem (preview.over: nothing would)."""
        snapshot = current(self.waiting.policy)
        (result,) = self._would(held, snapshot).results
        if not isinstance(result, Released):
            raise Problem(errors.PREVIEW_OVER)
        return _shown(held, result, snapshot.registry)

    def choices(self, held: Held) -> list[Held]:
        """Other items that may be provided instead: of all these one is enough."""
        return [one for one in self._needless(held) if one.waited.wait is Wait.PREVIEW]

    def _needless(self, held: Held) -> list[Held]:
        """Other items of the request about the same person that are of no further use once this one is provided."""
        if held.waited.previewer is None:
            return []
        registry = current(self.waiting.policy).registry
        met = _met_alone(held, registry)
        return [
            one
            for one in self.all(held.waited.previewer)
            if one.waited.request_id == held.waited.request_id
            and one.waited.item != held.waited.item
            and _same_person(one, held)
            and _met_alone(one, registry)
            and _served(one, registry) <= met
        ]

    def to_choose_from(self, request: str) -> dict[int, list[dict[str, JSON]]]:
        """Of which items of a request one is enough, by provider: for each that waits for its person and has others.

        Which of them it is, is said by whoever looks at them, and by nobody else.
        """
        with self.waiting.database.read() as connection:
            rows = store.previews_in(connection, request)
            found = [one for row in rows if (one := self.waiting.held(connection, row)) is not None]
        registry = current(self.waiting.policy).registry
        several = {one.waited.item: [one, *self.choices(one)] for one in found} if len(found) > 1 else {}
        return {
            number: [_named(one, registry) for one in sorted(group, key=lambda each: each.waited.item)]
            for number, group in several.items()
            if len(group) > 1
        }

    def provide(self, held: Held, digest: str) -> str:
        """Release what was seen, and nothing else; the item's status then.

        Raises Problem (preview.changed: something else would leave now, so it is shown again; evidence-request.
        not-waiting), LedgerUnavailable, ChosenBefore.
        """
        others = self._needless(held)
        snapshot = current(self.waiting.policy)
        for _ in range(MOST_TRIES):
            settlement = self._would(held, snapshot)
            (result,) = settlement.results
            if isinstance(result, Released) and _shown(held, result, snapshot.registry).digest != digest:
                raise Problem(errors.PREVIEW_CHANGED)
            try:
                status = self.waiting.record(settlement, held, self._alone(held, result, snapshot.registry))
            except FenceMoved:
                snapshot = self.waiting.policy.renew()
                continue
            if isinstance(result, Released):
                self._not_chosen(others, _instead(held, snapshot.registry))
            return status
        raise Problem(errors.POLICY_STALE, headers=(("Retry-After", "1"),))

    def refuse(self, held: Held, kind: ProblemKind, instead: Mapping[str, JSON] = NOTHING) -> str:
        """Provide nothing, for this reason (``instead``: what was chosen in its place); the item's status then.

        Raises Problem, LedgerUnavailable.
        """
        if held.one is None:
            return self.waiting.settle(held, NoRecord(errors.REQUEST_ERASED))
        snapshot = current(self.waiting.policy)
        for _ in range(MOST_TRIES):
            settlement = self._would(held, snapshot, NoRecord(kind))
            (result,) = settlement.results
            if isinstance(result, Released | Failed):
                ruling = ruling_of(result)
                said = Refused(
                    ruling.item, ruling.decision, ruling.concerned, Refusal(kind, instead=instead), ruling.judged
                )
                settlement = replace(settlement, results=(said,))
            try:
                return self.waiting.record(settlement, held)
            except FenceMoved:
                snapshot = self.waiting.policy.renew()
        raise Problem(errors.POLICY_STALE, headers=(("Retry-After", "1"),))

    def answer(self, held: Held, reply: Reply, digest: str) -> str:
        """What follows from somebody's answer; the item's status then. Raises Problem, LedgerUnavailable."""
        if reply is not Reply.DECLINE and held.waited.wait is Wait.FURTHER:
            raise Problem(errors.PREVIEW_CHANGED)  # there is nothing yet that could be provided or be wrong
        if reply is not Reply.PROVIDE:
            return self.refuse(held, _REFUSALS[reply])
        try:
            return self.provide(held, digest)
        except ChosenBefore as before:
            return self.refuse(held, errors.PREVIEW_NOT_CHOSEN, before.instead)

    def _alone(self, held: Held, result: Result, registry: Registry) -> Also:
        def check(connection: Connection, _receipts: Sequence[Receipt]) -> None:
            if isinstance(result, Released):
                self._only_one(connection, held, registry)

        return check

    def _only_one(self, connection: Connection, held: Held, registry: Registry) -> None:
        """Within the release: of those of which one is enough, none was provided before. Raises ChosenBefore.

        A crash may have kept the choice from ending this one, and somebody may choose twice at once.
        """
        if held.one is None or not _met_alone(held, registry):
            return
        index = self.waiting.indexes.of(held.one.subject)
        told = deliveries.told_of(connection, held.waited.request_id)
        stored = intents.read(connection, held.waited.request_id)
        given = set() if stored is None else replace(held, stored=stored).delivered - {held.waited.item}
        for number in sorted(number for number in given if number in told and told[number].subject == index):
            other = replace(held, waited=replace(held.waited, item=number))
            if _served(held, registry) <= _met_alone(other, registry):
                raise ChosenBefore(_instead(other, registry))

    def _not_chosen(self, others: Sequence[Held], instead: Mapping[str, JSON]) -> None:
        """What is not needed any more is asked of nobody; what cannot be ended now ends with its time."""
        for other in others:
            try:
                self.refuse(other, errors.PREVIEW_NOT_CHOSEN, instead)
            except (Problem, LedgerUnavailable, DatabaseUnavailable):
                continue

    def _would(self, held: Held, snapshot: Snapshot, otherwise: NoRecord | None = None) -> Settlement:
        """What would become of an item if its person agreed now; ``otherwise``: what is known of one without a record.

        Raises Problem (preview.over).
        """
        one = held.one
        found = otherwise if one is None else one.record or otherwise
        if one is None or found is None:
            raise Problem(errors.PREVIEW_OVER)
        return self.waiting.judged(held, one, found, snapshot, agreed=self.waiting.clock.now())


def _provider(held: Held, registry: Registry) -> str:
    kind = registry.evidence_types.get(held.asked["type"])
    return kind.provider if kind is not None else ""


def _instead(held: Held, registry: Registry) -> dict[str, JSON]:
    """The item that was chosen, as the entries of those that were not say it."""
    return {"item": held.waited.item, "provider": _provider(held, registry)}


def _named(held: Held, registry: Registry) -> dict[str, JSON]:
    return {
        "item": held.waited.item,
        "evidence_type": held.asked["type"],
        "provider": named_in(registry.organisations, _provider(held, registry)),
    }


def _shown(held: Held, result: Released, registry: Registry) -> Shown:
    claims = {name: result.sealed.claims[name] for name in _SHOWN}
    digest = f"sha256:{sha256(encode(_without_look_up(claims))).hexdigest()}"
    kind = registry.evidence_types[result.ruling.item.type]
    item = result.ruling.item
    return Shown(held, claims, digest, level_for(kind, (*item.fields, *item.predicate_names)))


def _without_look_up(claims: Mapping[str, JSON]) -> dict[str, JSON]:
    """The claims without when it was looked up how a certificate stands: each look is another, and changes nothing."""
    provenance: Mapping[str, JSON] = claims["provenance"]  # type: ignore[assignment]
    if not isinstance(stands := provenance.get("certificate_status"), Mapping):
        return dict(claims)
    stood = {name: value for name, value in stands.items() if name != "as_of"}
    return {**claims, "provenance": {**provenance, "certificate_status": stood}}


def level_for(kind: EvidenceType, names: Iterable[str]) -> int:
    """The level of sign-in that it takes to look at these fields, and at answers from them."""
    named = frozenset(names)
    return _LEVELS[kind.sensitivity_of(named, named) >= SENSITIVE]


def _same_person(one: Held, other: Held) -> bool:
    return one.one is not None and other.one is not None and one.one.subject == other.one.subject


def _met_alone(held: Held, registry: Registry) -> frozenset[str]:
    """The requirements of the service item that an item meets by itself, and that another could."""
    asked = {*held.asked["fields"], *(one["name"] for one in held.asked["predicates"])}
    return frozenset(
        requirement.code
        for requirement in _required(held, registry)
        if len(requirement.met_by) > 1
        and any(_is(held, way) and not way.also and way.fields | way.predicates <= asked for way in requirement.met_by)
    )


def _served(held: Held, registry: Registry) -> frozenset[str]:
    """The requirements that an item is of any use for."""
    required = _required(held, registry)
    return frozenset(
        requirement.code
        for requirement in required
        if any(_is(held, part) for way in requirement.met_by for part in way.parts)
    )


def _required(held: Held, registry: Registry) -> tuple[Requirement, ...]:
    item = registry.service_items.get(held.case.service_item)
    return () if item is None else item.requirements


def _is(held: Held, part: Alternative) -> bool:
    return (part.evidence_type, part.relation) == (held.asked["type"], held.asked["relation"] or SELF)
