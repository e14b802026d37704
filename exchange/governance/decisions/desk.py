"""The endpoints of logged decisions: the newest, and one of them with its clauses. Officers alone."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
from marshmallow import Schema, fields, validate
from sqlalchemy import Connection

from exchange import errors
from exchange.access import Access
from exchange.catalogue.naming import NamedAnswer
from exchange.governance.decisions.retelling import DecisionName, Result, entries_of
from exchange.governance.decisions.views import decision_view, line_view
from exchange.governance.forms import ClauseAnswer
from exchange.in_force.snapshot import current
from exchange.paging import page_size, place_before
from exchange.store import decisions
from exchange.store.decisions import LoggedDecision
from kernel.ledger.log import Ledger
from kernel.problems import Problem
from kernel.web.http import HttpRequest, HttpResponse, json_response
from policies.roles import Officer, Role

READERS = frozenset({Role.AUDITOR, Role.DATA_PROTECTION_OFFICER})
"""Who reads every decision; any other officer those of the own department: it asked, or the evidence is its own."""
MOST_LOOKED_AT = 2_000
"""Decisions that one page is looked for among: few may be the reader's, and ``next`` goes on from there."""


@dataclass(frozen=True)
class Decisions:
    """The endpoints of logged decisions."""

    access: Access
    ledger: Ledger

    def list(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/decisions``: those this officer may read, newest first. Raises Problem."""
        officer = self.access.officer(http)
        asked = http.parameters()
        limit, before = page_size(asked.get("limit")), place_before(asked.get("before"))
        self.access.spend(officer.caller)
        registry = current(self.access.policy).registry
        with self.access.database.read() as connection:
            found, following = _page(connection, officer.officer, limit, before)
        return json_response({"decisions": [line_view(one, registry) for one in found], "next": following})

    def show(self, http: HttpRequest, decision: str) -> HttpResponse:
        """``GET /v1/decisions/<decision>``: what was asked and said, by clause, and made again. Raises Problem."""
        officer = self.access.officer(http)
        self.access.spend(officer.caller)
        snapshot, name = current(self.access.policy), DecisionName.parse(decision)
        if name is None:
            raise Problem(errors.DECISION_UNKNOWN)
        about = self.ledger.of_item(name.request, str(name.item))
        with self.access.database.read() as connection:
            entries = entries_of(connection, name, about)
            if not entries or not _reads(officer.officer, entries[-1].parties):
                raise Problem(errors.DECISION_UNKNOWN)  # another department's looks exactly like none
            return json_response(decision_view(connection, snapshot, name, entries, http.language))


def _reads(officer: Officer, parties: tuple[str, str]) -> bool:
    return not READERS.isdisjoint(officer.roles) or officer.organisation in parties


def _page(
    connection: Connection, officer: Officer, limit: int, before: int | None
) -> tuple[list[LoggedDecision], int | None]:
    """A page, and the entry that the following one begins before; None where the log ends."""
    looked_at = decisions.latest(connection, before, MOST_LOOKED_AT)
    found: list[LoggedDecision] = []
    for one in looked_at:
        if len(found) == limit:
            return found, found[-1].entry
        asked = orjson.loads(one.asked)
        if _reads(officer, (asked["organisation"], asked["provider"])):
            found.append(one)
    return found, looked_at[-1].entry if len(looked_at) == MOST_LOOKED_AT else None


class ReasonAnswer(Schema):
    """Why nothing left, also where policies permitted it or were not asked."""

    code = fields.String(required=True)
    text = fields.String(required=True)


class VerdictAnswer(Schema):
    """What policies said. Of a refusal ``clauses`` are those not met, of a permit all those met."""

    decision = fields.String(required=True, validate=validate.OneOf(("permit", "deny")))
    grants = fields.List(fields.String(), required=True)
    clauses = fields.List(fields.Nested(ClauseAnswer))
    code = fields.String()
    release = fields.Dict(keys=fields.String(), values=fields.String())
    predicates = fields.List(fields.String())
    obligations = fields.List(fields.String())
    quotas = fields.List(fields.String())


class AgainAnswer(Schema):
    """The decision made again by the rules of then; ``said`` where it comes out otherwise."""

    result = fields.String(required=True, validate=validate.OneOf([one.value for one in Result]))
    text = fields.String(required=True)
    said = fields.Nested(VerdictAnswer)


class DecisionEntryAnswer(Schema):
    """One ledger entry that a decision stands in. Without ``asked`` policies were not asked: ``reason`` says why."""

    entry = fields.Integer(required=True)
    event = fields.String(required=True)
    recorded_at = fields.DateTime(required=True)
    reason = fields.Nested(ReasonAnswer, required=True, allow_none=True)
    asked = fields.Dict(required=True, allow_none=True)
    said = fields.Nested(VerdictAnswer, required=True, allow_none=True)
    again = fields.Nested(AgainAnswer, required=True, allow_none=True)


_PARTIES = {
    name: fields.Nested(NamedAnswer, required=True)
    for name in ("consumer", "provider", "evidence_type", "service_item")
}

DecisionAnswer = Schema.from_dict(
    {
        "decision": fields.String(required=True),
        "request": fields.String(required=True),
        "item": fields.Integer(required=True),
        **_PARTIES,
        "entries": fields.List(fields.Nested(DecisionEntryAnswer), required=True),
    },
    name="DecisionAnswer",
)
"""A decision with every ledger entry that it stands in, oldest first: usually one."""

_DecisionLine = Schema.from_dict(
    {
        "decision": fields.String(required=True),
        "entry": fields.Integer(required=True),
        "at": fields.DateTime(required=True),
        **_PARTIES,
        "said": fields.String(required=True, validate=validate.OneOf(("permit", "deny"))),
        "code": fields.String(required=True, allow_none=True),
        "outcome": fields.String(required=True),
    },
    name="DecisionLine",
)
DecisionsAnswer = Schema.from_dict(
    {
        "decisions": fields.List(fields.Nested(_DecisionLine), required=True),
        "next": fields.Integer(required=True, allow_none=True),
    },
    name="DecisionsAnswer",
)
"""Decisions, newest first; ``next`` is the ``before`` of the following page."""
