"""My consents: what I was asked for and gave, in one place; give, decline, take back, and keep the receipt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from exchange import errors
from exchange.consents.desk import ConsentDesk
from exchange.consents.standing import MINOR
from exchange.consents.views import CONSENTS, how_often
from exchange.console.inside import as_json_post, asking, told
from exchange.console.words import text_of
from exchange.portal.entrance import CITIZENS, Entrance
from exchange.store.consents import GUARDIAN
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.pages import page_response, t
from kernel.web.routes import Route

_CONFLICT = 409
STATUSES: Mapping[str, Text] = {
    "asked": Text("等待您答复", "Waits for your answer"),
    "unanswered": Text("没有答复，已过期", "Was not answered in time"),
    "declined": Text("您未同意", "You declined"),
    "not-begun": Text("已同意，尚未开始", "Given, has not begun"),
    "in-force": Text("有效", "In force"),
    "used-up": Text("次数已用完", "Used up"),
    "withdrawn": Text("已撤回", "Taken back"),
    "ended": Text("已到期", "Ended"),
}
_ALIVE = frozenset({"not-begun", "in-force", "used-up"})
_WHOSE: Mapping[str, Text] = {
    GUARDIAN: Text("您作为监护人，代 {} 答复", "You answer as the guardian of {}"),
    "legal-representative": Text("您作为法定代表人，代 {} 答复", "You answer for {} as its legal representative"),
    "agent": Text("您作为经办人，代 {} 答复", "You answer for {} as its agent"),
    MINOR: Text("由您的监护人答复", "Your guardian answers this"),
}
"""In what capacity somebody reads it, where it is not their own to answer or not about them."""
_CHOOSE = f"{CITIZENS.home}/sign-in/start?{urlencode({'to': CONSENTS, 'acting': 'yes'})}"
"""Where people sign in for a company: the identity provider asks for which, and whether they may still act for it."""


@dataclass(frozen=True)
class ConsentPages:
    """Pages of whoever signed in. ``desk`` is the API's own, entered by a session."""

    entrance: Entrance
    desk: ConsentDesk

    def list(self, request: HttpRequest) -> HttpResponse:
        """Everything I was asked for, the newest first."""
        before = request.parameters().get("before", "")
        found = told(self.desk.list(asking(request, urlencode({"before": before}) if before else "")))
        following = f"{CONSENTS}?{urlencode({'before': found['next']})}" if found["next"] is not None else ""
        rows = [_about(one) for one in found["consents"]]
        mandate = self.desk.standings.mandate(self.entrance.access.person(request)[0])
        acting = "" if mandate is None else mandate.name or mandate.company.value
        return page_response("portal/consents.html", rows=rows, following=following, acting=acting, choose=_CHOOSE)

    def show(self, request: HttpRequest, consent: str) -> HttpResponse:
        """Exactly what it covers. Raises Problem."""
        return self._shown(request, consent)

    def reply(self, request: HttpRequest, consent: str) -> HttpResponse:
        """Write my answer down, and show how it stands then. Raises Problem."""
        typed = request.form()
        body = {"reply": typed.get("reply", ""), "terms": typed.get("terms", "")}
        try:
            self.desk.reply(as_json_post(request, body), consent)
        except Problem as problem:
            if problem.kind not in {errors.CONSENT_OVER, INVALID_BODY}:
                raise
            return self._shown(request, consent, over=True)
        return self._shown(request, consent, done=True)

    def receipt(self, request: HttpRequest, consent: str) -> HttpResponse:
        """The signed receipt, as a file. Raises Problem."""
        return self.desk.receipt(asking(request), consent)

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        route, one = self.entrance.route, "/consents/<consent>"
        shown = Text("一件同意", "One consent")
        return (
            route("GET", "/consents", self.list, Text("我的同意", "My consents")),
            route("GET", one, self.show, shown),
            route("POST", one, self.reply, Text("同意、谢绝或撤回", "Give it, decline it, or take it back")),
            route("GET", f"{one}/receipt", self.receipt, Text("同意的回执", "The receipt of a consent")),
        )

    def _shown(self, request: HttpRequest, consent: str, *, done: bool = False, over: bool = False) -> HttpResponse:
        found = told(self.desk.show(asking(request), consent))
        capacity, principal = found["acting"]["capacity"], _principal(found["acting"])
        return page_response(
            "portal/consent.html",
            status=_CONFLICT if over else 200,
            about=_about(found),
            names=[t(text_of(one["label"])) for one in found["fields"]],
            whose=t(_WHOSE[capacity]).format(principal) if capacity in _WHOSE else "",
            asked=found["status"] == "asked",
            readonly=capacity == MINOR,
            alive=found["status"] in _ALIVE,
            receipt=f"{CONSENTS}/{consent}/receipt" if found["given_at"] is not None else "",
            terms=found["terms"],
            done=done,
            over=over,
        )


def _principal(acting: Mapping[str, Any]) -> str:
    return " ".join(part for part in (acting["name"], acting["principal"]) if part)


def _about(one: Mapping[str, Any]) -> dict[str, Any]:
    named = {name: t(text_of(one[name]["name"])) for name in ("consumer", "provider", "evidence_type", "service_item")}
    moments = {name: datetime.fromisoformat(one[name]) for name in ("from", "until", "answer_by")}
    return {
        **named,
        "href": f"{CONSENTS}/{one['consent']}",
        "ground": t(text_of(one["ground"])),
        "begins": moments["from"],
        "ends": moments["until"],
        "answer_by": moments["answer_by"],
        "often": t(how_often(one["frequency"], one["times"])),
        "case": one["case"] or "",
        "used": one["used"],
        "status": t(STATUSES[one["status"]]),
        "principal": _principal(one["acting"]),
    }
