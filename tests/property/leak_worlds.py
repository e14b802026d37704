"""One evidence type, its source and the grants on it, made from a seed and read by the product's own readers."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import Any

from connectors import registry as connectors
from connectors.adapters import Adapter, Opening
from connectors.base import Query, Record
from connectors.source import Source
from exchange.catalogue.consistency import check_grant
from exchange.catalogue.grant_drafts import grant_of
from exchange.catalogue.kinds import CONNECTOR, EVIDENCE_TYPE
from exchange.catalogue.policy_registry import policy_registry
from exchange.catalogue.reading import maskable
from exchange.catalogue.registry import Registry
from exchange.in_force.snapshot import Snapshot
from kernel.clock import ManualClock
from kernel.identifiers.masking import Mask
from policies.emergency.opening import Asked, EmergencyState, Status
from policies.index import PolicyImage
from policies.model import Grant
from tests.property import leak_designs, leak_nested
from tests.property.canaries import Canaries
from tests.property.leak_designs import LARGEST, Design

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
PROVIDER, CONSUMER = "11500000DEM0000303", "11500000DEM000057T"
ITEM, OTHER_ITEM = "11500000DEM000057T3500141001000", "11500000DEM000057T3500142001000"
TYPE, SITE, ISSUER = "papers", "site", "http://issuer.test"
CASE = "case_01JDEMODEMODEMODEMODEMO00"
BASES = {"act": "statutory", "agreed": "consent"}
RELATIONS = ("self", "employee")
TEMPLATES = 0.12
"""Share of the grants on a statute that are templates of emergency access."""
Manifest = dict[str, Any]


@dataclass
class Register:
    """A source that answers what it is told to answer."""

    answer: tuple[Mapping[str, Any], ...] = ()
    failure: Exception | None = None
    kind = "memory"
    keeps_deadline = True

    def fetch(self, _query: Query) -> tuple[Record, ...]:
        if self.failure is not None:
            raise self.failure
        return tuple(map(Record, self.answer))

    def close(self) -> None:
        self.answer = ()

    def adapter(self) -> Adapter:
        def opened(_settings: Any, _opening: Opening) -> Register:
            return self

        anything = {"type": "object"}
        return Adapter(parse=lambda settings, _: settings, open=opened, settings_schema=anything)


@dataclass
class World:
    """Everything that is decided by; ``design`` is None where records come as they are, nested."""

    seed: int
    most: int
    kind: Manifest
    connector: Manifest | None
    drafts: tuple[Manifest, ...]
    design: Design | None
    fixed: Canaries
    register: Register = field(default_factory=Register)
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))

    def __post_init__(self) -> None:
        changed = {(EVIDENCE_TYPE, TYPE): self.kind}
        if self.connector is not None:
            changed[CONNECTOR, self.connector["metadata"]["name"]] = self.connector
        registry = base().following(changed, self.seed)
        for draft in self.drafts:
            check_grant(registry, draft)
        self.grants: tuple[Grant, ...] = tuple(map(grant_of, self.drafts))
        image = PolicyImage.build(self.grants, policy_registry(registry), self.seed)
        self.openings = {one.id: one for one in _openings(self.grants)}
        self.snapshot = Snapshot(self.seed, registry, image, self._sources(registry), openings=self.openings)
        self.properties: Mapping[str, Any] = self.kind["spec"]["schema"]["properties"]
        self.masks = {name: one.minimal_mask for name, one in registry.evidence_types[TYPE].fields.items()}

    @cached_property
    def without_grants(self) -> Snapshot:
        """The same after every grant was suspended."""
        image = PolicyImage.build((), self.snapshot.image.registry, self.seed + 1)
        return replace(self.snapshot, epoch=self.seed + 1, image=image)

    def _sources(self, registry: Registry) -> Mapping[str, Source]:
        if self.connector is None:
            return {}
        source = connectors.build(
            self.connector,
            secrets={}.__getitem__,
            roots=(),
            clock=self.clock,
            adapters={"memory": self.register.adapter()},
        )
        source.expect(registry.records[TYPE], None)
        return {TYPE: source}


def world(seed: int, most: int = LARGEST) -> World:
    """The world of a seed, with at most so many fields."""
    dice, fixed = random.Random(f"{seed}/{most}"), Canaries(4000)
    made = leak_designs.design(dice, fixed, most) if dice.random() < 0.75 else None
    schema = leak_nested.schema(dice, most) if made is None else made.schema
    kind = _kind(dice, schema, made)
    drafts = tuple(_grant(dice, number, kind["spec"]) for number in range(dice.randint(1, 3)))
    drafts = tuple(_perhaps_template(random.Random(f"{seed}/{number}"), one) for number, one in enumerate(drafts))
    return World(seed, most, kind, None if made is None else _connector(made), drafts, made, fixed)


@cache
def base() -> Registry:
    """The rest of the catalogue."""
    return Registry.build(
        [
            *(_manifest("Organisation", code, name=text(code), division="500000") for code in (PROVIDER, CONSUMER)),
            _manifest("System", SITE, title=text("site"), organisation=CONSUMER, issuer=ISSUER, client_id=SITE),
            *(
                _manifest("ServiceItem", code, name=text(code), organisation=CONSUMER, legal_bases=_bases())
                for code in (ITEM, OTHER_ITEM)
            ),
        ]
    )


def text(word: str) -> dict[str, str]:
    """A bilingual text."""
    return {"zh": word, "en": word}


def _manifest(kind: str, name: str, /, **spec: Any) -> Manifest:
    return {"kind": kind, "metadata": {"name": name}, "spec": spec}


def _bases() -> list[dict[str, Any]]:
    return [{"code": code, "kind": kind, "citation": text(f"规定 {code}")} for code, kind in BASES.items()]


def _kind(dice: random.Random, schema: dict[str, Any], made: Design | None) -> Manifest:
    fields = {}
    for name, one in schema["properties"].items():
        fields[name] = {"label": text(f"项 {name}")}
        if maskable(one) and dice.random() < 0.15:
            fields[name]["minimal_mask"] = dice.choice([*Mask]).value
    spec = {"name": text("材料"), "provider": PROVIDER, "schema": schema, "fields": fields}
    spec["predicates"] = _predicates(dice, schema["properties"])
    texts = [] if made is None else [plan.name for plan in made.plans if plan.kind == "division"]
    return _manifest("EvidenceType", TYPE, **spec, **({"division": texts[0]} if texts else {}))


def _predicates(dice: random.Random, properties: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Questions that the fields can answer: at most one of each name."""
    found: dict[str, dict[str, Any]] = {"exists": {"name": "exists"}}
    for name, one in properties.items():
        if one.get("format") == "date":
            found["valid-on"] = {"name": "valid-on", "until": name}
            found["at-least-age"] = {"name": "at-least-age", "birth": name}
        elif one["type"] == "integer":
            found["amount-at-least"] = {"name": "amount-at-least", "amount": name}
        elif one["type"] == "array":
            found |= {question: {"name": question, "of": name} for question in ("count", "count-at-least")}
    return [one for one in found.values() if dice.random() < 0.8]


def _connector(made: Design) -> Manifest:
    spec = {"evidence_type": TYPE, "adapter": "memory", "trust_grade": "A", "mapping": made.mapping(), **made.more()}
    return _manifest("Connector", "register", **spec, memory={}, limits={"failures": 1000})


def _grant(dice: random.Random, number: int, kind: Manifest) -> Manifest:
    properties, questions = kind["schema"]["properties"], [one["name"] for one in kind["predicates"]]
    names = dice.sample([*properties], dice.randint(0 if questions else 1, len(properties)))
    predicates = dice.sample(questions, dice.randint(0 if names else 1, len(questions)))
    masked = [name for name in names if maskable(properties[name]) and dice.random() < 0.5]
    basis = dice.choice([*BASES])
    return _manifest(
        "Grant",
        f"G-{number}",
        consumer=CONSUMER,
        provider=PROVIDER,
        evidence_type=TYPE,
        fields=names,
        predicates=predicates,
        masks={name: dice.choice([*Mask]).value for name in masked},
        service_items=[ITEM] if dice.random() < 0.9 else [OTHER_ITEM],
        legal_basis=basis,
        basis_kind=BASES[basis],
        min_loa=dice.randint(0, 4),
        relations=dice.sample(RELATIONS, dice.randint(1, 2)),
        absent_allowed=dice.random() < 0.5,
        own_division_only="division" in kind and dice.random() < 0.5,
        obligations=dice.sample(["watermark", "notify-citizen:P1D"], dice.randint(0, 2)),
        delivery_modes=dice.choice(
            [["direct"], ["direct", "bulk"], ["direct", "asynchronous"], ["direct", "preview"], ["preview"]]
        ),
        valid_from="2026-01-01",
        valid_to="2027-01-01" if dice.random() < 0.95 else "2026-11-01",
        statute=text("规定"),
    )


def _perhaps_template(dice: random.Random, draft: Manifest) -> Manifest:
    """The same, or a template of emergency access: by dice of its own, so that everything else of a seed stays."""
    if draft["spec"]["basis_kind"] != "statutory" or dice.random() > TEMPLATES:
        return draft
    delay = {"notice_delay": {"days": 30, "statute": text("规定")}} if dice.random() < 0.5 else {}
    return draft | {"spec": draft["spec"] | {"emergency": {"minutes": 30, **delay}}}


FLAWED_OPENINGS = ("over", "of another case", "of another template")


def opening_of(grant: Grant, flaw: str = "") -> str:
    """The id of a template's opening: of the one that holds, or of one that does not."""
    return f"emergency-{grant.id} {flaw}".rstrip()


def _openings(grants: tuple[Grant, ...]) -> Iterator[EmergencyState]:
    """Of each template one that holds, and one of every kind that does not."""
    for grant, flaw in itertools.product(grants, ("", *FLAWED_OPENINGS)):
        if grant.emergency is None:
            continue
        asked = Asked(
            template="G-9@1" if flaw == "of another template" else grant.ref,
            consumer=CONSUMER,
            provider=PROVIDER,
            case="case_of_something_else" if flaw == "of another case" else CASE,
            reason="急",
            minutes=grant.emergency.minutes,
            delay=grant.emergency.delay,
        )
        yield EmergencyState(
            id=opening_of(grant, flaw),
            asked=asked,
            status=Status.OPEN,
            asked_by="officer-2",
            asked_at=NOW - timedelta(minutes=20),
            changed_at=NOW - timedelta(minutes=10),
            opened_by="officer-3",
            opened_at=NOW - timedelta(minutes=10),
            ends=NOW + timedelta(minutes=0 if flaw == "over" else 20),
        )
