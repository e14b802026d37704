"""Requests for many departments on the officers' pages: how far each has come, and its drafts handed in together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from exchange import errors
from exchange.console.attempt import HOME
from exchange.console.door import Door, Refusal, Visitor, page, refused
from exchange.console.inside import as_json_post, asking, told
from exchange.console.requests import row_of
from exchange.requests.batches import BatchDesk
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import t
from kernel.web.routes import Route

BATCHES = f"{HOME}/requests/batches"
_TONES = {"writing": "near", "under-way": "calm", "agreed": "good", "ended": "bad"}


@dataclass(frozen=True)
class BatchPages:
    """The pages of bulk requests. ``desk`` is the API's own, entered by a session."""

    door: Door
    desk: BatchDesk

    def listed(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """Bulk requests, the newest first. Raises Problem."""
        asked = request.parameters()
        query = urlencode({"after": asked["after"]}) if asked.get("after") else ""
        found = told(self.desk.listed(asking(request, query)))
        following = urlencode({"after": found["next"]}) if found["next"] else ""
        return page(
            "batches",
            visitor,
            request,
            title=Text("批量申请", "Requests for many departments"),
            rows=[_about(one) for one in found["batches"]],
            following=f"{BATCHES}?{following}" if following else "",
            back=f"{HOME}/requests",
        )

    def show(self, visitor: Visitor, request: HttpRequest, batch: str) -> HttpResponse:
        """One bulk request: how far it has come, and each department's own request. Raises Problem."""
        return self._page(visitor, request, told(self.desk.show(asking(request), batch)))

    def submit(self, visitor: Visitor, request: HttpRequest, batch: str) -> HttpResponse:
        """Hand in every draft of it, or none. Raises Problem."""
        try:
            found = told(self.desk.submit(as_json_post(request, {}), batch))
        except Problem as problem:
            reason = problem.detail or problem.kind.title
            if problem.kind is errors.ACCESS_REQUEST_NOT_ALLOWED:
                return refused(visitor, request, Refusal(reason), _address(batch))
            if problem.kind not in (INVALID_BODY, errors.ACCESS_REQUEST_INCOMPLETE, errors.ACCESS_REQUEST_CHANGED):
                raise
            return self._page(visitor, request, told(self.desk.show(asking(request), batch)), t(reason))
        return redirect(_address(found["id"]))

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        listed, shown = Text("批量申请", "Bulk requests"), Text("一件批量申请", "One bulk request")
        submitted, door = Text("提交全部草稿", "Handing in every draft"), self.door
        return (
            door.route("GET", "/requests/batches", self.listed, listed),
            door.route("GET", "/requests/batches/<batch>", self.show, shown),
            door.route("POST", "/requests/batches/<batch>", self.submit, submitted),
        )

    def _page(self, visitor: Visitor, request: HttpRequest, found: Any, wrong: str = "") -> HttpResponse:
        return page(
            "batch",
            visitor,
            request,
            status=422 if wrong else 200,
            title=Text("为多个部门的申请", "A request for many departments"),
            batch=_about(found),
            rows=[row_of(one) for one in found["requests"]],
            submitting="submit" in found["commands"],
            errors=[("", wrong)] if wrong else [],
            back=BATCHES,
        )


def _about(found: Mapping[str, Any]) -> dict[str, Any]:
    name = found["evidence_type"]["name"]
    return {
        "id": found["id"],
        "href": _address(found["id"]),
        "what": t(name["zh"], name["en"]),
        "purpose": found["purpose"],
        "size": found["size"],
        "at": datetime.fromisoformat(found["at"]),
        "progress": [
            (Text(one["text"]["zh"], one["text"]["en"]), _TONES[one["phase"]], one["count"])
            for one in found["progress"]
            if one["count"]
        ],
    }


def _address(batch: str) -> str:
    return f"{BATCHES}/{quote(batch)}"
