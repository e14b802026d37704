"""One immutable picture of the catalogue per version: everything a request needs to know, found by key, nothing
parsed later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any, TypeVar

from connectors.sandbox import NAME as SANDBOX
from exchange.catalogue import reading
from exchange.catalogue.model import EvidenceType, Organisation, ServiceItem, System
from exchange.catalogue.reading import Document, InvalidCatalogue
from exchange.catalogue.record_schema import Check, compile_record
from kernel.identifiers.division import TABLE as BUILT_IN
from kernel.identifiers.division import Division, DivisionTable
from kernel.manifests import JsonPath
from kernel.text import Text

K = TypeVar("K")
T = TypeVar("T")
Key = tuple[str, str]
"""Kind and name of a manifest."""

CONNECTOR, DIVISION, EVIDENCE_TYPE, GRANT, ORGANISATION, SERVICE_ITEM, SYSTEM = (
    "Connector",
    "Division",
    "EvidenceType",
    "Grant",
    "Organisation",
    "ServiceItem",
    "System",
)


@dataclass(frozen=True)
class Registry:
    """The catalogue of one version. ``connectors`` holds manifests by the evidence type they supply."""

    version: int
    organisations: Mapping[str, Organisation]
    systems: Mapping[str, System]
    clients: Mapping[tuple[str, str], System]
    evidence_types: Mapping[str, EvidenceType]
    records: Mapping[str, Check]
    service_items: Mapping[str, ServiceItem]
    connectors: Mapping[str, Document]
    divisions: DivisionTable

    @classmethod
    def build(cls, documents: Iterable[Document], version: int = 0) -> Registry:
        """The registry of these manifests, each valid by its schema. Raises InvalidCatalogue where they contradict."""
        by_kind = _by_kind(documents)
        organisations = _read(by_kind.get(ORGANISATION, ()), reading.organisation)
        systems = _read(by_kind.get(SYSTEM, ()), reading.system)
        types = _read(by_kind.get(EVIDENCE_TYPE, ()), reading.evidence_type)
        items = _read(by_kind.get(SERVICE_ITEM, ()), reading.service_item_of)
        registry = cls(
            version,
            organisations,
            systems,
            _first_wins(((system.issuer, system.client_id), system) for system in systems.values()),
            types,
            MappingProxyType({code: compile_record(kind.schema) for code, kind in types.items()}),
            items,
            _first_wins((document["spec"]["evidence_type"], document) for document in by_kind.get(CONNECTOR, ())),
            _divisions(by_kind.get(DIVISION, ())),
        )
        for kind in _CHECKS:
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
            check = _CHECKS.get(document["kind"])
            if check is not None:
                check(self, document)

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


def read_alone(document: Document) -> None:
    """What can be seen to be wrong with a manifest without the rest of the catalogue. Raises InvalidCatalogue."""
    reader = _READERS.get(document["kind"])
    if reader is not None:
        reader(document)


def check_grant(registry: Registry, document: Document) -> None:
    """Whether a grant manifest names only what the catalogue knows. Raises InvalidCatalogue."""
    spec = document["spec"]
    _known(document, ("spec", "consumer"), spec["consumer"], registry.organisations)
    kind = registry.evidence_types.get(spec["evidence_type"])
    if kind is None:
        raise _unknown(document, ("spec", "evidence_type"), spec["evidence_type"])
    if spec["provider"] != kind.provider:
        raise InvalidCatalogue(document, ("spec", "provider"), _OTHER_PROVIDER)
    if kind.share_type == "not_shared":
        raise InvalidCatalogue(document, ("spec", "evidence_type"), _NOT_SHARED)
    _check_granted_fields(document, kind)
    _check_grounds(registry, document)


def _check_granted_fields(document: Document, kind: EvidenceType) -> None:
    spec = document["spec"]
    _all_known(document, ("spec", "fields"), spec.get("fields", ()), kind.fields)
    _all_known(document, ("spec", "predicates"), spec.get("predicates", ()), kind.predicates)
    _all_known(document, ("spec", "masks"), spec.get("masks", {}), spec.get("fields", ()))
    for position, name in enumerate(spec.get("fields", ())):
        if kind.fields[name].share_type == "not_shared":
            raise InvalidCatalogue(document, ("spec", "fields", position), _ITEM_NOT_SHARED)
    properties: Any = kind.schema["properties"]
    for name, mask in spec.get("masks", {}).items():
        if mask != "clear" and not reading.maskable(properties[name]):
            raise InvalidCatalogue(document, ("spec", "masks", name), Text("只有文本能脱敏", "only text can be masked"))
    if not spec.get("fields") and not spec.get("predicates"):
        raise InvalidCatalogue(
            document, ("spec",), Text("没有授权任何字段或判断", "it grants neither a field nor a predicate")
        )


def _check_grounds(registry: Registry, document: Document) -> None:
    spec = document["spec"]
    for position, code in enumerate(spec["service_items"]):
        item = registry.service_items.get(code)
        if item is None:
            raise _unknown(document, ("spec", "service_items", position), code)
        basis = item.legal_bases.get(spec["legal_basis"])
        if basis is None or basis.kind != spec["basis_kind"]:
            raise InvalidCatalogue(document, ("spec", "legal_basis"), _OTHER_BASIS)


def _check_system(registry: Registry, document: Document) -> None:
    _known(document, ("spec", "organisation"), document["spec"]["organisation"], registry.organisations)
    system = registry.systems[document["metadata"]["name"]]
    if registry.clients[system.issuer, system.client_id] is not system:
        raise InvalidCatalogue(document, ("spec", "client_id"), _CLIENT_TAKEN)


def _check_organisation(registry: Registry, document: Document) -> None:
    spec = document["spec"]
    if "parent" in spec:
        _known(document, ("spec", "parent"), spec["parent"], registry.organisations)
    for place, one in enumerate(spec.get("successors", ())):
        _known(document, ("spec", "successors", place, "successor"), one["successor"], registry.organisations)


def _check_evidence_type(registry: Registry, document: Document) -> None:
    spec = document["spec"]
    for name in ("provider", "source_of_truth"):
        if name in spec:
            _known(document, ("spec", name), spec[name], registry.organisations)


def _check_service_item(registry: Registry, document: Document) -> None:
    _known(document, ("spec", "organisation"), document["spec"]["organisation"], registry.organisations)
    for position, requirement in enumerate(document["spec"].get("requirements", ())):
        for number, way in enumerate(requirement["met_by"]):
            where = ("spec", "requirements", position, "met_by", number)
            kind = registry.evidence_types.get(way["evidence_type"])
            if kind is None:
                raise _unknown(document, (*where, "evidence_type"), way["evidence_type"])
            _all_known(document, (*where, "fields"), way.get("fields", ()), kind.fields)
            _all_known(document, (*where, "predicates"), way.get("predicates", ()), kind.predicates)


def _check_connector(registry: Registry, document: Document) -> None:
    code = document["spec"]["evidence_type"]
    kind = registry.evidence_types.get(code)
    if kind is None:
        raise _unknown(document, ("spec", "evidence_type"), code)
    if kind.sandbox != (document["spec"]["adapter"] == SANDBOX):
        raise InvalidCatalogue(document, ("spec", "adapter"), _SANDBOX_ALONE)
    if registry.connectors[code]["metadata"]["name"] != document["metadata"]["name"]:
        raise InvalidCatalogue(document, ("spec", "evidence_type"), _TWO_SOURCES)
    _all_known(document, ("spec", "mapping", "fields"), document["spec"]["mapping"]["fields"], kind.fields)


_READERS: Mapping[str, Callable[[Document], object]] = {
    DIVISION: reading.division,
    ORGANISATION: reading.organisation,
    SYSTEM: reading.system,
    EVIDENCE_TYPE: reading.evidence_type,
    SERVICE_ITEM: reading.service_item_of,
}

_CHECKS: Mapping[str, Callable[[Registry, Document], None]] = {
    ORGANISATION: _check_organisation,
    SYSTEM: _check_system,
    EVIDENCE_TYPE: _check_evidence_type,
    SERVICE_ITEM: _check_service_item,
    CONNECTOR: _check_connector,
}


def _divisions(documents: Sequence[Document]) -> DivisionTable:
    """The catalogue's own divisions; the table that comes with the product where it has none."""
    if not documents:
        return BUILT_IN
    divisions = _read(documents, reading.division)
    successions = [each for document in documents for each in reading.successions(document, divisions)]
    for document in documents:
        _check_division(document, divisions)
    return DivisionTable([*divisions.values()], successions)


def _check_division(document: Document, divisions: Mapping[str, Division]) -> None:
    own, parent = divisions[document["metadata"]["name"]], document["spec"].get("parent")
    if parent is not None and all(parent != other.code for other in divisions.values()):
        raise _unknown(document, ("spec", "parent"), parent)
    same = [other for other in divisions.values() if own.code is not None and other.code == own.code]
    if any(_together(own, other) for other in same if other is not own):
        raise InvalidCatalogue(document, ("spec", "code"), _CODE_TAKEN)
    if any(above is own for above in _above(own, divisions)):
        raise InvalidCatalogue(document, ("spec", "parent"), _OWN_PARENT)


def _together(left: Division, right: Division) -> bool:
    begins = max(left.since or date.min, right.since or date.min)
    return begins < min(left.until or date.max, right.until or date.max)


def _above(division: Division, divisions: Mapping[str, Division]) -> Iterator[Division]:
    """Everything it lies in, by code; each at most once."""
    seen: list[Division] = []
    waiting = [division]
    while waiting:
        code = waiting.pop().parent
        found = [each for each in divisions.values() if code is not None and each.code == code]
        new = [each for each in found if not any(each is known for known in seen)]
        seen += new
        waiting += new
    return iter(seen)


def _needs(item: ServiceItem, evidence_type: str) -> bool:
    return any(way.evidence_type == evidence_type for one in item.requirements for way in one.met_by)


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


def _read(documents: Iterable[Document], read: Callable[[Document], T]) -> Mapping[str, T]:
    return MappingProxyType({document["metadata"]["name"]: read(document) for document in documents})


def _first_wins(pairs: Iterable[tuple[K, T]]) -> Mapping[K, T]:
    """By key; of two that claim one key the later is the one to be refused."""
    found: dict[K, T] = {}
    for key, value in pairs:
        found.setdefault(key, value)
    return MappingProxyType(found)


def _known(document: Document, where: JsonPath, name: str, known: Mapping[str, object]) -> None:
    if name not in known:
        raise _unknown(document, where, name)


def _all_known(document: Document, where: JsonPath, names: Iterable[str], known: Iterable[str]) -> None:
    for name in sorted(set(names) - set(known)):
        raise _unknown(document, where, name)


def _unknown(document: Document, where: JsonPath, name: str) -> InvalidCatalogue:
    return InvalidCatalogue(document, where, Text(f"目录中没有“{name}”", f"the catalogue does not know “{name}”"))


_SANDBOX_ALONE = Text(
    "沙箱材料只能来自沙箱，沙箱来源只能供沙箱材料", "sandbox types have the sandbox's source, and nothing else has it"
)
_CODE_TAKEN = Text("同一时间已有另一区划使用该代码", "another division has this code on the same day")
_OWN_PARENT = Text("区划不能是自己的上级", "a division does not lie in itself")
_OTHER_PROVIDER = Text(
    "提供部门与该材料类型的提供部门不一致", "the provider is not the one the evidence type belongs to"
)
_NOT_SHARED = Text("该材料类型不予共享", "this evidence type is not shared")
_ITEM_NOT_SHARED = Text("该数据项不予共享", "this item is not shared")
_OTHER_BASIS = Text(
    "该事项没有这一法律依据，或依据的种类不同",
    "a service item does not stand on this legal basis, or the basis is of another kind",
)
_CLIENT_TAKEN = Text("该签发者与客户端已属于另一系统", "this issuer and client already stand for another system")
_TWO_SOURCES = Text("该材料类型已有一个数据来源", "this evidence type already has a source")
