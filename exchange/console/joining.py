"""How far a department has come from nothing to its first governed call: the API's own steps, and who is next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from exchange.console.attempt import HOME
from exchange.console.door import Door, Visitor, page
from exchange.console.inside import as_json_post, asking, told
from exchange.onboarding.endpoints import Onboarding
from exchange.onboarding.steps import DONE, OPEN
from kernel.problems import NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.routes import Route
from policies.roles import Role

JOINING = f"{HOME}/joining"
_STATES = {
    DONE: ("good", Text("已完成", "done")),
    OPEN: ("near", Text("现在办理", "now")),
}
_LATER = ("calm", Text("待前一步完成", "after the step before"))


@dataclass(frozen=True)
class JoiningPages:
    """The page of a department's progress. ``desk`` is the API's own, entered by a session."""

    door: Door
    desk: Onboarding

    def show(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """The steps: what is done, what is next, whose turn it is."""
        found = told(self.desk.progress(asking(request)))
        return page(
            "joining",
            visitor,
            request,
            title=Text("部门接入进度", "How far our department has come"),
            steps=[_step(one) for one in found["steps"]],
            done=found["done"],
            issuer=found["issuer"],
            opening=Role.GOVERNANCE_OFFICER in visitor.roles and not self._opened(request),
        )

    def open(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """Data governance opens the sandbox, once. Raises Problem."""
        del visitor
        self.desk.open_sandbox(as_json_post(request, {}))
        return redirect(JOINING)

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        shown, opened = Text("部门接入进度", "A department's progress"), Text("开放沙箱", "Opening the sandbox")
        governance = frozenset({Role.GOVERNANCE_OFFICER})
        return (
            self.door.route("GET", "/joining", self.show, shown),
            self.door.route("POST", "/joining", self.open, opened, governance),
        )

    def _opened(self, request: HttpRequest) -> bool:
        try:
            self.desk.show_sandbox(asking(request))
        except Problem as problem:
            if problem.kind is not NOT_FOUND:
                raise
            return False
        return True


def _step(one: Any) -> dict[str, Any]:
    tone, label = _STATES.get(one["state"], _LATER)
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
    }
