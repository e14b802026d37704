"""What is watched over: papers that sharing made unnecessary by department, and systems that are locked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from exchange.cases.locks import LIFTERS, Locks
from exchange.console.attempt import HOME
from exchange.console.door import Door, Visitor, page
from exchange.console.forms import Field, drawn, given, sayings
from exchange.console.inside import as_json_post, asking, told
from exchange.console.looking_back import LookingBack
from exchange.requirements.counting import Counts
from kernel.problems import INVALID_BODY, NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import t
from kernel.web.routes import Route

UPLOADS, LOCKS = f"{HOME}/uploads", f"{HOME}/locks"
PERIODS = LookingBack((30, 90, 365), usual=30)
_REASON = (
    Field(
        "reason", Text("理由", "Reasons"), Text("供审计查阅，不得含有个人信息", "For auditors; it names nobody"), "area"
    ),
)


@dataclass(frozen=True)
class WatchPages:
    """The pages. The rooms are the API's own, entered by a session."""

    door: Door
    counts: Counts
    locks: Locks

    def uploads(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """Departments compared, as a chart with its table."""
        days = PERIODS.days(request.parameters().get("days"))
        since = self.counts.clock.now() - timedelta(days=days)
        found = told(self.counts.by_department(asking(request, urlencode({"from": since.isoformat()}))))
        rows = [_department(one) for one in found["departments"]]
        return page(
            "uploads",
            visitor,
            request,
            title=Text("免于提交的材料", "Papers avoided"),
            rows=rows,
            most=max((max(row[each] for each in _BARS) for row in rows), default=0),
            periods=PERIODS.tabs(lambda each: f"{UPLOADS}?days={each}", days),
        )

    def list(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """Locks, newest first."""
        before = request.parameters().get("before", "")
        found = told(self.locks.list(asking(request, urlencode({"before": before}) if before else "")))
        lifting = not visitor.roles.isdisjoint(LIFTERS)
        return page(
            "locks",
            visitor,
            request,
            title=_TITLE,
            rows=[_lock(one, lifting=lifting) for one in found["locks"]],
            following=f"{LOCKS}?{urlencode({'before': found['next']})}" if found["next"] else "",
        )

    def ask(self, visitor: Visitor, request: HttpRequest, lock: str) -> HttpResponse:
        """The form that lifts a lock. Raises Problem."""
        return self._form(visitor, request, self._standing(lock), {}, None)

    def act(self, visitor: Visitor, request: HttpRequest, lock: str) -> HttpResponse:
        """Lift it. Raises Problem."""
        typed = request.form()
        try:
            self.locks.lift(as_json_post(request, given(_REASON, typed)), lock)
        except Problem as problem:
            if problem.kind is INVALID_BODY:
                return self._form(visitor, request, self._standing(lock), typed, problem)
            raise
        return redirect(LOCKS)

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        counted, lifted = Text("免于提交的材料", "Papers avoided"), Text("解除锁定", "Lifting a lock")
        lifters = frozenset(LIFTERS)
        return (
            self.door.route("GET", "/uploads", self.uploads, counted),
            self.door.route("GET", "/locks", self.list, _TITLE),
            self.door.route("GET", "/locks/<lock>", self.ask, lifted, lifters),
            self.door.route("POST", "/locks/<lock>", self.act, lifted, lifters),
        )

    def _standing(self, name: str) -> Mapping[str, Any]:
        found = self.locks.find(name)
        if found is None or found["status"] != "in-force":
            raise Problem(NOT_FOUND)
        return found

    def _form(
        self,
        visitor: Visitor,
        request: HttpRequest,
        found: Mapping[str, Any],
        typed: Mapping[str, str],
        problem: Problem | None,
    ) -> HttpResponse:
        return page(
            "lock",
            visitor,
            request,
            title=Text(f"解除对 {found['system']} 的锁定", f"Lift the lock of {found['system']}"),
            row=_lock(found, lifting=False),
            **drawn(_REASON, typed, None if problem is None else sayings(problem, _REASON)),
            back=LOCKS,
        )


def _department(one: Mapping[str, Any]) -> dict[str, Any]:
    against = one["violations"]
    return {
        "name": t(Text(**one["name"])),
        "avoided": one["avoided"],
        "uploads": one["uploads"],
        "against": against["refused"] + against["against_guard"],
        "on_word": sum(each["count"] for each in one["on_word"]),
        "causes": [f"{t(Text(**each['name']))} {each['count']}" for each in one["on_word"]],
        "open": one["open"],
        "overdue": one["overdue"],
    }


def _lock(one: Mapping[str, Any], *, lifting: bool) -> dict[str, Any]:
    in_force = one["status"] == "in-force"
    return {
        "system": one["system"],
        "people": one["people"],
        "limit": one["limit"],
        "at": datetime.fromisoformat(one["at"]),
        "in_force": in_force,
        "lifted_at": datetime.fromisoformat(one["lifted_at"]) if one["lifted_at"] else None,
        "reason": one["reason"],
        "href": f"{LOCKS}/{quote(one['lock'])}" if in_force and lifting else "",
    }


_BARS = ("avoided", "uploads", "against", "on_word")
_TITLE = Text("业务系统锁定", "Locked systems")
