"""The overview of a department's data sources: whether they answer, how good the answers are, and what to mend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from exchange.catalogue.source_desk import SourceDesk
from exchange.console.attempt import HOME
from exchange.console.door import Door, Visitor, page
from exchange.console.inside import asking, told
from exchange.console.source_words import MEASURES, change_text, state_text
from exchange.console.words import text_of
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.pages import t
from kernel.web.routes import Route
from policies.roles import WATCHERS

SOURCES = f"{HOME}/sources"
ON_A_PAGE = 50
ALL, TROUBLE = "all", "trouble"
_TITLE = Text("数据源", "Data sources")
_TABS = {ALL: Text("全部", "All"), TROUBLE: Text("需要处理的", "To be looked at")}
_NOT_CONNECTED = Text("未接入", "Not connected")
_FAILING = Text("最近失败", "Failed lately")
_UNREACHABLE = Text("取不到新文件", "New files out of reach")
_BY_HAND = Text("人工答复", "Answered by hand")
_LOW = 0.95
"""Below this share a measure is marked."""


@dataclass(frozen=True)
class SourcePages:
    """A page to read. ``desk`` is the API's own, entered by a session."""

    door: Door
    desk: SourceDesk

    def list(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """Sources by code: all, or those that somebody has to look at. Raises Problem."""
        asked = request.parameters()
        shown = TROUBLE if asked.get("show") == TROUBLE else ALL
        query = {"show": shown} | ({"after": asked["after"]} if asked.get("after") else {})
        found = told(self.desk.list(asking(request, urlencode(query | {"limit": str(ON_A_PAGE)}))))
        following = urlencode({"show": shown, "after": found["next"]}) if found["next"] else ""
        return page(
            "sources",
            visitor,
            request,
            title=_TITLE,
            everybody=not visitor.roles.isdisjoint(WATCHERS),
            tabs=[(f"{SOURCES}?show={name}", label, name == shown) for name, label in _TABS.items()],
            trouble=shown == TROUBLE,
            columns=tuple(t(words) for words in MEASURES.values()),
            rows=[_row(one) for one in found["sources"]],
            following=f"{SOURCES}?{following}" if following else "",
        )

    def routes(self) -> tuple[Route, ...]:
        """The address."""
        return (self.door.route("GET", "/sources", self.list, _TITLE),)


def _row(one: Mapping[str, Any]) -> dict[str, Any]:
    source = one["source"]
    standing, tone = _standing(one)
    quality = source["quality"] if source else {}
    copy = (source["copy"] if source else None) or {}
    return {
        "href": f"{HOME}/catalogue/evidence-types/{quote(one['evidence_type']['code'])}",
        "what": text_of(one["evidence_type"]["name"]),
        "provider": text_of(one["provider"]["name"]),
        "standing": standing,
        "tone": tone,
        "failures": one["failures"],
        "measures": [_measure(quality.get(name)) for name in MEASURES],
        "answers": quality.get("answers", 0),
        "changes": [change_text(each) for each in source["changes"]] if source else [],
        "as_of": _instant(copy.get("as_of")),
        "unreachable": _instant(copy.get("unreachable_since")),
        "success": _instant(one["last_success"]),
        "failure": _instant(one["last_failure"]),
    }


def _standing(one: Mapping[str, Any]) -> tuple[Text, str]:
    source = one["source"]
    if source is None:
        return _NOT_CONNECTED, "near"
    if one["by_hand"]:
        return _BY_HAND, "calm"
    if source["state"] == "closed" and one["failures"]:
        return _FAILING, "near"
    if source["copy"] and source["copy"]["unreachable_since"]:
        return _UNREACHABLE, "near"
    return state_text(source["state"]), "good" if source["state"] == "closed" else "bad"


def _measure(value: float | None) -> tuple[str, bool] | None:
    """A share in per cent, and whether it is low; None where no answer told of it."""
    return None if value is None else (f"{value:.0%}", value < _LOW)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
