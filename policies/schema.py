"""The Cedar schema: every attribute a policy may speak of, with its type. One table, from which the text is generated.

The same table types the compiled form (``compiler``), so that the two engines cannot disagree about a type.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from cedarpy import Schema

NAMESPACE = "Tongban"

CONTEXT = "Context"
"""The name of the context record in the tables below; Cedar itself does not name it."""

RECORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        CONTEXT: {
            "fields": "Set<String>",
            "predicates": "Set<String>",
            "purpose": "ServiceItem",
            "legalBasis": "LegalBasis",
            "basisKind": "String",
            "relation": "String",
            "loa": "Long",
            "present": "Bool",
            "consent?": "Consent",
            "quotaUsedToday": "Long",
            "now": "datetime",
            "hour": "Long",
            "mandated": "Bool",
            "sealed": "Bool",
            "minor": "Bool",
            "emergency?": "Emergency",
            "ownDivision": "Bool",
            "delivery": "String",
        },
        "Consent": {
            "purpose": "ServiceItem",
            "consumer": "Organisation",
            "evidenceType": "EvidenceType",
            "fields": "Set<String>",
            "predicates": "Set<String>",
            "notBefore": "datetime",
            "notAfter": "datetime",
            "revoked": "Bool",
        },
        "Emergency": {
            "id": "String",
            "template": "String",
            "opened": "datetime",
            "ends": "datetime",
        },
    }
)
"""Record types: attribute → type; a question mark marks the one that may be absent."""

ADDED: frozenset[str] = frozenset({"hour", "mandated", "sealed", "minor", "emergency?", "ownDivision", "delivery"})
"""Attributes of the context newer than the first signed grants, some for guards alone."""

ENTITIES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "System": {"status": "String"},
        "EvidenceType": {"provider": "Organisation", "classification": "Long"},
        "Organisation": {},
        "ServiceItem": {},
        "LegalBasis": {},
    }
)
"""Entity types: attribute → type."""

PARENTS: Mapping[str, str] = MappingProxyType(
    {
        "System": "Organisation",
        "Organisation": "Organisation",
        "EvidenceType": "EvidenceType",
        "ServiceItem": "ServiceItem",
    }
)
"""Which entity type stands above which."""


def _attributes(attributes: Mapping[str, str]) -> str:
    return "{ " + ", ".join(f"{name}: {kind}" for name, kind in attributes.items()) + " }"


def _entity(name: str, attributes: Mapping[str, str]) -> str:
    above = f" in [{PARENTS[name]}]" if name in PARENTS else ""
    return f"  entity {name}{above}{' ' + _attributes(attributes) if attributes else ''};"


@cache
def text(unread: frozenset[str] = frozenset()) -> str:
    """The schema in Cedar's own notation, without the attributes of the context that are ``unread``."""
    context = {name: kind for name, kind in RECORDS[CONTEXT].items() if name not in unread}
    plain = "emergency?" in unread
    actions = "obtain, verify" if plain else "obtain, verify, obtainEmergency"
    lines = [
        f"namespace {NAMESPACE} {{",
        *(_entity(name, attributes) for name, attributes in ENTITIES.items()),
        f"  type Consent = {_attributes(RECORDS['Consent'])};",
        *([] if plain else [f"  type Emergency = {_attributes(RECORDS['Emergency'])};"]),
        f"  action {actions} appliesTo {{ principal: [System], resource: [EvidenceType],",
        f"    context: {_attributes(context)} }};",
        "}",
    ]
    return "\n".join(lines) + "\n"


@cache
def handle() -> Schema:
    """The parsed schema; immutable, so one serves every caller."""
    return Schema.from_str(text())
