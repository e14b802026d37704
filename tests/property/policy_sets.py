"""Seeded sets of grants and requests near their edges: what the laws of decisions are tried on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import combinations
from random import Random
from typing import Any

from kernel.identifiers.masking import Mask
from kernel.text import Text
from policies.decision import Decision
from policies.delivery import Delivery
from policies.grants.terms import Hours
from policies.guards import WARDS, Guard
from policies.index import PolicyImage
from policies.model import LOCKED, AccessRequest, Action, BasisKind, Consent, Grant, Obligation, SystemPrincipal
from policies.registry import (
    RegisteredEvidenceType,
    RegisteredField,
    RegisteredOrganisation,
    RegisteredServiceItem,
    RegisteredSystem,
    Registry,
)
from tests.cases import SOAK, in_parts, seeds, sized

CASES = sized(10_000, 1_000_000)
"""Generated requests a law is tried on."""

PARTS = in_parts(4)
"""The long forms of the dear laws come in parts, for as many processes."""

REQUESTS_A_SET = 400 if SOAK else 80
"""A set of grants is made and compiled once, and many requests are decided by it."""

FIELDS = ("name", "number", "address", "born", "phone")
PREDICATES = ("exists", "valid-on", "at-least-age")
RELATIONS = ("self", "spouse", "child")
ORGANISATIONS = ("city", "district", "street", "other")
TYPES = ("papers", "household", "licence")
ITEMS = ("life", "birth", "restaurant", "parking")
BASES = {"act-1": BasisKind.STATUTORY, "agreed-1": BasisKind.CONSENT}
NOW = datetime(2031, 6, 15, 9, 30, tzinfo=UTC)
TICK = timedelta(milliseconds=1)
HOURS = (Hours(17, 18), Hours(8, 18), Hours(17, 24), Hours(0, 9))
"""It is 17:30 in China: three of four are open."""
CLOSING, OPENING = timedelta(minutes=30), timedelta(hours=23, minutes=30)
"""From that time until 18:00, and until 17:00 of the next day."""
TEXT = Text("依据", "ground")

REGISTRY = Registry(
    systems={
        "desk": RegisteredSystem("street", "active"),
        "portal": RegisteredSystem("district", "active"),
        "rest": RegisteredSystem("other", "active"),
        "stopped": RegisteredSystem("street", "suspended"),
    },
    organisations={
        "city": RegisteredOrganisation(),
        "district": RegisteredOrganisation(frozenset({"city"})),
        "street": RegisteredOrganisation(frozenset({"district"})),
        "other": RegisteredOrganisation(),
        "police": RegisteredOrganisation(),
    },
    evidence_types={
        name: RegisteredEvidenceType(
            "police",
            {field: RegisteredField(TEXT, Mask.NAME if field == "name" else Mask.CLEAR) for field in FIELDS},
            frozenset(PREDICATES),
            number + 1,
            frozenset({"papers"}) if name == "household" else frozenset(),
        )
        for number, name in enumerate(TYPES)
    },
    service_items={
        name: RegisteredServiceItem(BASES, frozenset({"life"}) if name == "birth" else frozenset()) for name in ITEMS
    },
)

EXTRA_GUARDS = tuple(
    Guard(f"EXTRA-{number}@1", f"forbid (principal, action, resource) when {{ {condition} }};", "policy.extra", TEXT)
    for number, condition in enumerate(
        (
            'context.fields.contains("address")',
            "resource.classification >= 2",
            'context.relation != "self"',
            "!context.present",
            'principal in Tongban::Organisation::"district"',
            'context.purpose in Tongban::ServiceItem::"life"',
            'context.now >= datetime("2031-06-15T09:30:00.000Z")',
            "context.loa < 3 || context.quotaUsedToday > 3",
            'context.fields.containsAny(["phone", "born"])',
            "context has consent && context.consent.revoked",
        )
    )
)

SOME_GUARDS = tuple((one,) for one in EXTRA_GUARDS) + tuple(combinations(EXTRA_GUARDS, 2))
"""What may be added to the guards: any one of them, any two."""


@dataclass(frozen=True)
class World:
    """One active set with requests that lie near the edges of its grants."""

    seed: int
    grants: tuple[Grant, ...]
    requests: tuple[AccessRequest, ...]

    def image(self, **options: Any) -> PolicyImage:
        return PolicyImage.build(self.grants, REGISTRY, self.seed, **options)


def worlds(cases: int = CASES, *, start: int = 0) -> Iterator[World]:
    """As many worlds as make up the cases; the same for the same numbers."""
    for seed in seeds(-(-cases // REQUESTS_A_SET), start):
        chance = Random(seed)
        grants = tuple(grant(chance, f"G-{number}") for number in range(chance.randint(1, 5)))
        yield World(seed, grants, tuple(near(chance, grants) for _ in range(REQUESTS_A_SET)))


@dataclass(frozen=True)
class Decided:
    """A world, its image, and how that decides each of its requests."""

    world: World
    image: PolicyImage
    decisions: tuple[tuple[AccessRequest, Decision], ...]

    @classmethod
    def of(cls, world: World) -> Decided:
        image = world.image()
        return cls(world, image, tuple((request, image.decide(request)) for request in world.requests))


def decided(seed: int) -> Iterable[Decided]:
    """CASES of them. In the short form every law looks at the same ones, decided once; in the long form at its own."""
    return (Decided.of(world) for world in worlds(start=seed)) if SOAK else _decided_once()


@cache
def _decided_once() -> tuple[Decided, ...]:
    return tuple(Decided.of(world) for world in worlds(start=1_000_000))


def some(chance: Random, values: tuple[str, ...], least: int = 0) -> frozenset[str]:
    return frozenset(chance.sample(values, chance.randint(least, len(values))))


def grant(chance: Random, name: str) -> Grant:
    fields = some(chance, FIELDS)
    basis = chance.choice(tuple(BASES))
    return Grant(
        id=name,
        version=chance.randint(1, 9),
        consumer=chance.choice(ORGANISATIONS),
        provider="police" if chance.random() < 0.95 else "other",
        evidence_type=chance.choice(TYPES),
        service_items=some(chance, ITEMS, 1),
        legal_basis=basis,
        basis_kind=BASES[basis] if chance.random() < 0.95 else BasisKind.STATUTORY,
        valid_from=NOW - chance.choice((timedelta(days=9), timedelta(), -TICK)),
        valid_to=NOW + chance.choice((timedelta(days=9), timedelta(days=99), 2 * TICK)),
        statute=TEXT,
        fields=fields,
        predicates=some(chance, PREDICATES, 0 if fields else 1),
        masks={field: chance.choice(tuple(Mask)) for field in some(chance, tuple(fields))},
        min_loa=chance.randint(0, 4),
        relations=some(chance, RELATIONS, 1),
        absent_allowed=chance.random() < 0.4,
        quota_per_day=chance.choice((None, 1, 5)),
        obligations=chance.choice(
            ((), (Obligation("retain", "P9D"),), (Obligation("notify-citizen", "P1D"),), (Obligation("watermark"),))
        ),
        hours=chance.choice((None, None, *HOURS)),
        mandate_required=chance.random() < 0.2,
        own_division_only=chance.random() < 0.2,
        delivery_modes=chance.choice(
            (None, None, frozenset({Delivery.DIRECT}), frozenset(chance.sample([*Delivery], 2)))
        ),
    )


def near(chance: Random, grants: tuple[Grant, ...]) -> AccessRequest:
    """A request that one of the grants permits, more often than not with something changed."""
    request = fitting(chance, chance.choice(grants))
    for _ in range(chance.choice((0, 0, 1, 1, 2))):
        request = chance.choice(_CHANGES)(chance, request)
    return chance.choice(_SPOILED)(chance, request) if chance.random() < 0.03 else request


def fitting(chance: Random, aim: Grant) -> AccessRequest:
    fields = some(chance, tuple(sorted(aim.fields)), 1 if aim.fields else 0)
    predicates = some(chance, tuple(sorted(aim.predicates)), 0 if fields else 1)
    systems = [name for name, system in REGISTRY.systems.items() if aim.consumer in _above(system.organisation)]
    system = chance.choice(systems)
    item = chance.choice(sorted(aim.service_items))
    present = not aim.absent_allowed or chance.random() < 0.5
    request = AccessRequest(
        system=SystemPrincipal(system, REGISTRY.systems[system].organisation, "active"),
        action=Action.of(fields),
        evidence_type="household" if aim.evidence_type == "papers" and chance.random() < 0.5 else aim.evidence_type,
        provider="police",
        fields=fields,
        predicates=predicates,
        service_item="birth" if item == "life" and chance.random() < 0.5 else item,
        legal_basis=aim.legal_basis,
        now=chance.choice((NOW, NOW, aim.valid_from, aim.valid_to - TICK)),
        relation=chance.choice(sorted(aim.relations)),
        loa=chance.randint(max(1, aim.min_loa), 4) if present else 0,
        present=present,
        quota_used_today=chance.randint(0, (aim.quota_per_day or 9) - 1),
        mandated=present and (aim.mandate_required or chance.random() < 0.3),
    )
    request = replace(
        request,
        minor=request.relation in WARDS and chance.random() < 0.5,
        own_division=aim.own_division_only or chance.random() < 0.3,
        delivery=chance.choice(sorted(aim.delivery_modes or Delivery)),
    )
    return replace(request, consent=agreed(chance, request)) if aim.legal_basis == "agreed-1" else request


def _above(organisation: str) -> set[str]:
    parents = REGISTRY.organisations[organisation].parents
    return {organisation}.union(*(_above(parent) for parent in parents))


def agreed(chance: Random, request: AccessRequest) -> Consent:
    return Consent(
        service_item=request.service_item,
        consumer=chance.choice(sorted(_above(request.system.organisation))),
        evidence_type=request.evidence_type,
        fields=request.fields | some(chance, FIELDS),
        predicates=request.predicates,
        not_before=request.now - chance.choice((timedelta(), timedelta(days=1))),
        not_after=request.now + chance.choice((TICK, timedelta(days=1))),
        revoked=False,
    )


def _other_system(chance: Random, request: AccessRequest) -> AccessRequest:
    name = chance.choice(tuple(REGISTRY.systems))
    status = chance.choice(("active", "active", "suspended", LOCKED))
    return replace(request, system=SystemPrincipal(name, REGISTRY.systems[name].organisation, status))


def _other_consent(chance: Random, request: AccessRequest) -> AccessRequest:
    if request.consent is None:
        return replace(request, consent=agreed(chance, request))
    changes: tuple[dict[str, Any], ...] = (
        {"revoked": True},
        {"service_item": chance.choice(ITEMS)},
        {"consumer": chance.choice((*ORGANISATIONS, "nowhere"))},
        {"evidence_type": chance.choice(TYPES)},
        {"fields": some(chance, FIELDS)},
        {"predicates": some(chance, PREDICATES)},
        {"not_before": request.now + chance.choice((timedelta(), TICK))},
        {"not_after": request.now + chance.choice((timedelta(), TICK))},
    )
    return replace(request, consent=replace(request.consent, **chance.choice(changes)))


def _other_presence(chance: Random, request: AccessRequest) -> AccessRequest:
    return replace(request, present=chance.random() < 0.5, loa=chance.randint(0, 4))


_CHANGES = (
    _other_system,
    _other_consent,
    _other_presence,
    lambda chance, request: replace(request, fields=some(chance, FIELDS)),
    lambda chance, request: replace(request, predicates=some(chance, PREDICATES)),
    lambda chance, request: replace(request, action=chance.choice(tuple(Action))),
    lambda chance, request: replace(request, evidence_type=chance.choice((*TYPES, *TYPES, "unheard"))),
    lambda chance, request: replace(request, service_item=chance.choice((*ITEMS, *ITEMS, "unheard"))),
    lambda chance, request: replace(request, legal_basis=chance.choice((*BASES, *BASES, "unheard"))),
    lambda chance, request: replace(request, relation=chance.choice((*RELATIONS, "stranger"))),
    lambda chance, request: replace(request, loa=chance.randint(0, 4)),
    lambda chance, request: replace(request, now=request.now + chance.choice((-TICK, TICK, timedelta(days=9)))),
    lambda chance, request: replace(
        request, now=request.now + chance.choice((CLOSING, OPENING)) - chance.choice((timedelta(), TICK))
    ),
    lambda chance, request: replace(request, mandated=not request.mandated),
    lambda chance, request: replace(request, sealed=chance.random() < 0.8),
    lambda chance, request: replace(request, minor=not request.minor),
    lambda chance, request: replace(request, own_division=not request.own_division),
    lambda chance, request: replace(request, delivery=chance.choice([*Delivery])),
    lambda chance, request: replace(request, quota_used_today=chance.choice((0, 1, 4, 5, 2**63 - 1))),
    lambda chance, request: replace(request, consent=None),
    lambda chance, request: replace(request, provider=chance.choice(("police", "other"))),
    lambda chance, request: replace(request, fields=request.fields | {"unheard"}),
    lambda chance, request: replace(request, predicates=request.predicates | {"unheard"}),
)
_SPOILED = (
    lambda chance, request: replace(request, loa=chance.choice((True, 2.0, "2", None))),
    lambda chance, request: replace(request, mandated=chance.choice((1, "yes", None))),
    lambda chance, request: replace(request, sealed=chance.choice((0, "no", None))),
    lambda chance, request: replace(request, minor=chance.choice((0, 13, None))),
    lambda chance, request: replace(request, own_division=chance.choice((1, "500199", None))),
    lambda chance, request: replace(request, delivery=chance.choice(("direct", "carrier-pigeon", None))),
    lambda _chance, request: replace(request, fields=sorted(request.fields)),
    lambda _chance, request: replace(request, now=request.now.replace(tzinfo=None)),
)
