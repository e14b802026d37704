"""The kinds of manifests there are, and how one is named."""

from __future__ import annotations

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
