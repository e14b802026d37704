"""The endpoints of calendar tables and service levels: anyone reads them, governance and system officers change them.

A change counts from a day that has not passed: what was in time yesterday does not become late today.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from exchange.access import Access, AuthorisedOfficer
from exchange.clocks.forms import CALENDAR_FORM, PROFILE_FORM
from exchange.clocks.preview import calendar_preview, profile_preview
from exchange.clocks.rules import CALENDAR, PROFILE, Rules, read
from exchange.clocks.writing import RuleWriter
from exchange.forms import read as read_form
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.dates import local_day
from kernel.problems import INVALID_BODY, NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, json_response
from policies.clocks.calendar import CalendarTable, InvalidClockRule, in_force
from policies.clocks.document import profile_from_json, profile_to_json, table_from_json, table_to_json
from policies.clocks.profile import SlaProfile, profiles_in_force
from policies.roles import Role

T = TypeVar("T", CalendarTable, SlaProfile)

EDITORS = (Role.GOVERNANCE_OFFICER, Role.SYSTEM_ADMINISTRATOR)
_PAST = Text("生效日期不能早于今天", "The day it counts from must not have passed")


@dataclass(frozen=True)
class RuleDesk:
    """The endpoints of the rules that clocks are counted by."""

    access: Access
    writer: RuleWriter
    clock: Clock

    def calendar(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/calendar``: every table there is."""
        del http
        rules = self._rules()
        return json_response({"tables": _views(rules.tables, in_force(rules.tables, self._today()), table_to_json)})

    def year(self, http: HttpRequest, year: str) -> HttpResponse:
        """``GET /v1/calendar/<year>``: the table in force. Raises Problem (resource.not-found)."""
        del http
        counting = in_force(self._rules().tables, self._today())
        return _only([table for table in counting if str(table.year) == year], table_to_json)

    def profiles(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/sla-profiles``: every profile and version."""
        del http
        rules = self._rules()
        counting = profiles_in_force(rules.profiles, self._today())
        return json_response({"profiles": _views(rules.profiles, counting, profile_to_json)})

    def profile(self, http: HttpRequest, profile: str) -> HttpResponse:
        """``GET /v1/sla-profiles/<profile>``: the version in force. Raises Problem (resource.not-found)."""
        del http
        counting = profiles_in_force(self._rules().profiles, self._today())
        return _only([one for one in counting if one.id == profile], profile_to_json)

    def change_year(self, http: HttpRequest, year: str) -> HttpResponse:
        """``PUT /v1/calendar/<year>``. Raises Problem."""
        officer = self.access.officer(http, *EDITORS)
        table = self._table(http, year)
        return self._write(officer, CALENDAR, table, table_to_json(table))

    def preview_year(self, http: HttpRequest, year: str) -> HttpResponse:
        """``POST /v1/calendar/<year>/preview``: what the same body would do to clocks that run. Raises Problem."""
        officer = self.access.officer(http, *EDITORS)
        table = self._table(http, year)
        self.access.spend(officer.caller)
        with self.access.database.read() as connection:
            said = calendar_preview(connection, read(connection), table, self._today(), officer.officer)
        return json_response(said)

    def change_profile(self, http: HttpRequest, profile: str) -> HttpResponse:
        """``PUT /v1/sla-profiles/<profile>``. Raises Problem."""
        officer = self.access.officer(http, *EDITORS)
        wanted = self._profile(http, profile)
        return self._write(officer, PROFILE, wanted, profile_to_json(wanted))

    def preview_profile(self, http: HttpRequest, profile: str) -> HttpResponse:
        """``POST /v1/sla-profiles/<profile>/preview``: which steps the same body would change. Raises Problem."""
        officer = self.access.officer(http, *EDITORS)
        wanted = self._profile(http, profile)
        self.access.spend(officer.caller)
        with self.access.database.read() as connection:
            return json_response(profile_preview(connection, read(connection), wanted, self._today()))

    def _table(self, http: HttpRequest, year: str) -> CalendarTable:
        number = int(year) if year.isascii() and year.isdigit() and len(year) == len("2026") else 0
        return self._made(table_from_json, {"year": number, **read_form(CALENDAR_FORM, http)})

    def _profile(self, http: HttpRequest, profile: str) -> SlaProfile:
        return self._made(profile_from_json, {"id": profile, **read_form(PROFILE_FORM, http)})

    def _made(self, parse: Callable[[Any], T], document: dict[str, Any]) -> T:
        try:
            made = parse(document)
        except InvalidClockRule as fault:
            raise Problem(INVALID_BODY, detail=fault.reason) from None
        if made.effective_from < self._today():
            raise Problem(INVALID_BODY, detail=_PAST)
        return made

    def _write(
        self, officer: AuthorisedOfficer, kind: str, made: CalendarTable | SlaProfile, document: dict[str, JSON]
    ) -> HttpResponse:
        self.writer.write(officer, kind, _name(made), made.effective_from, document)
        status = "in-force" if made.effective_from == self._today() else "announced"
        return json_response({**document, "status": status})

    def _rules(self) -> Rules:
        with self.access.database.read() as connection:
            return read(connection)

    def _today(self) -> date:
        return local_day(self.clock.now())


def _views(every: Sequence[T], counting: Sequence[T], to_json: Callable[[T], dict[str, JSON]]) -> list[dict[str, JSON]]:
    latest = {(_name(one), one.effective_from): one for one in every}  # written on the same day: the later one
    starts = {_name(one): one.effective_from for one in counting}
    return [
        {**to_json(one), "status": _status(one.effective_from, starts.get(_name(one)))}
        for (_, _day), one in sorted(latest.items())
    ]


def _name(one: CalendarTable | SlaProfile) -> str:
    return str(one.year) if isinstance(one, CalendarTable) else one.id


def _status(starts: date, counting: date | None) -> str:
    if counting is None or starts > counting:
        return "announced"
    return "in-force" if starts == counting else "replaced"


def _only(found: Sequence[T], to_json: Callable[[T], dict[str, JSON]]) -> HttpResponse:
    if not found:
        raise Problem(NOT_FOUND)
    return json_response({**to_json(found[0]), "status": "in-force"})
