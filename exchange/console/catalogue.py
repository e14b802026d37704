"""The published catalogue to be read: its lists, an evidence type, a service item, a department and what it owns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote, urlencode

from exchange.catalogue.desk import CatalogueDesk
from exchange.catalogue.endpoints import Catalogue
from exchange.catalogue.model import Status
from exchange.catalogue.reports import Reports
from exchange.console.attempt import HOME
from exchange.console.divisions import DIVISIONS, lives_of, successions_of
from exchange.console.door import Door, Visitor, page
from exchange.console.entry_drafting import ENTRIES
from exchange.console.grant_words import SENSITIVITIES, UNKNOWN_SENSITIVITY
from exchange.console.inside import asking, told
from exchange.console.source_words import source_rows
from exchange.console.words import SHARES, said, text_of
from exchange.in_force.snapshot import current
from kernel.dates import date_text
from kernel.identifiers.masking import Mask
from kernel.problems import NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.pages import t
from kernel.web.preferences import preferences
from kernel.web.routes import Route

CATALOGUE = f"{HOME}/catalogue"
ON_A_PAGE, OWNED = 50, 20
"""Entries of a list, and of what a department owns on its own page."""
_FILTERS = ("q", "organisation")

Cell = tuple[str, str]
"""A text, and where it leads, if anywhere."""


@dataclass(frozen=True)
class CataloguePages:
    """The pages of the published catalogue. ``shelf`` and ``reports`` are open to anybody; ``desk`` tells of versions,
    entered by a session.
    """

    door: Door
    shelf: Catalogue
    reports: Reports
    desk: CatalogueDesk

    def list(self, visitor: Visitor, request: HttpRequest, kind: str = "evidence-types") -> HttpResponse:
        """One list, narrowed by words or to one department. Raises Problem."""
        lists = self._lists()
        if kind not in lists:
            raise Problem(NOT_FOUND)
        asked = request.parameters()
        query = {name: asked[name] for name in (*_FILTERS, "after") if asked.get(name)}
        found = told(lists[kind](asking(request, urlencode({**query, "limit": str(ON_A_PAGE)}))))
        following = urlencode({**query, "after": found["next"]}) if found["next"] else ""
        return page(
            "catalogue",
            visitor,
            request,
            title=Text("目录", "Catalogue"),
            kind=kind,
            tabs=[
                *((f"{CATALOGUE}/{name}", label, name == kind) for name, label in LISTS.items()),
                (DIVISIONS, Text("行政区划", "Divisions"), False),
            ],
            rows=[_entry(kind, each) for each in found["items"]],
            total=found["total"],
            words=asked.get("q", ""),
            organisation=asked.get("organisation", ""),
            following=f"{CATALOGUE}/{kind}?{following}" if following else "",
        )

    def evidence_type(self, visitor: Visitor, request: HttpRequest, code: str) -> HttpResponse:
        """One evidence type with its fields. Raises Problem."""
        found = told(self.shelf.evidence_type(asking(request), code))
        fields = [
            {
                "label": said(each["label"], each["name"]),
                "name": each["name"],
                "sensitivity": t(SENSITIVITIES.get(each["sensitivity"], UNKNOWN_SENSITIVITY)),
                "form": t(Mask(each["minimal_mask"]).text),
                "share": t(SHARES.get(each["share_type"], Text(each["share_type"], each["share_type"]))),
                "citation": said(each["share_citation"], ""),
            }
            for each in found["fields"]
        ]
        share = SHARES.get(found["share_type"], Text(found["share_type"], found["share_type"]))
        cycle, truth = found["update_label"], found["source_of_truth"]
        facts = [
            (t("代码", "Code"), found["code"]),
            (t("提供部门", "Provided by"), said(found["provider"]["name"], found["provider"]["code"])),
            (t("数源部门", "Authoritative source"), said(truth["name"], truth["code"])),
            (t("更新周期", "Update cycle"), t(text_of(cycle)) if cycle else t("未登记", "not registered")),
            (t("共享类型", "Share type"), t(share)),
            (t("数据来源", "Source"), t("已接入", "connected") if found["connected"] else t("未接入", "not connected")),
        ]
        if found["share_citation"]:
            facts.append((t("共享依据", "Citation"), said(found["share_citation"], "")))
        if found["predicates"]:
            questions = t("、", ", ").join(said(each["label"], each["name"]) for each in found["predicates"])
            facts.append((t("是非问题", "Yes/no questions"), questions))
        return page(
            "evidence_type",
            visitor,
            request,
            title=text_of(found["name"]),
            facts=facts + source_rows(found["source"]),
            fields=fields,
            **self._version(request, "evidence-types", code),
            back=CATALOGUE,
        )

    def service_item(self, visitor: Visitor, request: HttpRequest, code: str) -> HttpResponse:
        """One service item: on which grounds it stands and what it needs. Raises Problem."""
        found = told(self.shelf.service_item(asking(request), code))
        needed = told(self.shelf.requirements(asking(request), code))["requirements"]
        rows = [
            (
                said(each["name"], each["code"]),
                [
                    (said(way["name"], way["evidence_type"]), _address("evidence-types", way["evidence_type"]))
                    for way in each["met_by"]
                ],
            )
            for each in needed
        ]
        bases = [said(each["citation"], each["code"]) for each in found["legal_bases"]]
        facts = [
            (t("代码", "Code"), found["code"]),
            (t("办理部门", "Department"), said(found["organisation"]["name"], found["organisation"]["code"])),
            (t("依据", "Legal bases"), t("；", "; ").join(bases)),
        ]
        return page(
            "service_item",
            visitor,
            request,
            title=text_of(found["name"]),
            facts=facts,
            rows=rows,
            **self._version(request, "service-items", code),
            back=f"{CATALOGUE}/service-items",
        )

    def organisation(self, visitor: Visitor, request: HttpRequest, code: str) -> HttpResponse:
        """One department: since when, where, what it took over and what went to whom, what it owns. Raises Problem."""
        found = told(self.shelf.organisation(asking(request), code))
        division = self._division(request, found["division"])
        facts = [(t("代码", "Code"), found["code"]), *_life(found)]
        return page(
            "department",
            visitor,
            request,
            title=text_of(found["name"]),
            facts=facts,
            parent=None if found["parent"] is None else self._named(found["parent"]),
            division=None if division is None else _placed(division),
            lives=[] if division is None else lives_of(division["history"]),
            territory=[] if division is None else successions_of(division["successions"]),
            taken=[(*self._named(each["predecessor"]), *_extent(each)) for each in found["predecessors"]],
            gone=[(*self._named(each["successor"]), *_extent(each)) for each in found["successors"]],
            owned=[*self._owned(request, code)],
            systems=[*self._systems(code)],
            duties=f"{HOME}/responsibility?{urlencode({'organisation': code})}",
            **self._version(request, "organisations", code),
            back=f"{CATALOGUE}/organisations",
        )

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        door, shelf = self.door, Text("目录", "Catalogue")
        return (
            door.route("GET", "/catalogue", self.list, shelf),
            door.route("GET", "/catalogue/<kind>", self.list, shelf),
            door.route("GET", "/catalogue/evidence-types/<code>", self.evidence_type, shelf),
            door.route("GET", "/catalogue/service-items/<code>", self.service_item, shelf),
            door.route("GET", "/catalogue/organisations/<code>", self.organisation, shelf),
        )

    def _lists(self) -> Mapping[str, Callable[[HttpRequest], HttpResponse]]:
        return {
            "evidence-types": self.shelf.evidence_types,
            "service-items": self.shelf.service_items,
            "organisations": self.shelf.organisations,
        }

    def _version(self, request: HttpRequest, shelf: str, code: str) -> dict[str, Any]:
        """Which version is published, and where its versions are told; 0 of what came before versions were kept."""
        try:
            found = told(self.desk.show(asking(request), shelf, code))
        except Problem as problem:
            if problem.kind is not NOT_FOUND:
                raise
            return {"version": 0, "entry": ""}
        return {"version": found["version"], "entry": f"{ENTRIES}/{shelf}/{quote(code, safe='')}"}

    def _division(self, request: HttpRequest, code: str | None) -> Any:
        if code is None:
            return None
        try:
            return told(self.reports.division(asking(request), code))
        except Problem as problem:
            if problem.kind is not NOT_FOUND:
                raise
            return None

    def _owned(self, request: HttpRequest, code: str) -> Iterable[dict[str, Any]]:
        for kind in ("evidence-types", "service-items"):
            query = {"organisation": code}
            found = told(self._lists()[kind](asking(request, urlencode({**query, "limit": str(OWNED)}))))
            yield {
                "label": LISTS[kind],
                "total": found["total"],
                "rows": [(said(each["name"], each["code"]), _address(kind, each["code"])) for each in found["items"]],
                "all": f"{CATALOGUE}/{kind}?{urlencode(query)}" if found["next"] else "",
            }

    def _systems(self, code: str) -> Iterable[tuple[Text, str, str, bool, bool]]:
        """Title, name, address, whether it is of the sandbox, whether it may act."""
        for name, one in sorted(current(self.door.access.policy).registry.systems.items()):
            if one.organisation == code:
                at = f"{ENTRIES}/systems/{quote(name, safe='')}"
                yield one.title, name, at, one.sandbox, one.status is Status.ACTIVE

    def _named(self, code: str) -> tuple[Text, str]:
        """A department's name, and where its page is, if the catalogue has it."""
        known = current(self.door.access.policy).registry.organisations.get(code)
        return (Text(code, code), "") if known is None else (known.name, _address("organisations", code))


def _entry(kind: str, each: Mapping[str, Any]) -> list[Cell]:
    """The cells of one row."""
    owner = each.get("provider") or each.get("organisation")
    cells = [(said(each["name"], each["code"]), _address(kind, each["code"])), (each["code"], "")]
    if not owner:
        return cells
    return [*cells, (said(owner["name"], owner["code"]), _address("organisations", owner["code"]))]


def _address(kind: str, code: str) -> str:
    return f"{CATALOGUE}/{kind}/{quote(code, safe='')}"


def _life(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    rows = {"since": t("设立", "Exists since"), "until": t("自此日不再存在", "No longer exists from")}
    days = {name: date.fromisoformat(found[name]) for name in rows if found[name]}
    return [(rows[name], date_text(day, preferences().language)) for name, day in days.items()]


def _placed(division: Mapping[str, Any]) -> tuple[Text, str]:
    """The newest that had the code, and its page."""
    newest = division["division"] or division["history"][-1]
    return text_of(newest["name"]), f"{DIVISIONS}/{quote(division['code'], safe='')}"


def _extent(each: Mapping[str, Any]) -> tuple[Text, date, Text | None]:
    note = each["note"]
    return EXTENTS[each["extent"]], date.fromisoformat(each["day"]), None if note is None else text_of(note)


EXTENTS: Mapping[str, Text] = {
    "remainder": Text("全部（其余）职责", "all the rest of its duties"),
    "part": Text("部分职责", "a part of its duties"),
}
"""How much of a department's duties went over."""
LISTS: Mapping[str, Text] = {
    "evidence-types": Text("材料类型", "Evidence types"),
    "service-items": Text("政务服务事项", "Service items"),
    "organisations": Text("部门", "Departments"),
}
