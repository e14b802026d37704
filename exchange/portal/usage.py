"""Who used my data: every entry about whoever signed in, in plain words, with its receipt, and the way to object; and
the return flows that a record of theirs is in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from exchange.challenges.opening import USES
from exchange.console.inside import asking, told
from exchange.gateway.entries import RELEASE
from exchange.portal.entrance import CITIZENS, Entrance
from exchange.transparency.usage import Usage
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.pages import page_response, t
from kernel.web.routes import Route

USAGE = f"{CITIZENS.home}/usage"
CORRECTIONS = f"{CITIZENS.home}/corrections"


@dataclass(frozen=True)
class UsagePages:
    """Pages of whoever signed in. ``usage`` is the API's own, entered by a session."""

    entrance: Entrance
    usage: Usage

    def list(self, request: HttpRequest) -> HttpResponse:
        """My entries, newest first. Raises Problem."""
        before = request.parameters().get("before", "")
        found = told(self.usage.own(asking(request, urlencode({"before": before}) if before else "")))
        following = f"{USAGE}?{urlencode({'before': found['next']})}" if found["next"] is not None else ""
        return page_response(
            "portal/usage.html",
            flows=[_told(one) | {"challenge": _challenge(one), "wrong": _wrong(one)} for one in found["return_flows"]],
            rows=[_row(one) for one in found["entries"]],
            following=following,
        )

    def routes(self) -> tuple[Route, ...]:
        """The address."""
        return (self.entrance.route("GET", "/usage", self.list, Text("谁用过我的数据", "Who used my data")),)


def _row(one: Mapping[str, Any]) -> dict[str, Any]:
    released = one["event"] == RELEASE
    return _told(one) | {
        "withdraw": f"{CORRECTIONS}/{one['correction']}/withdraw" if "correction" in one else "",
        "challenge": _challenge(one) if one["event"] in USES else "",
        "wrong": _wrong(one) if released else "",
    }


def _challenge(one: Mapping[str, Any]) -> str:
    return f"{USAGE}/{one['index']}/challenge"


def _wrong(one: Mapping[str, Any]) -> str:
    return f"{USAGE}/{one['index']}/wrong"


def _told(one: Mapping[str, Any]) -> dict[str, Any]:
    """What an entry and a return flow have in common: a sentence, and the receipt of an entry of the log."""
    return {
        "sentence": t(Text(one["sentence"]["zh"], one["sentence"]["en"])),
        "at": datetime.fromisoformat(one["at"]),
        "index": one["index"],
        "receipt": one["receipt"],
        "case": one.get("case") or "",
    }
