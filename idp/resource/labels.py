"""The plain words behind the codes of an authorization detail: what the consent page says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from idp.model.evidence import EvidenceAsked, EvidenceDetail
from idp.resource.metadata import ResourceMetadata, ResourceUnavailable, UnknownInCatalogue
from kernel.canonical import JSON
from kernel.text import Text


class BasisKind(StrEnum):
    """Whether the law allows it by itself, or the person has to."""

    STATUTORY = "statutory"
    CONSENT = "consent"


@dataclass(frozen=True, slots=True)
class EvidenceLabel:
    """One evidence type: its name, who holds it, and the names of the fields asked."""

    name: Text
    provider: Text
    fields: tuple[Text, ...]
    questions: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class DetailLabel:
    """One authorization detail in words. The kind of legal basis decides between notice and consent."""

    service: Text
    basis_kind: BasisKind
    citation: Text
    evidence: tuple[EvidenceLabel, ...]


def describe(detail: EvidenceDetail, resource: ResourceMetadata) -> DetailLabel:
    """The words for a detail. Raises ResourceUnavailable, or UnknownInCatalogue for a code that means nothing there."""
    item = resource.catalogue("service-items", detail.service_item)
    basis = _legal_basis(item, detail.legal_basis)
    return DetailLabel(
        service=_text(item, "name"),
        basis_kind=_kind(basis),
        citation=_text(basis, "citation"),
        evidence=tuple(_evidence(asked, resource) for asked in detail.evidence),
    )


def service_name(resource: ResourceMetadata, code: str) -> Text:
    """A service item's name. Raises ResourceUnavailable, UnknownInCatalogue."""
    return _text(resource.catalogue("service-items", code), "name")


def _evidence(asked: EvidenceAsked, resource: ResourceMetadata) -> EvidenceLabel:
    entry = resource.catalogue("evidence-types", asked.type)
    provider = entry.get("provider")
    return EvidenceLabel(
        name=_text(entry, "name"),
        provider=_text(provider, "name") if isinstance(provider, dict) else Text("", ""),
        fields=_fields(entry, asked.fields),
        questions=tuple(_question(entry, name) for name in sorted(asked.predicates)),
    )


def _fields(entry: Mapping[str, JSON], asked: frozenset[str]) -> tuple[Text, ...]:
    """The labels of the fields asked, in the catalogue's own order."""
    listed = entry.get("fields")
    known = [str(field.get("name")) for field in listed if isinstance(field, dict)] if isinstance(listed, list) else []
    return tuple(_named(entry, "fields", name) for name in sorted(asked, key=lambda name: _place(known, name)))


def _place(known: list[str], name: str) -> int:
    return known.index(name) if name in known else len(known)


def _legal_basis(item: Mapping[str, JSON], code: str) -> Mapping[str, JSON]:
    return _member_of(item, "legal_bases", "code", code)


def _named(entry: Mapping[str, JSON], collection: str, name: str) -> Text:
    return _text(_member_of(entry, collection, "name", name), "label")


def _question(entry: Mapping[str, JSON], name: str) -> Text:
    """A yes/no question by its label; by its name where the catalogue gives no label."""
    try:
        return _named(entry, "predicates", name)
    except UnknownInCatalogue:
        return Text(name, name)


def _member_of(entry: Mapping[str, JSON], collection: str, key: str, value: str) -> Mapping[str, JSON]:
    members = entry.get(collection)
    for member in members if isinstance(members, list) else []:
        if isinstance(member, dict) and member.get(key) == value:
            return member
    raise UnknownInCatalogue(f"{collection} has no {value}")


def _kind(basis: Mapping[str, JSON]) -> BasisKind:
    try:
        return BasisKind(str(basis.get("kind")))
    except ValueError:
        raise ResourceUnavailable("the catalogue gives a legal basis without its kind") from None


def _text(entry: Mapping[str, JSON], name: str) -> Text:
    """A bilingual member ``{zh, en}``."""
    value = entry.get(name)
    if not isinstance(value, dict) or not isinstance(value.get("zh"), str):
        raise ResourceUnavailable(f"the catalogue gives no {name} in words")
    return Text(str(value["zh"]), str(value.get("en") or value["zh"]))
