"""Pages to read: how a department's data was used, the catalogue, and the ledger's newest checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from exchange import errors
from exchange.catalogue.endpoints import Catalogue
from exchange.console.attempt import HOME
from exchange.console.door import Door, Visitor, page
from exchange.console.grant_words import MASKS, SENSITIVITIES, UNKNOWN_SENSITIVITY
from exchange.console.inside import asking, told
from exchange.console.source_words import source_rows
from exchange.console.words import SHARES
from exchange.transparency.log import Log
from exchange.transparency.usage import Usage
from kernel.identifiers.masking import Mask
from kernel.problems import NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.pages import t
from kernel.web.routes import Route
from policies.roles import Role

PERIODS = (7, 30, 90)
USUAL_DAYS = 30
ON_A_PAGE = 50
_OUTCOMES = {
    "released": Text("已提供", "Provided"),
    "refused": Text("被拒绝", "Refused"),
    "failed": Text("未能取得", "Not obtained"),
}


@dataclass(frozen=True)
class ReadingPages:
    """Pages that change nothing. The rooms are the API's own, entered by a session."""

    door: Door
    usage: Usage
    shelf: Catalogue
    log: Log

    def used(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """Who used the data of the officer's department, how often, why, and with what result."""
        asked = request.parameters().get("days", "")
        days = int(asked) if asked in {str(each) for each in PERIODS} else USUAL_DAYS
        until = self.usage.clock.now() + timedelta(microseconds=1)
        query = urlencode({"from": (until - timedelta(days=days)).isoformat(), "to": until.isoformat()})
        found = told(self.usage.of_provider(asking(request, query)))
        rows = [
            {
                "consumer": _said(use["consumer_name"], use["consumer"]),
                "what": _said(use["evidence_type_name"], use["evidence_type"]),
                "item": _said(use["service_item_name"], use["service_item"]),
                "outcome": t(_OUTCOMES.get(use["outcome"], Text(use["outcome"], use["outcome"]))),
                "count": use["count"],
                "last": datetime.fromisoformat(use["last"]),
            }
            for use in found["uses"]
        ]
        return page(
            "usage",
            visitor,
            request,
            title=Text("本部门数据的使用", "Use of our data"),
            rows=rows,
            days=days,
            periods=[(f"{HOME}/usage?days={each}", each) for each in PERIODS],
        )

    def catalogue(self, visitor: Visitor, request: HttpRequest, kind: str = "evidence-types") -> HttpResponse:
        """One list of the catalogue, narrowed by words. Raises Problem."""
        lists: Mapping[str, Callable[[HttpRequest], HttpResponse]] = {
            "evidence-types": self.shelf.evidence_types,
            "service-items": self.shelf.service_items,
            "organisations": self.shelf.organisations,
        }
        if kind not in lists:
            raise Problem(NOT_FOUND)
        asked = request.parameters()
        query = {name: asked[name] for name in ("q", "after") if asked.get(name)}
        found = told(lists[kind](asking(request, urlencode({**query, "limit": str(ON_A_PAGE)}))))
        following = urlencode({**query, "after": found["next"]}) if found["next"] else ""
        return page(
            "catalogue",
            visitor,
            request,
            title=Text("目录", "Catalogue"),
            kind=kind,
            tabs=[(f"{HOME}/catalogue/{name}", label, name == kind) for name, label in _LISTS.items()],
            rows=[_entry(kind, each) for each in found["items"]],
            total=found["total"],
            words=asked.get("q", ""),
            following=f"{HOME}/catalogue/{kind}?{following}" if following else "",
        )

    def evidence_type(self, visitor: Visitor, request: HttpRequest, code: str) -> HttpResponse:
        """One evidence type with its fields. Raises Problem."""
        found = told(self.shelf.evidence_type(asking(request), code))
        fields = [
            {
                "label": _said(each["label"], each["name"]),
                "name": each["name"],
                "sensitivity": t(SENSITIVITIES.get(each["sensitivity"], UNKNOWN_SENSITIVITY)),
                "form": t(MASKS[Mask(each["minimal_mask"])]),
            }
            for each in found["fields"]
        ]
        share = SHARES.get(found["share_type"], Text(found["share_type"], found["share_type"]))
        facts = [
            (t("代码", "Code"), found["code"]),
            (t("提供部门", "Provided by"), _said(found["provider"]["name"], found["provider"]["code"])),
            (t("共享类型", "Share type"), t(share)),
            (t("数据来源", "Source"), t("已接入", "connected") if found["connected"] else t("未接入", "not connected")),
        ]
        if found["share_citation"]:
            facts.append((t("共享依据", "Citation"), _said(found["share_citation"], "")))
        facts += source_rows(found["source"])
        title = Text(found["name"]["zh"], found["name"]["en"])
        return page(
            "evidence_type", visitor, request, title=title, facts=facts, fields=fields, back=f"{HOME}/catalogue"
        )

    def service_item(self, visitor: Visitor, request: HttpRequest, code: str) -> HttpResponse:
        """One service item: on which grounds it stands and what it needs. Raises Problem."""
        found = told(self.shelf.service_item(asking(request), code))
        needed = told(self.shelf.requirements(asking(request), code))["requirements"]
        rows = [
            (
                _said(each["name"], each["code"]),
                [(_said(way["name"], way["evidence_type"]), _evidence(way["evidence_type"])) for way in each["met_by"]],
            )
            for each in needed
        ]
        bases = [_said(each["citation"], each["code"]) for each in found["legal_bases"]]
        title = Text(found["name"]["zh"], found["name"]["en"])
        facts = [
            (t("代码", "Code"), found["code"]),
            (t("办理部门", "Department"), _said(found["organisation"]["name"], found["organisation"]["code"])),
            (t("依据", "Legal bases"), t("；", "; ").join(bases)),
        ]
        return page(
            "service_item",
            visitor,
            request,
            title=title,
            facts=facts,
            rows=rows,
            back=f"{HOME}/catalogue/service-items",
        )

    def ledger(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """The newest checkpoint, and an entry's proof for whoever names its number. Raises Problem."""
        checkpoint = self.log.checkpoint(request).body.decode()
        origin, size, root = checkpoint.split("\n")[:3]
        index = request.parameters().get("index", "").strip()
        proof, error = "", None
        if index:
            try:
                proof = self.log.proof(asking(request, urlencode({"index": index}))).body.decode()
            except Problem as problem:
                if problem.kind is not errors.ENTRY_UNKNOWN:
                    raise
                error = problem.detail or problem.kind.title
        return page(
            "ledger",
            visitor,
            request,
            status=200 if error is None else 404,
            title=Text("账本", "Ledger"),
            facts=[
                (t("名称", "Name"), origin),
                (t("条目数", "Entries"), size),
                (t("根散列", "Root hash"), root),
                (t("验证密钥", "Verifier key"), self.log.key(request).body.decode().strip()),
            ],
            checkpoint=checkpoint,
            index=index,
            proof=proof,
            error=error,
        )

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        door, providers = self.door, frozenset({Role.PROVIDER_OFFICER})
        used, shelf, log = Text("数据使用", "Use of data"), Text("目录", "Catalogue"), Text("账本", "Ledger")
        return (
            door.route("GET", "/usage", self.used, used, providers),
            door.route("GET", "/catalogue", self.catalogue, shelf),
            door.route("GET", "/catalogue/<kind>", self.catalogue, shelf),
            door.route("GET", "/catalogue/evidence-types/<code>", self.evidence_type, shelf),
            door.route("GET", "/catalogue/service-items/<code>", self.service_item, shelf),
            door.route("GET", "/ledger", self.ledger, log),
        )


def _entry(kind: str, each: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The cells of one row: text, and where it leads."""
    link = f"{HOME}/catalogue/{kind}/{quote(each['code'])}" if kind in ("evidence-types", "service-items") else ""
    owner = each.get("provider") or each.get("organisation")
    cells = [(_said(each["name"], each["code"]), link), (each["code"], "")]
    return [*cells, (_said(owner["name"], owner["code"]), "")] if owner else cells


def _evidence(code: str) -> str:
    return f"{HOME}/catalogue/evidence-types/{quote(code)}"


def _said(name: Mapping[str, str] | None, code: str) -> str:
    return t(name["zh"], name["en"]) if name else code


_LISTS = {
    "evidence-types": Text("材料类型", "Evidence types"),
    "service-items": Text("政务服务事项", "Service items"),
    "organisations": Text("部门", "Departments"),
}
