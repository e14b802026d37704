"""How far a department has come from nothing to its first governed call: the API's own steps, whose turn, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from exchange.console import joining_commands
from exchange.console.attempt import HOME
from exchange.console.client_keys import KEYS
from exchange.console.door import Door, Visitor, page
from exchange.console.entry_drafting import DRAFTERS as ENTRY_DRAFTERS
from exchange.console.entry_drafting import ENTRIES
from exchange.console.grant_drafting import GRANTS
from exchange.console.inside import as_json_post, asking, told
from exchange.console.requests import DRAFTERS as REQUEST_DRAFTERS
from exchange.console.requests import REQUESTS
from exchange.console.words import BINDINGS, KINDS_OF_NUMBER
from exchange.onboarding.endpoints import Onboarding
from exchange.onboarding.steps import DONE, OPEN, WAITING
from kernel.dates import local_day
from kernel.problems import NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import t
from kernel.web.routes import Route
from policies.roles import Role

JOINING = f"{HOME}/joining"
SANDBOX, FIRST_CALL = f"{JOINING}/sandbox", f"{JOINING}/first-call"
_STATES = {
    DONE: ("good", Text("已完成", "done")),
    OPEN: ("near", Text("现在办理", "now")),
    WAITING: ("calm", Text("待前一步完成", "after the step before")),
}

Link = tuple[str, Text]


@dataclass(frozen=True)
class JoiningPages:
    """The pages of a department's progress. ``desk`` is the API's own, entered by a session; ``origin`` the exchange's
    address.
    """

    door: Door
    desk: Onboarding
    origin: str

    def show(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """The steps: what is done, what is next, whose turn it is, and where it is done."""
        found, sandbox = told(self.desk.progress(asking(request))), self._sandbox(request)
        return page(
            "joining",
            visitor,
            request,
            title=Text("部门接入进度", "How far our department has come"),
            steps=[self._step(one, visitor, found, sandbox) for one in found["steps"]],
            done=found["done"],
            issuer=found["issuer"],
            opening=Role.GOVERNANCE_OFFICER in visitor.roles and sandbox is None,
        )

    def open(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """Data governance opens the sandbox, once. Raises Problem."""
        del visitor
        self.desk.open_sandbox(as_json_post(request, {}))
        return redirect(JOINING)

    def sandbox(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """What is in the sandbox, and who: nobody in it exists. Raises Problem: it is not open."""
        found = told(self.desk.show_sandbox(asking(request)))
        return page(
            "sandbox",
            visitor,
            request,
            title=Text("沙箱", "The sandbox"),
            found=found,
            people=[(one["name"], KINDS_OF_NUMBER[one["scheme"]], one["value"]) for one in found["people"]],
            asking=self._asking(found) if not REQUEST_DRAFTERS.isdisjoint(visitor.roles) else "",
            back=JOINING,
        )

    def first_call(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """How the first call is made, and whether it has arrived. Raises Problem."""
        found, sandbox = told(self.desk.progress(asking(request))), self._sandbox(request)
        call, checked = found["first_call"], found["check_in"]
        return page(
            "first_call",
            visitor,
            request,
            title=Text("第一次调用", "The first call"),
            call=call and {**call, "at": datetime.fromisoformat(call["at"])},
            standing=_ARRIVED if call else _NOT_YET,
            checked=checked and f"{checked['system']}{t('：', ': ')}{t(BINDINGS[checked['binding']])}",
            file=joining_commands.system_file(self.origin, found),
            command="" if sandbox is None else joining_commands.first_call(sandbox),
            requests=[] if sandbox is None else joining_commands.first_requests(self.origin, sandbox),
            back=JOINING,
        )

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        shown, opened = Text("部门接入进度", "A department's progress"), Text("开放沙箱", "Opening the sandbox")
        governance = frozenset({Role.GOVERNANCE_OFFICER})
        inside, called = Text("沙箱里有什么", "What is in the sandbox"), Text("第一次调用", "The first call")
        return (
            self.door.route("GET", "/joining", self.show, shown),
            self.door.route("POST", "/joining", self.open, opened, governance),
            self.door.route("GET", "/joining/sandbox", self.sandbox, inside),
            self.door.route("GET", "/joining/first-call", self.first_call, called),
        )

    def _sandbox(self, request: HttpRequest) -> Any:
        """What the API tells of the sandbox; None while it is not open."""
        try:
            return told(self.desk.show_sandbox(asking(request)))
        except Problem as problem:
            if problem.kind is not NOT_FOUND:
                raise
            return None

    def _step(self, one: Mapping[str, Any], visitor: Visitor, found: Mapping[str, Any], sandbox: Any) -> dict[str, Any]:
        tone, label = _STATES[one["state"]]
        turn = one["turn_label"]
        return {
            "title": Text(**one["title"]),
            "hint": Text(**one["hint"]),
            "tone": tone,
            "label": label,
            "turn": None if turn is None else Text(**turn),
            "about": one["about"],
            "address": one["address"],
            "done": one["state"] == DONE,
            "links": [] if one["state"] == WAITING else [*self._links(one, visitor, found, sandbox)],
        }

    def _links(
        self, step: Mapping[str, Any], visitor: Visitor, found: Mapping[str, Any], sandbox: Any
    ) -> tuple[Link, ...]:
        """Where a step is done, or what came of it, as far as this officer may go there."""
        name, ref = step["step"], quote(step["ref"] or "", safe="")
        if name in _SHELVES:
            return self._entry(name, step["ref"], visitor, found)
        if name == "access-request" and ref:
            return (
                ((f"{GRANTS}/{ref}", Text("看授权", "See the grant")),)
                if step["state"] == DONE
                else ((f"{REQUESTS}/{ref}", Text("去看申请", "Go to the request")),)
            )
        if name == "access-request":
            may = sandbox is not None and not REQUEST_DRAFTERS.isdisjoint(visitor.roles)
            return ((self._asking(sandbox), _ASK),) if may else ()
        if name == "sandbox":
            return () if sandbox is None else ((SANDBOX, Text("看沙箱里有什么", "See what is in it")),)
        return ((KEYS, Text("登记和核对密钥", "Register and show the keys")),) if name == "keys" else (_CALL,)

    def _entry(self, name: str, ref: str | None, visitor: Visitor, found: Mapping[str, Any]) -> tuple[Link, ...]:
        shelf, drafting = _SHELVES[name]
        if ref:
            return ((f"{ENTRIES}/{shelf}/{quote(ref, safe='')}", Text("去看条目", "Go to the entry")),)
        before = ((KEYS, Text("先登记客户端和密钥", "Register client and keys first")),) if shelf == "systems" else ()
        if ENTRY_DRAFTERS.isdisjoint(visitor.roles):
            return before
        own = {"metadata.name": found["organisation"]}
        if shelf == "systems":
            own = {"spec.organisation": found["organisation"], "spec.sandbox": "yes"}
        return (*before, (f"{ENTRIES}/new?{urlencode({'kind': shelf, **own})}", drafting))

    def _asking(self, sandbox: Mapping[str, Any]) -> str:
        """The form of an access request, filled with what the sandbox has."""
        today = local_day(self.desk.sandbox.clock.now())
        return f"{REQUESTS}/new?{urlencode(joining_commands.access_request(sandbox, today))}"


_ARRIVED, _NOT_YET = (Text("已到", "arrived"), "good"), (Text("尚未到达", "not yet"), "near")
_SHELVES: Mapping[str, tuple[str, Text]] = {
    "organisation": ("organisations", Text("填写部门登记表", "Fill in the department's form")),
    "system": ("systems", Text("填写系统登记表", "Fill in the system's form")),
}
"""Steps that are entries of the catalogue: their kind, and what begins one."""
_ASK = Text("起草申请（已填好沙箱的内容）", "Draft the request, filled with what the sandbox has")
_CALL = (FIRST_CALL, Text("看如何调用、是否已到", "See how it is made, and whether it has arrived"))
