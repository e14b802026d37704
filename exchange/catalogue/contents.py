"""What one version of the catalogue holds, found by key, and who names whom in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from exchange.catalogue.kinds import CONNECTOR, EVIDENCE_TYPE, ORGANISATION, SERVICE_ITEM, SYSTEM, Key
from exchange.catalogue.model import EvidenceType, Organisation, ServiceItem, System
from exchange.catalogue.reading import Document
from exchange.catalogue.record_schema import Check
from kernel.identifiers.division import DivisionTable


@dataclass(frozen=True)
class Contents:
    """The objects of one version. ``connectors`` holds manifests by the evidence type they supply."""

    version: int
    organisations: Mapping[str, Organisation]
    systems: Mapping[str, System]
    clients: Mapping[tuple[str, str], System]
    evidence_types: Mapping[str, EvidenceType]
    records: Mapping[str, Check]
    service_items: Mapping[str, ServiceItem]
    connectors: Mapping[str, Document]
    divisions: DivisionTable

    def referrers(self, key: Key) -> list[Key]:
        """What may name an object, by kind and name: whatever must be looked at again when it changes or goes."""
        kind, name = key
        if kind == EVIDENCE_TYPE:
            items = [code for code, item in self.service_items.items() if _needs(item, name)]
            source = self.connectors.get(name)
            sources = [] if source is None else [(CONNECTOR, source["metadata"]["name"])]
            return [*((SERVICE_ITEM, code) for code in items), *sources]
        return [*self._owned_by(name)] if kind == ORGANISATION else []

    def _owned_by(self, code: str) -> Iterator[Key]:
        for name, system in self.systems.items():
            if system.organisation == code:
                yield SYSTEM, name
        for name, kind in self.evidence_types.items():
            if code in {kind.provider, kind.source_of_truth}:
                yield EVIDENCE_TYPE, name
        for name, item in self.service_items.items():
            if item.organisation == code:
                yield SERVICE_ITEM, name
        for name, one in self.organisations.items():
            if name != code and code in {one.parent, *(each.successor for each in one.successors)}:
                yield ORGANISATION, name

    def system_of(self, issuer: str, client_id: str) -> System | None:
        """The system that a token's issuer and client stand for."""
        return self.clients.get((issuer, client_id))


def _needs(item: ServiceItem, evidence_type: str) -> bool:
    ways = (way for one in item.requirements for way in one.met_by)
    return any(part.evidence_type == evidence_type for way in ways for part in way.parts)
