"""The responsibility list: which service item needs which material, from which department, which item; and as CSV."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from exchange.catalogue.reports import MOST_LINES, Reports
from exchange.console.attempt import HOME
from exchange.console.door import Door, Visitor, page
from exchange.console.forms import Field, filled
from exchange.console.inside import asking, told
from exchange.console.words import SHARES
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.pages import t
from kernel.web.routes import Route

DUTIES = f"{HOME}/responsibility"
OWN, ALL = "own", "all"
_FILTERS = ("organisation", "service_item")
_LONGEST = 64


@dataclass(frozen=True)
class DutyPages:
    """The page of the responsibility list. ``reports`` are the API's own, open to anybody."""

    door: Door
    reports: Reports

    def show(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """One page of lines; of the officer's own department, of all, or of what the filters name. Raises Problem."""
        asked = request.parameters()
        query, shown = _query(visitor, asked), asked.get("show", OWN)
        after = {"after": asked["after"]} if asked.get("after") else {}
        found = told(self.reports.responsibility(asking(request, urlencode({**query, **after}))))
        kept = {name: value for name, value in asked.items() if name in ("show", *_FILTERS) and value}
        following = urlencode({**kept, "after": found["next"]}) if found["next"] else ""
        named = any(asked.get(name, "").strip() for name in _FILTERS)
        return page(
            "responsibility",
            visitor,
            request,
            title=Text("数据共享责任清单", "The responsibility list"),
            rows=[_row(line) for line in found["lines"]],
            fields=filled(_FIELDS, asked, {}),
            tabs=[(f"{DUTIES}?show={name}", label, name == shown and not named) for name, label in _TABS.items()],
            download=f"{DUTIES}.csv?{urlencode({**kept, **after})}",
            most=MOST_LINES,
            following=f"{DUTIES}?{following}" if following else "",
        )

    def download(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """The same lines as a table for a spreadsheet, in the reader's language. Raises Problem."""
        asked = request.parameters()
        after = {"after": asked["after"]} if asked.get("after") else {}
        return self.reports.responsibility_csv(asking(request, urlencode({**_query(visitor, asked), **after})))

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        said = Text("数据共享责任清单", "The responsibility list")
        table = Text("责任清单（CSV）", "The responsibility list as CSV")
        return (
            self.door.route("GET", "/responsibility", self.show, said),
            self.door.route("GET", "/responsibility.csv", self.download, table),
        )


def _query(visitor: Visitor, asked: dict[str, str]) -> dict[str, str]:
    """What the report is asked for. A filter beats the tab. Raises Problem."""
    named = {name: asked[name].strip() for name in _FILTERS if asked.get(name, "").strip()}
    if any(len(value) > _LONGEST for value in named.values()):
        raise Problem(INVALID_BODY)
    own = {"organisation": visitor.officer.officer.organisation} if asked.get("show", OWN) == OWN else {}
    return named or own


def _row(line: dict[str, Any]) -> dict[str, Any]:
    return {
        "service_item": _said(line["service_item_name"]),
        "service_item_code": line["service_item"],
        "service_item_href": f"{HOME}/catalogue/service-items/{quote(line['service_item'])}",
        "requirement": _said(line["requirement_name"]),
        "material": _said(line["evidence_type_name"]),
        "material_href": f"{HOME}/catalogue/evidence-types/{quote(line['evidence_type'])}",
        "source": _said(line["source_name"]),
        "item": _said(line["item_name"]),
        "code": line["item"],
        "share": SHARES.get(line["share_type"], Text(line["share_type"], line["share_type"])),
        "tone": "good" if line["connected"] else "near",
        "connection": _CONNECTED if line["connected"] else _NOT_CONNECTED,
    }


def _said(name: dict[str, str]) -> str:
    return t(name["zh"], name["en"])


_CONNECTED, _NOT_CONNECTED = Text("已接入", "connected"), Text("未接入", "not connected")
_FIELDS = (
    Field("organisation", Text("提供或需要的部门（代码）", "Department that owes or needs it (code)")),
    Field("service_item", Text("事项编码", "Code of a service item")),
)
_TABS = {OWN: Text("与本部门有关", "Of our department"), ALL: Text("全部", "All")}
