"""One immutable picture of the catalogue per version: everything a request needs to know, found by key, nothing
parsed later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeVar

from exchange.catalogue import divisions, reading
from exchange.catalogue.consistency import CHECKS
from exchange.catalogue.contents import Contents
from exchange.catalogue.kinds import CONNECTOR, DIVISION, EVIDENCE_TYPE, ORGANISATION, SERVICE_ITEM, SYSTEM, Key
from exchange.catalogue.reading import Document
from exchange.catalogue.record_schema import compile_record

K = TypeVar("K")
T = TypeVar("T")


@dataclass(frozen=True)
class Registry(Contents):
    """The catalogue of one version, built from manifests that do not contradict one another."""

    @classmethod
    def build(cls, documents: Iterable[Document], version: int = 0) -> Registry:
        """The registry of these manifests, each valid by its schema. Raises InvalidCatalogue where they contradict."""
        by_kind = _by_kind(documents)
        organisations = reading.by_name(by_kind.get(ORGANISATION, ()), reading.organisation)
        systems = reading.by_name(by_kind.get(SYSTEM, ()), reading.system)
        types = reading.by_name(by_kind.get(EVIDENCE_TYPE, ()), reading.evidence_type)
        items = reading.by_name(by_kind.get(SERVICE_ITEM, ()), reading.service_item_of)
        registry = cls(
            version,
            organisations,
            systems,
            _first_wins(((system.issuer, system.client_id), system) for system in systems.values()),
            types,
            MappingProxyType({code: compile_record(kind.schema) for code, kind in types.items()}),
            items,
            _first_wins((document["spec"]["evidence_type"], document) for document in by_kind.get(CONNECTOR, ())),
            divisions.table(by_kind.get(DIVISION, ())),
        )
        for kind in CHECKS:
            registry.check(by_kind.get(kind, ()))
        return registry

    def following(self, changed: Mapping[Key, Document | None], version: int) -> Registry:
        """The registry after these objects changed or went (None), at a price that does not grow with the rest.

        Only what changed is checked: who asks has the rest checked where it was written. Raises InvalidCatalogue, and
        ValueError for divisions, whose table is built as a whole.
        """
        if any(kind == DIVISION for kind, _ in changed):
            raise ValueError("divisions are built as a whole")
        systems = _changed(self.systems, SYSTEM, changed, reading.system)
        types = _changed(self.evidence_types, EVIDENCE_TYPE, changed, reading.evidence_type)
        registry = replace(
            self,
            version=version,
            organisations=_changed(self.organisations, ORGANISATION, changed, reading.organisation),
            systems=systems,
            clients=_first_wins(((system.issuer, system.client_id), system) for system in systems.values()),
            evidence_types=types,
            records=_changed(self.records, EVIDENCE_TYPE, changed, lambda one: compile_record(one["spec"]["schema"])),
            service_items=_changed(self.service_items, SERVICE_ITEM, changed, reading.service_item_of),
            connectors=_changed_connectors(self.connectors, changed),
        )
        registry.check(document for document in changed.values() if document is not None)
        return registry

    def check(self, documents: Iterable[Document]) -> None:
        """Whether these manifests, part of this registry, contradict it. Raises InvalidCatalogue."""
        for document in documents:
            check = CHECKS.get(document["kind"])
            if check is not None:
                check(self, document)


def read_alone(document: Document) -> None:
    """What can be seen to be wrong with a manifest without the rest of the catalogue. Raises InvalidCatalogue."""
    reader = _READERS.get(document["kind"])
    if reader is not None:
        reader(document)


_READERS: Mapping[str, Callable[[Document], object]] = {
    DIVISION: reading.division,
    ORGANISATION: reading.organisation,
    SYSTEM: reading.system,
    EVIDENCE_TYPE: reading.evidence_type,
    SERVICE_ITEM: reading.service_item_of,
}


def _changed(
    known: Mapping[str, T], kind: str, changed: Mapping[Key, Document | None], read: Callable[[Document], T]
) -> Mapping[str, T]:
    own = {name: document for (of, name), document in changed.items() if of == kind}
    if not own:
        return known
    kept = {name: value for name, value in known.items() if name not in own}
    new = {name: read(document) for name, document in own.items() if document is not None}
    return MappingProxyType(kept | new)


def _changed_connectors(
    known: Mapping[str, Document], changed: Mapping[Key, Document | None]
) -> Mapping[str, Document]:
    own = {name: document for (of, name), document in changed.items() if of == CONNECTOR}
    if not own:
        return known
    kept = [one for one in known.values() if one["metadata"]["name"] not in own]
    new = [one for one in own.values() if one is not None]
    return _first_wins((one["spec"]["evidence_type"], one) for one in [*kept, *new])


def _by_kind(documents: Iterable[Document]) -> dict[str, list[Document]]:
    found: dict[str, list[Document]] = {}
    for document in documents:
        found.setdefault(document["kind"], []).append(document)
    return found


def _first_wins(pairs: Iterable[tuple[K, T]]) -> Mapping[K, T]:
    """By key; of two that claim one key the later is the one to be refused."""
    found: dict[K, T] = {}
    for key, value in pairs:
        found.setdefault(key, value)
    return MappingProxyType(found)
