"""Which officer looked up what in which case: for the provider whose data it was, and for those who watch. No payloads,
and nothing of whom it was about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from marshmallow import Schema, fields

from exchange.access import Access
from exchange.paging import page_size
from exchange.periods import period
from exchange.store import look_ups
from exchange.store.look_ups import LookUp, Wanted
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, json_response
from policies.roles import Role

SEES_ALL = frozenset({Role.AUDITOR, Role.DATA_PROTECTION_OFFICER, Role.SECURITY_ADMINISTRATOR})
READERS = (Role.PROVIDER_OFFICER, *sorted(SEES_ALL))
_LONGEST_NAME = 128
_MOST_DIGITS = 15
_BAD_BEFORE = Text("before 应为上一页的 next", "before is the next of the page before")


@dataclass(frozen=True)
class Trace:
    """``GET /v1/officer-look-ups``."""

    access: Access
    clock: Clock

    def list(self, http: HttpRequest) -> HttpResponse:
        """Newest first; a providing department sees look-ups of its own data. Raises Problem."""
        officer = self.access.officer(http, *READERS)
        asked = http.parameters()
        limit = page_size(asked.get("limit"))
        since, until = period(asked, self.clock.now())
        wanted = Wanted(
            provider=None if officer.officer.roles & SEES_ALL else officer.officer.organisation,
            officer=_named(asked, "officer"),
            case=_named(asked, "case"),
            since=since,
            until=until,
            before=_before(asked.get("before")),
        )
        self.access.spend(officer.caller)
        with self.access.database.read() as connection:
            found = look_ups.page(connection, wanted, limit + 1)
        following = found[limit - 1].entry if len(found) > limit else None
        return json_response({"look_ups": [_view(one) for one in found[:limit]], "next": following})


def _named(asked: Mapping[str, str], name: str) -> str | None:
    return asked[name][:_LONGEST_NAME] if asked.get(name) else None


def _before(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise Problem(INVALID_BODY, detail=_BAD_BEFORE)
    return int(text)


def _view(one: LookUp) -> dict[str, JSON]:
    return {
        "officer": one.officer,
        "consumer": one.consumer,
        "system": one.system,
        "case": one.case,
        "service_item": one.service_item,
        "legal_basis": one.legal_basis,
        "provider": one.provider,
        "evidence_type": one.evidence_type,
        "asked": [*one.asked.split()],
        "relation": one.relation,
        "outcome": one.outcome,
        "entry": one.entry,
        "at": one.at.isoformat(),
        "chosen_over": [{**over} for over in one.chosen_over],
    }


class LookUpAnswer(Schema):
    """One look-up: ``officer`` is the same name for the same officer always, and tells nobody who that is; ``asked``
    names fields and questions; ``entry`` is the log's; ``chosen_over`` names other evidence that would have done, and
    why it was not asked for.
    """

    officer = fields.String(required=True)
    consumer = fields.String(required=True)
    system = fields.String(required=True)
    case = fields.String(required=True)
    service_item = fields.String(required=True)
    legal_basis = fields.String(required=True)
    provider = fields.String(required=True)
    evidence_type = fields.String(required=True)
    asked = fields.List(fields.String(), required=True)
    relation = fields.String(required=True)
    outcome = fields.String(required=True)
    entry = fields.Integer(required=True)
    at = fields.String(required=True)
    chosen_over = fields.List(fields.Dict(), required=True)


class LookUpsAnswer(Schema):
    """Look-ups by officers, newest first; ``next`` is the ``before`` of the following page."""

    look_ups = fields.List(fields.Nested(LookUpAnswer), required=True)
    next = fields.Integer(required=True, allow_none=True)
