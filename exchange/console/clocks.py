"""The rules that clocks are counted by: the working-day calendar and the service levels; read by all, changed by some.

A change is looked at before it is written: the page says which deadlines would move, and from which day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote

from exchange.clocks.desk import EDITORS, RuleDesk
from exchange.console.attempt import HOME
from exchange.console.clock_words import CALENDAR, FIELDS, PROFILE, body_of, typed_of
from exchange.console.door import Door, Visitor, page
from exchange.console.forms import Said, drawn, sayings
from exchange.console.inside import as_json_post, asking, told
from exchange.console.words import SHARES, text_of
from kernel.problems import INVALID_BODY, NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import t
from kernel.web.routes import Route
from policies.clocks.profile import STAGES, ShareType, Stage

CLOCKS = f"{HOME}/clocks"
_LONGEST_NAME = 64
_A_MOMENT = timedelta(microseconds=1)
"""A deadline is the midnight after the last working day; people say that day."""


@dataclass(frozen=True)
class ClockPages:
    """The pages of calendars and service levels. ``desk`` is the API's own, entered by a session."""

    door: Door
    desk: RuleDesk

    def listed(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """Every year and every service level, with the versions that count, counted or will count."""
        return page(
            "clocks",
            visitor,
            request,
            title=Text("工作日历与办理时限", "Working-day calendar and time limits"),
            groups=[
                (kind, label, [_row(kind, one) for one in reversed(self._versions(request, kind))])
                for kind, label in _KINDS.items()
            ],
            editing=_edits(visitor),
        )

    def show(self, visitor: Visitor, request: HttpRequest, kind: str, name: str) -> HttpResponse:
        """One year or service level: the version in force, or that of the day asked for. Raises Problem."""
        versions = self._of(request, kind, name)
        asked = request.parameters().get("from", "")
        counting = [one for one in versions if one["status"] == "in-force"] or versions
        chosen = next((one for one in versions if one["effective_from"] == asked), counting[-1])
        return page(
            "clock",
            visitor,
            request,
            title=_title(kind, chosen),
            version=_row(kind, chosen),
            facts=[*_facts(kind, chosen)],
            rules=[_rule(rule) for rule in chosen.get("rules", ())],
            versions=[_row(kind, one) for one in reversed(versions) if one is not chosen],
            edit=f"{_address(kind, name)}/edit" if _edits(visitor) else "",
            back=CLOCKS,
        )

    def begin(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """From the name of a year or service level to its form. Raises Problem."""
        del visitor
        asked = request.parameters()
        kind, name = asked.get("kind", ""), asked.get("name", "").strip()
        if kind not in _KINDS or not 0 < len(name) <= _LONGEST_NAME or "/" in name:
            return redirect(CLOCKS)
        return redirect(f"{_address(kind, name)}/edit")

    def edit(self, visitor: Visitor, request: HttpRequest, kind: str, name: str) -> HttpResponse:
        """The form of a new version, filled with the newest there is. Raises Problem."""
        found = [one for one in self._versions(request, kind) if _name(kind, one) == name]
        typed = typed_of(kind, found[-1]) if found else {"general": "no"}
        return self._form(visitor, request, kind, name, {**typed, "effective_from": ""})

    def save(self, visitor: Visitor, request: HttpRequest, kind: str, name: str) -> HttpResponse:
        """Say what it would do, or write it: as the button says. Raises Problem."""
        typed = request.form()
        if kind not in _KINDS:
            raise Problem(NOT_FOUND)
        body = as_json_post(request, body_of(kind, typed))
        try:
            if typed.get("action") == "save":
                self._endpoints()[kind, "save"](body, name)
                return redirect(f"{_address(kind, name)}?from={quote(typed.get('effective_from', '').strip())}")
            seen = told(self._endpoints()[kind, "preview"](body, name))
        except Problem as problem:
            if problem.kind is not INVALID_BODY:
                raise
            return self._form(visitor, request, kind, name, typed, sayings(problem, FIELDS[kind]))
        return self._form(visitor, request, kind, name, typed, preview=_preview(kind, seen))

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        door, editors, one = self.door, frozenset(EDITORS), "/clocks/<kind>/<name>"
        shown, written = Text("工作日历与办理时限", "Calendar and time limits"), Text("写入新版本", "A new version")
        return (
            door.route("GET", "/clocks", self.listed, shown),
            door.route("GET", "/clocks/new", self.begin, written, editors),
            door.route("GET", one, self.show, shown),
            door.route("GET", f"{one}/edit", self.edit, written, editors),
            door.route("POST", f"{one}/edit", self.save, written, editors),
        )

    def _endpoints(self) -> Mapping[tuple[str, str], Callable[[HttpRequest, str], HttpResponse]]:
        desk = self.desk
        return {
            (CALENDAR, "save"): desk.change_year,
            (CALENDAR, "preview"): desk.preview_year,
            (PROFILE, "save"): desk.change_profile,
            (PROFILE, "preview"): desk.preview_profile,
        }

    def _versions(self, request: HttpRequest, kind: str) -> list[Any]:
        if kind not in _KINDS:
            raise Problem(NOT_FOUND)
        rooms = {CALENDAR: (self.desk.calendar, "tables"), PROFILE: (self.desk.profiles, "profiles")}
        room, member = rooms[kind]
        return [*told(room(asking(request)))[member]]

    def _of(self, request: HttpRequest, kind: str, name: str) -> list[Any]:
        found = [one for one in self._versions(request, kind) if _name(kind, one) == name]
        if not found:
            raise Problem(NOT_FOUND)
        return found

    def _form(
        self, visitor: Visitor, request: HttpRequest, kind: str, name: str, typed: Mapping[str, str],
        say: Said | None = None, preview: dict[str, Any] | None = None,
    ) -> HttpResponse:  # fmt: skip
        return page(
            "clock_form",
            visitor,
            request,
            title=Text(f"{_KINDS[kind].zh}：{name}", f"{_KINDS[kind].en}: {name}"),
            **drawn(FIELDS[kind], typed, say),
            preview=preview,
            kind=kind,
            back=CLOCKS,
        )


def _edits(visitor: Visitor) -> bool:
    return not frozenset(EDITORS).isdisjoint(visitor.roles)


def _row(kind: str, one: Mapping[str, Any]) -> dict[str, Any]:
    tone, label = _STATES[one["status"]]
    name = _name(kind, one)
    return {
        "name": name,
        "title": _title(kind, one),
        "href": f"{_address(kind, name)}?from={one['effective_from']}",
        "from": date.fromisoformat(one["effective_from"]),
        "tone": tone,
        "label": label,
        "citation": text_of(one["citation"]),
    }


def _facts(kind: str, one: Mapping[str, Any]) -> list[tuple[str, str]]:
    separator, none = t("、", ", "), t("无", "none")
    facts = [(t("依据", "Citation"), t(text_of(one["citation"])))]
    if kind == CALENDAR:
        facts.append((t("放假", "Holidays"), separator.join(one["holidays"]) or none))
        facts.append((t("调休上班", "Weekend days that are worked"), separator.join(one["workdays"]) or none))
    else:
        whom = t("没有专门时限的提供部门", "providers without one of their own")
        facts.append((t("适用", "For"), whom if one["general"] else separator.join(one["organisations"])))
    return facts


def _rule(rule: Mapping[str, Any]) -> tuple[Text, Text, Text, int]:
    kind = SHARES[rule["share_type"]] if "share_type" in rule else _ANY
    return STAGES[Stage(rule["stage"])], kind, _PUBLISHED[rule.get("published")], rule["days"]


def _preview(kind: str, seen: Mapping[str, Any]) -> dict[str, Any]:
    """What was found, as rows; a deadline is named by its last day."""
    common = {
        "from": date.fromisoformat(seen["effective_from"]),
        "running": seen["running"],
        "truncated": seen["truncated"],
    }
    if kind == CALENDAR:
        rows = [(one["id"], text_of(one["text"]), _day(one["before"]), _day(one["after"])) for one in seen["requests"]]
        return {**common, **{name: seen[name] for name in ("earlier", "later")}, "rows": rows}
    steps = [
        (text_of(one["text"]), SHARES[ShareType(one["share_type"]).value], _PUBLISHED[one["published"]], one["before"],
         one["after"])
        for one in seen["steps"]
    ]  # fmt: skip
    return {**common, "steps": steps}


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text) - _A_MOMENT


def _title(kind: str, one: Mapping[str, Any]) -> Text:
    if kind == CALENDAR:
        return Text(f"{one['year']} 年的放假与调休", f"Holidays and make-up days of {one['year']}")
    return text_of(one["title"])


def _name(kind: str, one: Mapping[str, Any]) -> str:
    return str(one["year"]) if kind == CALENDAR else str(one["id"])


def _address(kind: str, name: str) -> str:
    return f"{CLOCKS}/{kind}/{quote(name)}"


_KINDS = {CALENDAR: Text("工作日历", "Working-day calendar"), PROFILE: Text("办理时限", "Time limits")}
_STATES = {
    "in-force": ("good", Text("现行", "in force")),
    "announced": ("near", Text("尚未起算", "announced")),
    "replaced": ("calm", Text("已被取代", "replaced")),
}
_ANY = Text("不论", "any")
_PUBLISHED = {True: Text("已发布", "published"), False: Text("未发布", "not published"), None: _ANY}
