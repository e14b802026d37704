"""The endpoint by which officers see how the sources of their department have been doing, at the node that answers.

What is told is what look-ups showed: nothing is asked of a source for it, and nothing of its own words is repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from marshmallow import Schema, fields, validate

from connectors.source import Source
from exchange.access import Access
from exchange.catalogue import views
from exchange.catalogue.model import EvidenceType
from exchange.catalogue.naming import NamedAnswer, named_in
from exchange.catalogue.registry import Registry
from exchange.in_force.snapshot import current
from exchange.paging import page_size
from kernel.canonical import JSON
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, json_response
from policies.roles import WATCHERS

_BAD_SHOW = Text("show 应为 all 或 trouble", "show is all or trouble")


@dataclass(frozen=True)
class SourceDesk:
    """The endpoint. ``access`` lets officers in: by a token at the API, by a session at the pages."""

    access: Access

    def list(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/department/sources``: of the evidence the officer's department provides, by code.

        Whoever watches over all departments sees all. Raises Problem.
        """
        officer, asked = self.access.officer(http), http.parameters()
        limit, after, show = page_size(asked.get("limit")), asked.get("after", ""), asked.get("show", "all")
        if show not in {"all", "trouble"}:
            raise Problem(INVALID_BODY, detail=_BAD_SHOW)
        self.access.spend(officer.caller)
        snapshot, everybody = current(self.access.policy), bool(officer.officer.roles & WATCHERS)
        kinds = [
            each
            for each in snapshot.registry.evidence_types.values()
            if each.code > after and (everybody or each.provider == officer.officer.organisation)
        ]
        troubled = show == "trouble"
        found = [
            each
            for each in sorted(kinds, key=lambda each: each.code)
            if not troubled or _in_trouble(snapshot.sources.get(each.code))
        ]
        page = found[:limit]
        listed: Sequence[JSON] = [_view(each, snapshot.sources.get(each.code), snapshot.registry) for each in page]
        return json_response({"sources": listed, "next": page[-1].code if len(found) > limit else None})


def _in_trouble(one: Source | None) -> bool:
    """Whether somebody has to look: it is missing, fails, is out of reach, or has another shape than described."""
    if one is None:
        return True
    unreachable = one.standing is not None and one.standing.since is not None
    changed = any(change.kind != "new" for change in one.watch.changes())
    return unreachable or changed or one.health().failures > 0


def _view(kind: EvidenceType, one: Source | None, registry: Registry) -> dict[str, JSON]:
    health = None if one is None else one.health()
    return {
        "evidence_type": named_in(registry.evidence_types, kind.code),
        "provider": named_in(registry.organisations, kind.provider),
        "by_hand": one is not None and one.responder is not None,
        "trouble": _in_trouble(one),
        "source": views.source(one),
        "failures": 0 if health is None else health.failures,
        "in_flight": 0 if one is None else one.in_flight,
        "last_success": None if health is None else _said(health.last_success),
        "last_failure": None if health is None else _said(health.last_failure),
    }


def _said(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()


_Measures = Schema.from_dict(
    {
        "answers": fields.Integer(required=True),
        **{
            name: fields.Float(required=True, allow_none=True)
            for name in ("completeness", "validity", "timeliness", "codes")
        },
    },
    name="SourceMeasures",
)
_Copy = Schema.from_dict(
    {name: fields.String(required=True, allow_none=True) for name in ("as_of", "unreachable_since")},
    name="SourceCopyStanding",
)
_ShapeChange = Schema.from_dict(
    {name: fields.String(required=True) for name in ("kind", "field", "since")}, name="SourceShapeChange"
)
_Standing = Schema.from_dict(
    {
        "state": fields.String(required=True, validate=validate.OneOf(("closed", "open", "half-open"))),
        "trust_grade": fields.String(required=True),
        "copy": fields.Nested(_Copy, required=True, allow_none=True),
        "quality": fields.Nested(_Measures, required=True),
        "changes": fields.List(fields.Nested(_ShapeChange), required=True),
    },
    name="SourceStanding",
)


class DepartmentSourceAnswer(Schema):
    """How the source of an evidence type has been doing; ``source`` is null where it is not connected at this node."""

    evidence_type = fields.Nested(NamedAnswer, required=True)
    provider = fields.Nested(NamedAnswer, required=True)
    by_hand = fields.Boolean(required=True)
    trouble = fields.Boolean(required=True)
    source = fields.Nested(_Standing, required=True, allow_none=True)
    failures = fields.Integer(required=True)
    in_flight = fields.Integer(required=True)
    last_success = fields.String(required=True, allow_none=True)
    last_failure = fields.String(required=True, allow_none=True)


class DepartmentSourcesAnswer(Schema):
    """Sources by code of their evidence type; ``next`` is the ``after`` of the following page."""

    sources = fields.List(fields.Nested(DepartmentSourceAnswer), required=True)
    next = fields.String(required=True, allow_none=True)
