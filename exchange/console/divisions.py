"""Administrative divisions on pages: which there are on a day, what became of one, and out of what it was formed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote, urlencode

from exchange.catalogue.reports import Reports
from exchange.console.attempt import HOME
from exchange.console.door import Door, Visitor, page
from exchange.console.inside import asking, told
from exchange.console.words import text_of
from exchange.in_force.snapshot import current
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.pages import t
from kernel.web.routes import Route

DIVISIONS = f"{HOME}/catalogue/divisions"


@dataclass(frozen=True)
class DivisionPages:
    """The pages of divisions. ``reports`` are the API's own, open to anybody."""

    door: Door
    reports: Reports

    def list(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """Those that exist on a day, today where none is named; a day that is none is said on the form."""
        asked = request.parameters().get("on", "").strip()
        try:
            found, error = told(self.reports.divisions(asking(request, _on(asked)))), ""
        except Problem as problem:
            if problem.kind is not INVALID_BODY:
                raise
            found, error = told(self.reports.divisions(asking(request))), t(problem.detail or problem.kind.title)
        return page(
            "divisions",
            visitor,
            request,
            status=422 if error else 200,
            title=Text("行政区划", "Administrative divisions"),
            rows=lives_of(found["divisions"], found["on"]),
            day=date.fromisoformat(found["on"]),
            on=asked if error else found["on"],
            error=error,
            back=f"{HOME}/catalogue",
        )

    def show(self, visitor: Visitor, request: HttpRequest, code: str) -> HttpResponse:
        """Who had a code, what lies below it, and what became of its territory by a day. Raises Problem."""
        asked = request.parameters().get("on", "").strip()
        found = told(self.reports.division(asking(request, _on(asked)), code))
        standing = found["division"]
        return page(
            "division",
            visitor,
            request,
            title=text_of((standing or found["history"][-1])["name"]),
            code=found["code"],
            day=date.fromisoformat(found["on"]),
            is_there=standing is not None,
            lives=lives_of(found["history"]),
            gone=successions_of(found["successions"]),
            formed=[
                (
                    text_of(one["name"]) if one["name"] else Text(one["former"], one["former"]),
                    f"{DIVISIONS}/{quote(one['former'], safe='')}",
                    *_part(one),
                )
                for one in found["origins"]
            ],
            below=lives_of(found["below"], found["on"]),
            departments=[*self._departments(found["organisations"])],
            back=f"{DIVISIONS}?{urlencode({'on': found['on']})}",
        )

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        said = Text("行政区划", "Administrative divisions")
        return (
            self.door.route("GET", "/catalogue/divisions", self.list, said),
            self.door.route("GET", "/catalogue/divisions/<code>", self.show, said),
        )

    def _departments(self, codes: Iterable[str]) -> Iterable[tuple[Text, str]]:
        known = current(self.door.access.policy).registry.organisations
        for code in codes:
            name = known[code].name if code in known else Text(code, code)
            yield name, f"{HOME}/catalogue/organisations/{quote(code, safe='')}"


def lives_of(divisions: Iterable[Mapping[str, Any]], on: str = "") -> list[dict[str, Any]]:
    """Divisions as rows: from when until when each exists, and where its page is, if it has a code."""
    day = f"?{urlencode({'on': on})}" if on else ""
    return [
        {
            "name": text_of(one["name"]),
            "code": one["code"],
            "level": LEVELS.get(one["level"], Text(one["level"], one["level"])),
            "since": date.fromisoformat(one["since"]) if one["since"] else None,
            "until": date.fromisoformat(one["until"]) if one["until"] else None,
            "href": f"{DIVISIONS}/{quote(one['code'], safe='')}{day}" if one["code"] else "",
        }
        for one in divisions
    ]


def successions_of(successions: Iterable[Mapping[str, Any]]) -> list[tuple[Text, str, Text, date, Text | None]]:
    """To whom territory went: name, page (of one with a code), how much, from when, and what is noted."""
    found = []
    for one in successions:
        code = one["successor"]["code"]
        href = f"{DIVISIONS}/{quote(code, safe='')}" if code else ""
        found.append((text_of(one["successor"]["name"]), href, *_part(one)))
    return found


def _part(one: Mapping[str, Any]) -> tuple[Text, date, Text | None]:
    note = one["note"]
    return PARTS[one["extent"]], date.fromisoformat(one["day"]), None if note is None else text_of(note)


def _on(day: str) -> str:
    return urlencode({"on": day}) if day else ""


LEVELS: Mapping[str, Text] = {
    "municipality": Text("直辖市", "municipality"),
    "district": Text("区", "district"),
    "county": Text("县", "county"),
    "autonomous-county": Text("自治县", "autonomous county"),
}
PARTS: Mapping[str, Text] = {
    "remainder": Text("全部（其余）区域", "all the rest of its territory"),
    "part": Text("部分区域", "a part of its territory"),
}
"""How much of a division's territory went over."""
