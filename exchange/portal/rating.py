"""My cases that ended: the list of those that wait for a rating, and the form with the five grades (ADR 0055)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from exchange import errors
from exchange.console.forms import Field, drawn, sayings
from exchange.console.inside import as_json_post, asking, told
from exchange.console.words import text_of
from exchange.portal.entrance import CITIZENS, Entrance
from exchange.ratings.desk import RatingDesk
from exchange.ratings.unrated import Unrated
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.pages import page_response, t
from kernel.web.routes import Route
from policies.ratings.events import GRADES

CASES = f"{CITIZENS.home}/cases"
_CONFLICT = 409
_GRADE = Field(
    "grade",
    Text("您对这次办理满意吗", "How satisfied are you"),
    None,
    "radios",
    tuple((str(int(grade)), words) for grade, words in GRADES.items()),
)
_WORDS = Field(
    "words",
    Text("您想说的话", "What you want to say of it"),
    Text("可以不填；只有办理部门看得到", "You may leave it empty; only the department that handled it reads it"),
    "area",
)
_FIELDS = (_GRADE, _WORDS)
_NOT_TO_RATE = (errors.RATING_GIVEN, errors.RATING_TOO_EARLY, errors.CASE_UNKNOWN)


@dataclass(frozen=True)
class OwnCasePages:
    """Pages of whoever signed in. Both rooms are the API's own, entered by a session."""

    entrance: Entrance
    unrated: Unrated
    ratings: RatingDesk

    def list(self, request: HttpRequest) -> HttpResponse:
        """Those that wait for a rating, newest first. Raises Problem."""
        before = request.parameters().get("before", "")
        found = told(self.unrated.list(asking(request, urlencode({"before": before}) if before else "")))
        following = f"{CASES}?{urlencode({'before': found['next']})}" if found["next"] is not None else ""
        return page_response("portal/cases.html", rows=[_about(one) for one in found["cases"]], following=following)

    def ask(self, request: HttpRequest, case: str) -> HttpResponse:
        """The form. Raises Problem."""
        return self._form(request, case, {}, None)

    def rate(self, request: HttpRequest, case: str) -> HttpResponse:
        """Give the grade. Raises Problem."""
        typed = request.form()
        body = {"words": typed.get("words", "")} | ({"grade": _number(typed["grade"])} if typed.get("grade") else {})
        try:
            self.ratings.rate(as_json_post(request, body), case)
        except Problem as problem:
            if problem.kind is INVALID_BODY:
                return self._form(request, case, typed, problem)
            if problem.kind in _NOT_TO_RATE:
                return _not_to_rate()
            raise
        return page_response("portal/rated.html", rated=True)

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        route, one = self.entrance.route, "/cases/<case>/rating"
        rated = Text("评价一件办结的事", "Rate a case that ended")
        return (
            route("GET", "/cases", self.list, Text("我可以评价的办件", "Cases of mine that I may rate")),
            route("GET", one, self.ask, rated),
            route("POST", one, self.rate, rated),
        )

    def _form(self, request: HttpRequest, case: str, typed: Mapping[str, str], problem: Problem | None) -> HttpResponse:
        found = self.unrated.one(asking(request), case)
        if found is None:
            return _not_to_rate()
        return page_response(
            "portal/rate.html",
            about=_about(found),
            **drawn(_FIELDS, typed, None if problem is None else sayings(problem, _FIELDS)),
        )


def _number(text: str) -> int | str:
    """A grade as the API takes it; anything else is left for it to refuse."""
    return int(text) if len(text) == 1 and text.isascii() and text.isdigit() else text


def _about(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "case": one["case"],
        "href": f"{CASES}/{quote(one['case'], safe='')}/rating",
        "organisation": t(text_of(one["organisation"]["name"])),
        "service_item": t(text_of(one["service_item"]["name"])),
        "closed_at": datetime.fromisoformat(one["closed_at"]),
    }


def _not_to_rate() -> HttpResponse:
    return page_response("portal/rated.html", status=_CONFLICT, rated=False)
