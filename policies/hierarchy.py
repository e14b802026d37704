"""The registry as Cedar sees it: entities with their attributes, and everything that stands above each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from policies.registry import Registry

Entity = tuple[str, str]
"""Type and identifier, without the namespace."""

Attributes = Mapping[str, object]
Nodes = Mapping[Entity, frozenset[Entity]]


class InvalidRegistry(ValueError):
    """The registry names a parent that is not registered, or an entity above itself."""


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """``above``: every registered entity with itself and all its ancestors; ``attributes``: those that have some."""

    above: Nodes
    attributes: Mapping[Entity, Attributes]

    @classmethod
    def of(cls, registry: Registry) -> Hierarchy:
        """Close the registry transitively. Raises InvalidRegistry."""
        return cls(_closed(dict(_parents(registry))), dict(_attributes(registry)))


def _parents(registry: Registry) -> Iterator[tuple[Entity, frozenset[Entity]]]:
    for system, registered in registry.systems.items():
        yield ("System", system), frozenset({("Organisation", registered.organisation)})
    families = (
        ("Organisation", registry.organisations),
        ("EvidenceType", registry.evidence_types),
        ("ServiceItem", registry.service_items),
    )
    for kind, members in families:
        for name, member in members.items():
            yield (kind, name), frozenset((kind, parent) for parent in member.parents)
    for item in registry.service_items.values():
        for basis in item.legal_bases:
            yield ("LegalBasis", basis), frozenset()


def _attributes(registry: Registry) -> Iterator[tuple[Entity, Attributes]]:
    for name, evidence_type in registry.evidence_types.items():
        provider = ("Organisation", evidence_type.provider)
        yield ("EvidenceType", name), {"provider": provider, "classification": evidence_type.classification}


def _closed(parents: Mapping[Entity, frozenset[Entity]]) -> Nodes:
    above: dict[Entity, frozenset[Entity]] = {}
    for entity in parents:
        _climb(entity, parents, above, ())
    return above


def _climb(
    entity: Entity, parents: Nodes, above: dict[Entity, frozenset[Entity]], path: tuple[Entity, ...]
) -> frozenset[Entity]:
    if entity in above:
        return above[entity]
    if entity in path or entity not in parents:
        raise InvalidRegistry(f"{entity[0]} {entity[1]} stands above itself or is not registered")
    higher = [_climb(parent, parents, above, (*path, entity)) for parent in parents[entity]]
    above[entity] = frozenset({entity}).union(*higher)
    return above[entity]
