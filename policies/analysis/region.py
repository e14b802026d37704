"""The part of the registry that a question is about: every organisation, evidence type and service item in reach."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeVar

from kernel.canonical import JSON, encode
from policies.grants.grant import Grant
from policies.hierarchy import Entity, Hierarchy
from policies.registry import (
    RegisteredEvidenceType,
    RegisteredOrganisation,
    RegisteredServiceItem,
    RegisteredSystem,
    Registry,
)

_Member = TypeVar("_Member", RegisteredOrganisation, RegisteredEvidenceType, RegisteredServiceItem)


@dataclass(frozen=True, slots=True)
class Region:
    """All requests that the grants in question could permit.

    ``asking``, ``asked`` and ``purposes`` are the organisations, evidence types and service items such a request can
    name; ``registry`` holds them with everything above them, and one system for each organisation that asks: one that
    is registered, or one that could be.
    """

    asking: tuple[str, ...]
    asked: tuple[str, ...]
    purposes: tuple[str, ...]
    registry: Registry
    hierarchy: Hierarchy

    @classmethod
    def of(cls, subjects: Iterable[Grant], others: Iterable[Grant], registry: Registry) -> Region:
        """The region of the ``subjects`` of a change; ``others`` add service items. Raises InvalidRegistry."""
        subjects, whole = tuple(subjects), Hierarchy.of(registry)
        every = (*subjects, *others)
        asking = _below("Organisation", (grant.consumer for grant in subjects), whole)
        asked = _below("EvidenceType", (grant.evidence_type for grant in subjects), whole)
        asked = tuple(name for name in asked if registry.evidence_types[name].provider in registry.organisations)
        purposes = _below("ServiceItem", (item for grant in every for item in grant.service_items), whole)
        providers = {registry.evidence_types[name].provider for name in asked}
        part = Registry(
            systems=dict(_system_of(organisation, registry) for organisation in asking),
            organisations=_with_those_above({*asking, *providers}, registry.organisations),
            evidence_types=_with_those_above(asked, registry.evidence_types),
            service_items=_with_those_above(purposes, registry.service_items),
        )
        return cls(asking, asked, purposes, part, Hierarchy.of(part))

    @property
    def digest(self) -> str:
        """SHA-256 over everything of the registry that an answer in this region rests on."""
        return f"sha256:{sha256(encode(_said(self))).hexdigest()}"


def related(grants: Iterable[Grant], subjects: Iterable[Grant], registry: Registry) -> tuple[Grant, ...]:
    """Those of the grants that decide some request together with the subjects of a change."""
    subjects, above = tuple(subjects), Hierarchy.of(registry).above
    consumers, families = _reach("Organisation", above), _reach("EvidenceType", above)
    return tuple(
        grant
        for grant in grants
        if any(
            not consumers(grant.consumer).isdisjoint(consumers(one.consumer))
            and not families(grant.evidence_type).isdisjoint(families(one.evidence_type))
            for one in subjects
        )
    )


def _reach(kind: str, above: Mapping[Entity, frozenset[Entity]]) -> Callable[[str], frozenset[str]]:
    below: dict[str, set[str]] = {}
    for entity, higher in above.items():
        if entity[0] == kind:
            for _, name in higher:
                below.setdefault(name, set()).add(entity[1])
    return lambda name: frozenset(below.get(name, ()))


def _below(kind: str, tops: Iterable[str], hierarchy: Hierarchy) -> tuple[str, ...]:
    wanted = {(kind, top) for top in tops}
    found = (entity[1] for entity, above in hierarchy.above.items() if entity[0] == kind and above & wanted)
    return tuple(sorted(found))


def _with_those_above(names: Iterable[str], members: Mapping[str, _Member]) -> dict[str, _Member]:
    found: dict[str, _Member] = {}
    open_ = list(names)
    while open_:
        name = open_.pop()
        if name not in found:
            found[name] = members[name]
            open_.extend(members[name].parents)
    return found


def _system_of(organisation: str, registry: Registry) -> tuple[str, RegisteredSystem]:
    """A system of this organisation; where none is registered, one that could be.

    Systems come and go without any grant being changed, so that an answer must not rest on those of today.
    """
    own = sorted(
        name
        for name, system in registry.systems.items()
        if system.organisation == organisation and system.status == "active"
    )
    return (own[0] if own else f"any-system-of-{organisation}"), RegisteredSystem(organisation, "active")


def _said(region: Region) -> JSON:
    registry = region.registry
    return {
        "asking": [*region.asking],
        "asked": [*region.asked],
        "purposes": [*region.purposes],
        "organisations": {name: [*sorted(one.parents)] for name, one in registry.organisations.items()},
        "evidence_types": {name: _type_said(one) for name, one in registry.evidence_types.items()},
        "service_items": {
            name: {
                "parents": [*sorted(one.parents)],
                "bases": {basis: kind.value for basis, kind in one.legal_bases.items()},
            }
            for name, one in registry.service_items.items()
        },
    }


def _type_said(one: RegisteredEvidenceType) -> JSON:
    return {
        "provider": one.provider,
        "parents": [*sorted(one.parents)],
        "classification": one.classification,
        "fields": {name: [field.minimal_mask.value, field.sensitivity] for name, field in one.fields.items()},
        "predicates": {name: [*sorted(one.behind.get(name, ()))] for name in one.predicates},
    }
