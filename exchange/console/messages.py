"""An officer's inbox: what their offices were told, each with the page where it is dealt with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from exchange.catalogue.forms import SHELVES
from exchange.console.attempt import HOME
from exchange.console.door import Door, Visitor, page
from exchange.console.inside import as_json_post, asking, told
from exchange.console.sections import MESSAGES
from exchange.messages.endpoints import Messages
from exchange.messages.words import Kind
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import t
from kernel.web.routes import Route

UNREAD, ALL = "unread", "all"
_TABS = {UNREAD: Text("未读", "Unread"), ALL: Text("全部", "All")}
_PAGES: Mapping[Kind, str] = {
    Kind.SOURCE_CHANGED: f"{HOME}/catalogue/evidence-types/",
    Kind.GRANT_ENDS: f"{HOME}/grants/",
    Kind.GRANT_TO_SIGN: f"{HOME}/grants/",
    Kind.GRANT_UNASKED: f"{HOME}/grants/",
    Kind.GRANT_IN_FORCE: f"{HOME}/grants/",
    Kind.GRANT_RETURNED: f"{HOME}/grants/",
    Kind.GRANT_SUSPENDED: f"{HOME}/grants/",
    Kind.FORWARDING_PARKED: f"{HOME}/forwardings/",
    Kind.CAMPAIGN_OPENED: f"{HOME}/campaigns/",
    Kind.CAMPAIGN_REMINDS: f"{HOME}/campaigns/",
    Kind.CAMPAIGN_CLOSED: f"{HOME}/campaigns/",
    Kind.REQUEST_WAITS: f"{HOME}/requests/",
    Kind.REQUEST_LAPSED: f"{HOME}/requests/",
    Kind.REQUEST_LATE: f"{HOME}/requests/",
    Kind.EMERGENCY_ASKED: f"{HOME}/emergency/",
    Kind.EMERGENCY_OPEN: f"{HOME}/emergency/",
    Kind.EMERGENCY_TO_REVIEW: f"{HOME}/emergency/",
    Kind.EMERGENCY_OVERDUE: f"{HOME}/emergency/",
    Kind.RATING_WAITS: f"{HOME}/ratings/",
    Kind.RATING_LATE: f"{HOME}/ratings/",
    Kind.CORRECTION_WAITS: f"{HOME}/corrections/",
    Kind.CORRECTION_LATE: f"{HOME}/corrections/",
    Kind.CORRECTION_DONE: f"{HOME}/corrections/",
    Kind.CORRECTION_REJECTED: f"{HOME}/corrections/",
    Kind.CORRECTION_WITHDRAWN: f"{HOME}/corrections/",
    Kind.CHALLENGE_WAITS: f"{HOME}/challenges/",
    Kind.CHALLENGE_LATE: f"{HOME}/challenges/",
    Kind.SUBSCRIPTION_PARKED: f"{HOME}/subscriptions/",
    Kind.TASK_WAITS: f"{HOME}/tasks/",
    Kind.TASK_LATE: f"{HOME}/tasks/",
    Kind.TASK_QUESTION: f"{HOME}/tasks/",
    Kind.TASK_REPLIED: f"{HOME}/tasks/",
    Kind.TASK_REFUSED: f"{HOME}/tasks/",
}
"""Where a message's thing is looked at and dealt with; the sandbox is on the page of joining."""


_WATCHED = frozenset({Kind.LOOK_UP_WITHOUT_CASE, Kind.SYSTEM_LOCKED, Kind.SYSTEM_UNLOCKED})
_PAPERS = frozenset({Kind.PAPER_NEAR, Kind.PAPER_OVERDUE})
_ENTRIES = frozenset({Kind.ENTRY_WAITS, Kind.ENTRY_RETURNED})


@dataclass(frozen=True)
class MessagePages:
    """The inbox. ``inbox`` is the API's own, entered by a session."""

    door: Door
    inbox: Messages

    def show(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """Messages, newest first: those not read yet, or all. Raises Problem."""
        asked = request.parameters()
        shown = asked.get("show", UNREAD)
        query = {"show": shown} | ({"after": asked["after"]} if asked.get("after") else {})
        found = told(self.inbox.list(asking(request, urlencode(query))))
        following = urlencode({"show": shown, "after": found["next"]}) if found["next"] else ""
        unread = [one["id"] for one in found["messages"] if not one["read"]]
        return page(
            "messages",
            visitor,
            request,
            title=Text("消息", "Messages"),
            tabs=[(f"{MESSAGES}?show={name}", label, name == shown) for name, label in _TABS.items()],
            rows=[_row(one) for one in found["messages"]],
            unread=" ".join(unread),
            following=f"{MESSAGES}?{following}" if following else "",
        )

    def mark(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """Mark what the form names as read. Raises Problem."""
        del visitor
        self.inbox.mark(as_json_post(request, {"messages": request.form().get("messages", "").split()}))
        return redirect(MESSAGES)

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        shown, marked = Text("消息", "Messages"), Text("标为已读", "Marking messages as read")
        return (
            self.door.route("GET", "/messages", self.show, shown),
            self.door.route("POST", "/messages", self.mark, marked),
        )


def _address(kind: Kind, about: str, facts: Mapping[str, Any]) -> str:
    """Where it is dealt with."""
    if "number" in facts:
        return f"{HOME}/campaigns/{quote(facts['campaign'])}/items/{facts['number']}"
    if kind in _ENTRIES:
        sort, _, name = about.partition("/")
        return f"{HOME}/entries/{SHELVES[sort]}/{quote(name)}"
    if kind in _WATCHED:
        return f"{HOME}/locks"
    if kind in _PAPERS:
        return f"{HOME}/uploads"
    return _PAGES[kind] + quote(about) if kind in _PAGES else f"{HOME}/joining"


def _row(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": one["id"],
        "href": _address(Kind(one["kind"]), one["about"], one["facts"]),
        "text": t(Text(**one["text"])),
        "office": t(Text(**one["to"]["text"])),
        "at": datetime.fromisoformat(one["at"]),
        "read": one["read"],
    }
