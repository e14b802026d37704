"""What is derived from the catalogue: divisions at a day, the responsibility list, and the catalogue as DCAT-AP."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

import orjson
from marshmallow import Schema, fields

from exchange.catalogue import dcat
from exchange.catalogue.responsibility import as_csv, as_json, duties
from exchange.catalogue.views import words
from exchange.in_force.snapshot import Snapshot, current
from exchange.paging import page_size
from kernel.clock import Clock
from kernel.dates import CHINA
from kernel.identifiers.division import Division, DivisionTable, Succession
from kernel.lease import Lease
from kernel.problems import INVALID_BODY, NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, json_response

MOST_LINES = 10_000
"""Lines of the responsibility list in one answer; the rest is on the following pages."""
_CACHED = (("Cache-Control", "public, max-age=60"),)
_BAD_DAY = Text("on 应为真实日期 yyyy-mm-dd", "on is a real day, yyyy-mm-dd")
_BAD_AFTER = Text("after 应为上一页的 next", "after is the next of the page before")


@dataclass(frozen=True)
class Reports:
    """The endpoints; anyone may read them."""

    origin: str
    policy: Lease[Snapshot]
    clock: Clock

    def divisions(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/catalogue/divisions?on=``: what lies where on a day, today when none is named. Raises Problem."""
        day, table = self._day(http), current(self.policy).registry.divisions
        found = table.existing(day)
        return json_response({"on": day.isoformat(), "divisions": [*map(_division, found)]}, headers=_CACHED)

    def division(self, http: HttpRequest, code: str) -> HttpResponse:
        """``GET /v1/catalogue/divisions/<code>?on=``: who has the code that day, and what became of it.

        Raises Problem.
        """
        day, registry = self._day(http), current(self.policy).registry
        table = registry.divisions
        history = table.history(code)
        if not history:
            raise Problem(NOT_FOUND)
        now = table.at(code, day)
        said = {
            "code": code,
            "on": day.isoformat(),
            "division": None if now is None else _division(now),
            "history": [*map(_division, history)],
            "successions": [*map(_succession, table.successors(code, day))],
            "origins": [_origin(each, table) for each in table.origins(code, day)],
            "below": [*map(_division, table.descendants(code, day))] if now else [],
            "organisations": sorted(
                one.code
                for one in registry.organisations.values()
                if one.division == code and (one.since or day) <= day and (one.until is None or day < one.until)
            ),
        }
        return json_response(said, headers=_CACHED)

    def responsibility(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/catalogue/responsibility``. Raises Problem."""
        asked = http.parameters()
        start, limit = _start(asked.get("after", "")), page_size(asked.get("limit"))
        registry = current(self.policy).registry
        every = duties(registry, asked.get("organisation") or None, asked.get("service_item") or None)
        page = [*itertools.islice(every, start, start + limit + 1)]
        following = str(start + limit) if len(page) > limit else None
        return json_response({"lines": [*map(as_json, page[:limit])], "next": following}, headers=_CACHED)

    def responsibility_csv(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/catalogue/responsibility.csv``: at most 10,000 lines from ``after`` on. Raises Problem."""
        asked = http.parameters()
        start = _start(asked.get("after", ""))
        registry = current(self.policy).registry
        every = duties(registry, asked.get("organisation") or None, asked.get("service_item") or None)
        body = as_csv(itertools.islice(every, start, start + MOST_LINES), http.language)
        kind = (
            ("Content-Type", "text/csv; charset=utf-8; header=present"),
            ("Content-Disposition", 'attachment; filename="responsibility.csv"'),
            ("Vary", "Accept-Language"),
        )
        return HttpResponse(200, body.encode(), kind)

    def dcat(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/catalogue/dcat``: a page of evidence types as DCAT-AP. Raises Problem."""
        asked = http.parameters()
        limit, after = page_size(asked.get("limit")), asked.get("after", "")
        registry = current(self.policy).registry
        codes: Sequence[str] = [code for code in sorted(registry.evidence_types) if code > after]
        following = None
        if len(codes) > limit:
            following = f"{self.origin}/v1/catalogue/dcat?{urlencode({'after': codes[limit - 1], 'limit': limit})}"
        total = len(registry.evidence_types)
        page = dcat.catalogue(registry, self.origin, codes[:limit], total, following)
        return HttpResponse(200, orjson.dumps(page), (("Content-Type", dcat.MEDIA_TYPE), *_CACHED))

    def _day(self, http: HttpRequest) -> date:
        text = http.parameters().get("on", "")
        if not text:
            return self.clock.now().astimezone(CHINA).date()
        try:
            day = date.fromisoformat(text)
        except ValueError:
            raise Problem(INVALID_BODY, detail=_BAD_DAY) from None
        if day.isoformat() != text:
            raise Problem(INVALID_BODY, detail=_BAD_DAY)
        return day


def _start(after: str) -> int:
    if not after:
        return 0
    if not (after.isascii() and after.isdigit() and len(after) < 10):
        raise Problem(INVALID_BODY, detail=_BAD_AFTER)
    return int(after)


def _division(one: Division) -> dict[str, Any]:
    return {
        "code": one.code,
        "name": words(one.name),
        "level": one.level.value,
        "parent": one.parent,
        "since": one.since.isoformat() if one.since else None,
        "until": one.until.isoformat() if one.until else None,
    }


def _succession(one: Succession) -> dict[str, Any]:
    successor = _division(one.successor)
    return {"successor": successor, "extent": one.extent.value, "day": one.day.isoformat(), "note": words(one.note)}


def _origin(one: Succession, table: DivisionTable) -> dict[str, Any]:
    """Out of which division something came; the one that had the code last before that day."""
    before = [each for each in table.history(one.former) if each.since is None or each.since < one.day]
    name = words(before[-1].name) if before else None
    return {"former": one.former, "name": name, "extent": one.extent.value, "day": one.day.isoformat(),
            "note": words(one.note)}  # fmt: skip


class DivisionsAnswer(Schema):
    """Divisions on one day."""

    on = fields.String(required=True)
    divisions = fields.List(fields.Dict(), required=True)


class DivisionAnswer(Schema):
    """One code: who has it on a day, everybody who ever had it, where its territory went and came from by then."""

    code = fields.String(required=True)
    on = fields.String(required=True)
    division = fields.Dict(allow_none=True)
    history = fields.List(fields.Dict(), required=True)
    successions = fields.List(fields.Dict(), required=True)
    origins = fields.List(fields.Dict(), required=True)
    below = fields.List(fields.Dict(), required=True)
    organisations = fields.List(fields.String(), required=True)


class ResponsibilityAnswer(Schema):
    """Lines of the responsibility list."""

    lines = fields.List(fields.Dict(), required=True)
    next = fields.String(allow_none=True)


class DcatAnswer(Schema):
    """A JSON-LD document: ``dcat:Catalog`` with its datasets and service."""
