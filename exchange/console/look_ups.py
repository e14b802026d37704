"""Which officer looked up what in which case: a table, and the same of one officer or one case alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from exchange.cases.trace import READERS, Trace
from exchange.catalogue.naming import named_in
from exchange.catalogue.registry import Registry
from exchange.console.attempt import HOME
from exchange.console.door import Door, Visitor, page
from exchange.console.inside import asking, told
from exchange.console.watching import PERIODS
from exchange.console.words import listed, text_of
from exchange.gateway.entries import FAILURE, REFUSAL, RELEASE
from exchange.in_force.snapshot import current
from exchange.store.deliveries import NO_STATUS, STATUS_TOLD
from exchange.transparency.facts_in_words import field_labels
from exchange.transparency.reconciling import OUTCOMES
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.pages import t
from kernel.web.routes import Route

LOOK_UPS = f"{HOME}/look-ups"
WORDS: Mapping[str, Text] = {
    OUTCOMES[RELEASE]: Text("已提供", "provided"),
    OUTCOMES[REFUSAL]: Text("被拒绝", "refused"),
    OUTCOMES[FAILURE]: Text("未能取得", "not obtained"),
    STATUS_TOLD: Text("已答复证照状态", "told how it stands"),
    NO_STATUS: Text("无证照状态记录", "no status on record"),
}
"""What came of a look-up."""
_NARROWING = ("officer", "case")


@dataclass(frozen=True)
class LookUpPages:
    """The page. ``trace`` is the API's own, entered by a session."""

    door: Door
    trace: Trace

    def list(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """The newest first; a providing department sees look-ups of its own data. Raises Problem."""
        asked = request.parameters()
        days = PERIODS.days(asked.get("days"))
        narrowed = {name: asked[name] for name in _NARROWING if asked.get(name)}
        since = self.trace.clock.now() - timedelta(days=days)
        place = {"before": asked["before"]} if asked.get("before") else {}
        found = told(self.trace.list(asking(request, urlencode({"from": since.isoformat(), **narrowed, **place}))))
        registry = current(self.trace.access.policy).registry
        return page(
            "look_ups",
            visitor,
            request,
            title=_TITLE,
            rows=[_row(one, registry, days) for one in found["look_ups"]],
            narrowed=", ".join(narrowed.values()),
            everything=LOOK_UPS,
            periods=PERIODS.tabs(lambda each: _address(narrowed | {"days": str(each)}), days),
            following=_following(found["next"], narrowed | {"days": str(days)}),
        )

    def routes(self) -> tuple[Route, ...]:
        """The address."""
        return (self.door.route("GET", "/look-ups", self.list, _TITLE, frozenset(READERS)),)


_TITLE = Text("经办人查询记录", "Look-ups by officers")


def _address(query: Mapping[str, str]) -> str:
    return f"{LOOK_UPS}?{urlencode(query)}"


def _following(place: int | None, query: Mapping[str, str]) -> str:
    return "" if place is None else _address({**query, "before": str(place)})


def _row(one: Mapping[str, Any], registry: Registry, days: int) -> dict[str, Any]:
    asked = {"evidence_type": one["evidence_type"], "fields": one["asked"]}
    return {
        "at": datetime.fromisoformat(one["at"]),
        "officer": one["officer"],
        "of_officer": _address({"officer": one["officer"], "days": str(days)}),
        "consumer": _name(registry.organisations, one["consumer"]),
        "system": one["system"],
        "case": one["case"],
        "of_case": _address({"case": one["case"], "days": str(days)}),
        "service_item": _name(registry.service_items, one["service_item"]),
        "evidence_type": _name(registry.evidence_types, one["evidence_type"]),
        "asked": t(listed(field_labels(asked, registry))),
        "outcome": t(WORDS[one["outcome"]]),
        "entry": one["entry"],
        "proof": f"{HOME}/ledger?{urlencode({'index': one['entry']})}",
    }


def _name(known: Mapping[str, Any], code: str) -> str:
    found: Any = named_in(known, code)["name"]
    return t(text_of(found))
