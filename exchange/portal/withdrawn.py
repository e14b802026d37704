"""What somebody said of their record is taken back: the page that asks whether, and says that it is done."""

from __future__ import annotations

from dataclasses import dataclass

from exchange import errors
from exchange.console.inside import as_json_post, asking, told
from exchange.corrections.following import Following
from exchange.portal.entrance import Entrance
from kernel.problems import Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.pages import page_response
from kernel.web.routes import Route

_CONFLICT = 409


@dataclass(frozen=True)
class WithdrawnPages:
    """Pages of whoever signed in. ``following`` is the API's own, entered by a session."""

    entrance: Entrance
    following: Following

    def ask(self, request: HttpRequest, correction: str) -> HttpResponse:
        """Whether to take it back; what it is about is read in the log. Raises Problem: it is not theirs."""
        if not told(self.following.of_person(asking(request), correction))["commands"]:
            return _over(correction)
        return page_response("portal/withdraw.html", name=correction, state="asked")

    def withdraw(self, request: HttpRequest, correction: str) -> HttpResponse:
        """Take it back. Raises Problem."""
        try:
            self.following.by_person(as_json_post(request, {}), correction)
        except Problem as problem:
            if problem.kind not in {errors.CORRECTION_ANSWERED, errors.CORRECTION_CHANGED}:
                raise
            return _over(correction)
        return page_response("portal/withdraw.html", name=correction, state="done")

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        said, at = Text("撤回更正申请", "Take back a request for correction"), "/corrections/<correction>/withdraw"
        return (self.entrance.route("GET", at, self.ask, said), self.entrance.route("POST", at, self.withdraw, said))


def _over(correction: str) -> HttpResponse:
    return page_response("portal/withdraw.html", status=_CONFLICT, name=correction, state="over")
