"""The sandbox's own manifests: one service item, two evidence types, each with a source of invented people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exchange.catalogue.kinds import CONNECTOR, EVIDENCE_TYPE, SERVICE_ITEM, Key
from exchange.catalogue.reading import Document

IDENTITY, RESIDENCE = "sandbox-identity-card", "sandbox-residence"
TYPES = (IDENTITY, RESIDENCE)
BASIS = "sandbox-rules"
_ITEM = "3500199001000"
"""Level 3 (municipal) and a main item of the unassigned division; behind the owner's code it makes 31 characters."""

_FIELDS: Mapping[str, tuple[str, str, int, str]] = {
    "name": ("姓名", "name", 2, "clear"),
    "citizen_number": ("公民身份号码", "citizen number", 3, "number"),
    "born": ("出生日期", "date of birth", 2, "clear"),
    "address": ("住址", "address", 3, "clear"),
    "until": ("有效期至", "valid until", 1, "clear"),
}


def service_item(organisation: str) -> str:
    """The code of the sandbox's service item when this organisation keeps the sandbox."""
    return organisation + _ITEM


def keeper(catalogue: Mapping[Key, Document]) -> str | None:
    """The organisation whose sandbox stands in a catalogue."""
    there = [catalogue[key] for key in ((EVIDENCE_TYPE, code) for code in TYPES) if key in catalogue]
    return str(there[0]["spec"]["provider"]) if there else None


def manifests(organisation: str) -> tuple[Document, ...]:
    """Everything the sandbox consists of, kept by this organisation (that of data governance)."""
    return (
        _service_item(organisation),
        _evidence_type(
            IDENTITY, organisation, ("name", "citizen_number", "born", "until"), "沙箱身份证", "identity card"
        ),
        _evidence_type(RESIDENCE, organisation, ("name", "address"), "沙箱居住登记", "residence"),
        _connector(IDENTITY, ("name", "citizen_number", "born", "until")),
        _connector(RESIDENCE, ("name", "address")),
    )


def _service_item(organisation: str) -> Document:
    citation = {"zh": "沙箱演练约定", "en": "Rules of the sandbox"}
    spec = {
        "name": {"zh": "沙箱演练事项", "en": "Sandbox exercise"},
        "organisation": organisation,
        "legal_bases": [{"code": BASIS, "kind": "statutory", "citation": citation}],
        "requirements": [
            {"code": "identity", "name": {"zh": "身份", "en": "Identity"}, "met_by": [{"evidence_type": IDENTITY}]}
        ],
    }
    return {"kind": SERVICE_ITEM, "metadata": {"name": service_item(organisation)}, "spec": spec}


def _evidence_type(code: str, organisation: str, names: tuple[str, ...], zh: str, en: str) -> Document:
    spec: dict[str, Any] = {
        "name": {"zh": zh, "en": f"Sandbox {en}"},
        "provider": organisation,
        "sandbox": True,
        "share_type": "unconditional",
        "update_cycle": "irregular",
        "schema": {
            "type": "object",
            "properties": {name: _property(name) for name in names},
            "required": ["name"],
        },
        "fields": {name: _field(*_FIELDS[name]) for name in names},
        "predicates": [{"name": "exists"}],
    }
    return {"kind": EVIDENCE_TYPE, "metadata": {"name": code}, "spec": spec}


def _property(name: str) -> dict[str, Any]:
    if name in {"born", "until"}:
        return {"type": "string", "format": "date", "longTerm": name == "until"}
    return {"type": "string", "maxLength": 200}


def _field(zh: str, en: str, sensitivity: int, mask: str) -> dict[str, Any]:
    return {"label": {"zh": zh, "en": en}, "sensitivity": sensitivity, "minimal_mask": mask}


def _connector(code: str, names: tuple[str, ...]) -> Document:
    spec = {
        "evidence_type": code,
        "adapter": "sandbox",
        "sandbox": {},
        "trust_grade": "D",
        "mapping": {"fields": {name: {"column": name} for name in names}},
    }
    return {"kind": CONNECTOR, "metadata": {"name": code}, "spec": spec}
