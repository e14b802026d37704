"""The catalogue as DCAT-AP 3.0 in JSON-LD: a catalogue, its datasets (evidence types) and the service that serves them.

Sources: W3C DCAT 3; DCAT-AP 3.0 (mandatory and recommended properties); the EU Publications Office's authority tables
for access rights and frequency; paging by Hydra's partial collection views.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from exchange.catalogue.model import EvidenceType
from exchange.catalogue.registry import Registry
from kernel.text import Text

MEDIA_TYPE = "application/ld+json"
CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "hydra": "http://www.w3.org/ns/hydra/core#",
}
_AUTHORITY = "http://publications.europa.eu/resource/authority"
_FREQUENCIES = {
    "real-time": "UPDATE_CONT",
    "daily": "DAILY",
    "weekly": "WEEKLY",
    "monthly": "MONTHLY",
    "quarterly": "QUARTERLY",
    "yearly": "ANNUAL",
    "irregular": "IRREG",
}
_TITLE = Text("政务数据共享目录", "Catalogue of shared government data")
_ABOUT = Text("各部门可依法提供的材料类型", "Evidence that departments can supply by law")
_SERVICE = Text("材料共享服务", "Evidence exchange")


def catalogue(
    registry: Registry, origin: str, codes: Sequence[str], total: int, following: str | None
) -> dict[str, Any]:
    """One page of the catalogue: these evidence types; ``following`` is the address of the next page."""
    own = f"{origin}/v1/catalogue/dcat"
    view: dict[str, Any] = {"@type": "hydra:PartialCollectionView", "hydra:first": {"@id": own}}
    if following is not None:
        view["hydra:next"] = {"@id": following}
    kinds = [registry.evidence_types[code] for code in codes]
    return {
        "@context": CONTEXT,
        "@id": own,
        "@type": ["dcat:Catalog", "hydra:Collection"],
        "dct:title": _words(_TITLE),
        "dct:description": _words(_ABOUT),
        "dct:publisher": {"@id": origin, "@type": "foaf:Agent", "foaf:name": _words(_SERVICE)},
        "dcat:dataset": [dataset(kind, registry, origin) for kind in kinds],
        "dcat:service": [_service(kinds, registry, origin)],
        "hydra:totalItems": total,
        "hydra:view": view,
    }


def dataset(kind: EvidenceType, registry: Registry, origin: str) -> dict[str, Any]:
    """An evidence type as a dataset. Nothing of it is public: what may be obtained, grants decide."""
    rights = "NON_PUBLIC" if kind.share_type == "not_shared" else "RESTRICTED"
    said: dict[str, Any] = {
        "@id": _address(origin, "evidence-types", kind.code),
        "@type": "dcat:Dataset",
        "dct:identifier": kind.code,
        "dct:title": _words(kind.name),
        "dct:description": _words(kind.description or kind.name),
        "dct:publisher": _agent(kind.provider, registry, origin),
        "dct:creator": _agent(kind.source_of_truth, registry, origin),
        "dct:accessRights": {"@id": f"{_AUTHORITY}/access-right/{rights}"},
        "dcat:keyword": [word for field in kind.fields.values() for word in _words(field.label)],
        "dcat:landingPage": {"@id": _address(origin, "evidence-types", kind.code)},
    }
    if kind.update_cycle is not None:
        said["dct:accrualPeriodicity"] = {"@id": f"{_AUTHORITY}/frequency/{_FREQUENCIES[kind.update_cycle]}"}
    return said


def _service(kinds: Sequence[EvidenceType], registry: Registry, origin: str) -> dict[str, Any]:
    served = [kind.code for kind in kinds if kind.code in registry.connectors]
    return {
        "@id": f"{origin}/v1/evidence-requests",
        "@type": "dcat:DataService",
        "dct:title": _words(_SERVICE),
        "dcat:endpointURL": {"@id": f"{origin}/v1/evidence-requests"},
        "dcat:endpointDescription": {"@id": f"{origin}/openapi.json"},
        "dcat:servesDataset": [{"@id": _address(origin, "evidence-types", code)} for code in served],
    }


def _agent(code: str, registry: Registry, origin: str) -> dict[str, Any]:
    name = registry.organisations[code].name
    return {"@id": _address(origin, "organisations", code), "@type": "foaf:Agent", "foaf:name": _words(name)}


def _address(origin: str, shelf: str, code: str) -> str:
    return f"{origin}/v1/catalogue/{shelf}/{quote(code)}"


def _words(text: Text) -> list[dict[str, str]]:
    return [{"@language": "zh", "@value": text.zh}, {"@language": "en", "@value": text.en}]
