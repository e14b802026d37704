"""The catalogue's values as JSON. Every name in both languages: what readers see never depends on who asked first."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from connectors.base import Standing
from connectors.source import Source
from exchange.catalogue.model import (
    SHARE_TYPES,
    UPDATE_CYCLES,
    EvidenceType,
    Organisation,
    ServiceItem,
    Takeover,
)
from exchange.catalogue.naming import named_in
from exchange.catalogue.registry import Registry
from exchange.gateway.predicates import LABELS
from kernel.text import Text

Json = dict[str, Any]


def words(text: Text | None) -> Json | None:
    """A text in both languages."""
    return None if text is None else {"zh": text.zh, "en": text.en}


def organisation(one: Organisation, _registry: Registry) -> Json:
    """A department."""
    return {
        "code": one.code,
        "name": words(one.name),
        "division": one.division,
        "parent": one.parent,
        "since": one.since.isoformat() if one.since else None,
        "until": one.until.isoformat() if one.until else None,
        "successors": [{"successor": each.successor, **_takeover(each)} for each in one.successors],
    }


def predecessors(one: Organisation, registry: Registry) -> list[Json]:
    """The departments of which it took something over, in the order of days."""
    taken = [
        (each.day, other.code, each)
        for other in registry.organisations.values()
        for each in other.successors
        if each.successor == one.code
    ]
    return [{"predecessor": code, **_takeover(each)} for _, code, each in sorted(taken, key=lambda one: one[:2])]


def _takeover(one: Takeover) -> Json:
    return {"extent": one.extent.value, "day": one.day.isoformat(), "note": words(one.note)}


def evidence_type(one: EvidenceType, registry: Registry) -> Json:
    """An evidence type with its fields, questions and relations."""
    return {
        "code": one.code,
        "name": words(one.name),
        "description": words(one.description),
        "provider": named_in(registry.organisations, one.provider),
        "subject_scheme": one.subject_scheme,
        "classification": one.classification,
        "share_type": one.share_type,
        "share_label": words(SHARE_TYPES[one.share_type]),
        "share_citation": words(one.share_citation),
        "source_of_truth": named_in(registry.organisations, one.source_of_truth),
        "update_cycle": one.update_cycle,
        "update_label": words(UPDATE_CYCLES[one.update_cycle]) if one.update_cycle else None,
        "fields": [
            {
                "name": field.name,
                "label": words(field.label),
                "sensitivity": field.sensitivity,
                "minimal_mask": field.minimal_mask.value,
                "share_type": field.share_type,
                "share_citation": words(field.share_citation or one.share_citation),
            }
            for field in one.fields.values()
        ],
        "predicates": [{"name": name, "label": words(LABELS[name])} for name in one.predicates],
        "relations": [{"relation": relation.relation, "scheme": relation.scheme} for relation in one.relations],
        "division": one.division_field,
        "schema": one.schema,
        "connected": one.code in registry.connectors,
    }


def _copy(standing: Standing | None) -> Json | None:
    """How old the copy is that a source answers from, and since when no newer one can be made; None: it has none."""
    if standing is None:
        return None
    as_of, since = standing.as_of, standing.since
    return {
        "as_of": None if as_of is None else as_of.isoformat(),
        "unreachable_since": None if since is None else since.isoformat(),
    }


def source(one: Source | None) -> Json | None:
    """How the source of an evidence type has been doing at this node; None where it has none.

    Nothing of the source's own words is told: no address, and no name of a column.
    """
    if one is None:
        return None
    quality = one.watch.quality()
    return {
        "state": str(one.health().state),
        "trust_grade": one.trust_grade,
        "copy": _copy(one.standing),
        "quality": {
            "answers": quality.answers,
            "completeness": quality.completeness,
            "validity": quality.validity,
            "timeliness": quality.timeliness,
            "codes": quality.codes,
        },
        "changes": [
            {"kind": change.kind, "field": change.name, "since": change.since.isoformat()}
            for change in one.watch.changes()
            if change.kind != "new"
        ],
    }


def service_item(one: ServiceItem, registry: Registry) -> Json:
    """A service item with the grounds it stands on."""
    return {
        "code": one.code,
        "name": words(one.name),
        "description": words(one.description),
        "organisation": named_in(registry.organisations, one.organisation),
        "legal_bases": [
            {"code": basis.code, "kind": basis.kind, "citation": words(basis.citation)}
            for basis in one.legal_bases.values()
        ],
    }


class OrganisationAnswer(Schema):
    """A department."""

    code = fields.String(required=True)
    name = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    division = fields.String(allow_none=True)
    parent = fields.String(allow_none=True)
    since = fields.String(allow_none=True)
    until = fields.String(allow_none=True)
    successors = fields.List(fields.Dict(), required=True)
    # Whose duties it took over, where one department is asked for.
    predecessors = fields.List(fields.Dict())


class EvidenceTypeAnswer(Schema):
    """An evidence type."""

    code = fields.String(required=True)
    name = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    description = fields.Dict(allow_none=True)
    provider = fields.Dict(required=True)
    subject_scheme = fields.String(required=True)
    classification = fields.Integer(required=True)
    share_type = fields.String(required=True)
    share_label = fields.Dict(required=True)
    share_citation = fields.Dict(allow_none=True)
    source_of_truth = fields.Dict(required=True)
    update_cycle = fields.String(allow_none=True)
    update_label = fields.Dict(allow_none=True)
    # Not named ``fields``: that would hide the schema's own register of fields.
    listed = fields.List(fields.Dict(), data_key="fields", required=True)
    predicates = fields.List(fields.Dict(), required=True)
    relations = fields.List(fields.Dict(), required=True)
    division = fields.String(allow_none=True)
    schema = fields.Dict(required=True)
    connected = fields.Boolean(required=True)
    # How its source has been doing at this node, where one evidence type is asked for.
    source = fields.Dict(allow_none=True)


class ServiceItemAnswer(Schema):
    """A service item."""

    code = fields.String(required=True)
    name = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    description = fields.Dict(allow_none=True)
    organisation = fields.Dict(required=True)
    legal_bases = fields.List(fields.Dict(), required=True)


class PageAnswer(Schema):
    """One page of a list; ``next`` is the ``after`` of the following page, null on the last."""

    total = fields.Integer(required=True)
    items = fields.List(fields.Dict(), required=True)
    next = fields.String(allow_none=True)
