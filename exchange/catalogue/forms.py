"""The bodies of the entry endpoints, and the manifests inside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate

from exchange import errors
from exchange.catalogue.kinds import DIVISION, EVIDENCE_TYPE, ORGANISATION, SERVICE_ITEM, SYSTEM
from exchange.catalogue.manifests import schemas
from exchange.catalogue.reading import Document, InvalidCatalogue
from exchange.catalogue.registry import read_alone
from exchange.forms import Form, TextField
from kernel import canonical
from kernel.manifests import dotted, schema_findings
from kernel.problems import Problem
from kernel.text import Text

KINDS: Mapping[str, str] = {
    "organisations": ORGANISATION,
    "divisions": DIVISION,
    "systems": SYSTEM,
    "evidence-types": EVIDENCE_TYPE,
    "service-items": SERVICE_ITEM,
}
"""Kinds of entries as addresses name them; sources (connectors) are the operators', grants have a desk of their own."""

SHELVES: Mapping[str, str] = {kind: shelf for shelf, kind in KINDS.items()}
MOST_FINDINGS = 50


class EntryForm(Form):
    """A manifest, as in a file: ``kind``, ``metadata``, ``spec``."""

    manifest = fields.Dict(required=True, error_messages={"required": "missing", "invalid": "not-an-object"})


class NothingForm(Form):
    """No members."""


class EntryReasonForm(Form):
    """Why. The reason is recorded for every auditor to read, so it names nobody."""

    reason = TextField(required=True, validate=validate.Length(1, 1000, error="length"))


class PublishForm(Form):
    """The digest of exactly what the officer was shown."""

    digest = TextField(required=True, validate=validate.Regexp(r"\Asha256:[0-9a-f]{64}\Z", error="form"))


ENTRY, NOTHING, ENTRY_REASON, PUBLISH = EntryForm(), NothingForm(), EntryReasonForm(), PublishForm()
"""Each built once."""


class EntryAnswer(Schema):
    """Where an entry stands, its draft, and what this officer may do with it."""

    kind = fields.String(required=True)
    name = fields.String(required=True)
    organisation = fields.String(required=True)
    status = fields.String(required=True)
    status_label = fields.Dict(required=True)
    version = fields.Integer(required=True)
    revision = fields.Integer(required=True)
    changed_at = fields.String(required=True)
    commands = fields.List(fields.String(), required=True)
    draft = fields.Dict(allow_none=True)


class EntriesAnswer(Schema):
    """Entries, the longest waiting first; ``next`` is the ``after`` of the following page."""

    entries = fields.List(fields.Nested(EntryAnswer), required=True)
    next = fields.String(required=True, allow_none=True)


class VersionsAnswer(Schema):
    """Every version of an entry."""

    versions = fields.List(fields.Dict(), required=True)


class VersionAnswer(Schema):
    """One version of an entry, and how it differs from another."""

    version = fields.Integer(required=True)
    manifest = fields.Dict(required=True)
    compared_with = fields.Integer(required=True)
    differences = fields.List(fields.Dict(), required=True)


def manifest_of_body(value: Mapping[str, Any], language: str) -> Document:
    """A manifest that fits its published schema and is sound by itself. Raises Problem (catalogue.invalid)."""
    kind = value.get("kind")
    if not isinstance(kind, str) or kind not in SHELVES:
        known = ", ".join(sorted(SHELVES))
        raise unfit([((), Text(f"种类只能是：{known}", f"the kind is one of: {known}"))], language)
    found = schema_findings(value, schemas()[kind])
    if found:
        raise unfit([(each.where, each.message) for each in found], language)
    try:
        canonical.encode(value)
        read_alone(value)
    except canonical.NotCanonical:
        raise unfit([((), Text("数值只能是整数", "numbers are whole numbers"))], language) from None
    except InvalidCatalogue as trouble:
        raise unfit([(trouble.where, trouble.what)], language) from None
    return value


def unfit(findings: list[tuple[Any, Text]], language: str) -> Problem:
    """The problem that lists what is wrong with a manifest; every path is one of the manifest's own."""
    listed: list[canonical.JSON] = [{"path": dotted(at), "message": what.in_(language)} for at, what in findings]
    return Problem(errors.ENTRY_INVALID, members={"findings": listed[:MOST_FINDINGS]})
