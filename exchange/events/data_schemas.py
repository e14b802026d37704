"""What stands in the ``data`` of each kind of event, as JSON Schema: keys only, never a value of a record."""

from __future__ import annotations

from collections.abc import Mapping

from exchange.events.cloud_event import SCHEMAS
from exchange.events.signal import KINDS, Kind
from kernel.canonical import JSON

_TEXT: dict[str, JSON] = {"type": "string"}
_HELD: dict[str, JSON] = {
    "type": "object",
    "required": ["case", "request"],
    "properties": {"case": _TEXT, "request": _TEXT},
}
_ABOUT_EVIDENCE: dict[str, JSON] = {
    "evidence_type": _TEXT,
    "changed": {"type": "array", "items": _TEXT},
    "held": {"type": "array", "items": _HELD},
}
_MEMBERS: Mapping[Kind, dict[str, JSON]] = {
    Kind.REQUEST_SETTLED: {"request": _TEXT, "case": _TEXT},
    Kind.CONSENT_ANSWERED: {"consent": _TEXT, "case": _TEXT},
    Kind.PAPER_DUE: {"case": _TEXT, "requirement": _TEXT, "due": _TEXT, "overdue": {"type": "boolean"}},
    Kind.CERTIFICATE_CHANGED: _ABOUT_EVIDENCE,
    Kind.EVIDENCE_CORRECTED: _ABOUT_EVIDENCE,
    Kind.EVIDENCE_UNDISPUTED: _ABOUT_EVIDENCE,
    Kind.RETURN_FLOW_READY: {"flow": _TEXT, "file": {"type": "integer"}},
    Kind.RETURN_FLOW_CORRECTED: {
        "flow": _TEXT,
        "row": _TEXT,
        "evidence_type": _TEXT,
        "changed": {"type": "array", "items": _TEXT},
    },
}


def data_schema(kind: Kind, origin: str) -> dict[str, JSON]:
    """The schema that the ``dataschema`` of such an event names."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{origin}{SCHEMAS}/{kind.value}",
        "title": f"{KINDS[kind].zh} / {KINDS[kind].en}",
        "type": "object",
        "properties": _MEMBERS[kind],
    }
