"""This use was not mine: the page on which somebody says so of an entry of their log (ADR 0070)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from exchange import errors
from exchange.challenges.opening import Challenging
from exchange.console.forms import Field, drawn, sayings
from exchange.console.inside import as_json_post, told
from exchange.console.words import text_of
from exchange.in_force.snapshot import current
from exchange.portal.entrance import Entrance
from exchange.portal.words import Why, no_entry
from exchange.return_flow.telling import sentence
from exchange.store.return_flow_books import Held
from exchange.transparency.plain_words import entry_view
from kernel.ledger.usage import UsageEntry
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.pages import page_response, t
from kernel.web.routes import Route

_FIELDS = (
    Field(
        "words",
        Text("您知道的情况", "What you know of it"),
        Text(
            "可以不填；例如：那一天没有办过这件事。只有该部门的数据保护负责人看得到。",
            "You may leave it empty. Such as: I applied for nothing that day. That officer alone reads it.",
        ),
        "area",
    ),
)
_CONFLICT = 409


@dataclass(frozen=True)
class ChallengePages:
    """Pages of whoever signed in. ``challenging`` is the API's own, entered by a session."""

    entrance: Entrance
    challenging: Challenging

    def ask(self, request: HttpRequest, entry: str) -> HttpResponse:
        """The form. Raises Problem."""
        return self._form(request, entry, {}, None)

    def challenge(self, request: HttpRequest, entry: str) -> HttpResponse:
        """Say so. Raises Problem."""
        typed = request.form()
        try:
            made = told(self.challenging.open(as_json_post(request, {"words": typed.get("words", "")}), entry))
        except Problem as problem:
            if problem.kind is INVALID_BODY:
                return self._form(request, entry, typed, problem)
            if problem.kind is errors.CHALLENGE_GIVEN:
                return page_response("portal/challenged.html", status=_CONFLICT, state="given")
            if problem.kind is errors.ENTRY_UNKNOWN:
                return self._none(request, entry)
            raise
        return page_response("portal/challenged.html", state="done", made=_about(made))

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        said, at = Text("提出异议：不是本人的事", "Say that a use was not mine"), "/usage/<entry>/challenge"
        return (self.entrance.route("GET", at, self.ask, said), self.entrance.route("POST", at, self.challenge, said))

    def _form(
        self, request: HttpRequest, entry: str, typed: Mapping[str, str], problem: Problem | None
    ) -> HttpResponse:
        _, person = self.entrance.access.person(request)
        found = self.challenging.use(person, entry)
        if found is None:
            return self._none(request, entry)
        return page_response(
            "portal/challenge.html",
            sentence=self._sentence(found),
            **drawn(_FIELDS, typed, None if problem is None else sayings(problem, _FIELDS)),
        )

    def _none(self, request: HttpRequest, entry: str) -> HttpResponse:
        _, person = self.entrance.access.person(request)
        return no_entry(Why.ABSENT if self.challenging.told(person, entry) is None else Why.NO_USE)

    def _sentence(self, use: UsageEntry | Held) -> str:
        registry = current(self.entrance.access.policy).registry
        if isinstance(use, Held):
            return t(sentence(use, registry))
        return t(text_of(entry_view(use, registry, "")["sentence"]))


def _about(made: Mapping[str, Any]) -> dict[str, Any]:
    ends = datetime.fromisoformat(made["deadline"]) - timedelta(microseconds=1)  # the midnight after the last day
    return {"id": made["id"], "organisation": t(text_of(made["organisation"]["name"])), "until": ends}
