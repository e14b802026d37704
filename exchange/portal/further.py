"""The page on which somebody answers a department's further questions, before anything of theirs can be shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.further import Kind
from exchange import errors
from exchange.console.forms import Field, filled, sayings, summary
from exchange.console.inside import as_json_post, asking, told
from exchange.console.words import text_of
from exchange.gateway.answers import PREVIEWS
from exchange.portal.entrance import Entrance
from exchange.portal.words import about, gone
from exchange.previews.desk import PreviewDesk
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect, to_its_page
from kernel.web.pages import page_response, t
from kernel.web.routes import Route

_CONFLICT, _UNPROCESSABLE, _LATER = 409, 422, 503
_GONE = (errors.PREVIEW_UNKNOWN, errors.PREVIEW_OVER, errors.NOT_WAITING)
_AGAIN = (INVALID_BODY, errors.PREVIEW_CHANGED, errors.ANSWERS_UNMATCHED)
_PASSING = (503, 504)
_FORMS: Mapping[Kind, Text] = {
    Kind.DATE: Text("写成 1980-01-31", "Written as 1980-01-31"),
    Kind.YEAR: Text("四位数字，如 1980", "Four digits, such as 1980"),
}
_NOT_SAID = Text("不回答这一项", "I leave this one empty")
_PUT_ANEW = Text(
    "问题有变化，或这次已经答过，请重新回答", "The questions changed, or this was answered before: answer again"
)
_GIVEN = Text("已按请求提供", "It was provided as asked for")
_CLOSED = Text("没有提供：办理条件已有变化", "It was not provided: what it rests on has changed")


@dataclass(frozen=True)
class FurtherPages:
    """Pages of whoever signed in. ``desk`` is the API's own, entered by a session."""

    entrance: Entrance
    desk: PreviewDesk

    def answer(self, request: HttpRequest, of: str, item: str) -> HttpResponse:
        """Take the answers. Raises Problem."""
        typed = request.form()
        answers = {name.removeprefix("answers."): value for name, value in typed.items() if name.startswith("answers.")}
        body = {"answers": answers, "digest": typed.get("digest", "")}
        try:
            status = told(self.desk.tell(as_json_post(request, body), of, item))["status"]
        except Problem as problem:
            return self._not_taken(request, of, item, typed, problem)
        if status == "awaiting-preview":
            return redirect(f"{PREVIEWS}/{of}/{item}")
        if status == "failed":
            return page_response("portal/unanswered.html", status=_CONFLICT)
        return page_response("portal/answered.html", said=_GIVEN if status == "delivered" else _CLOSED, wrong="")

    def again(self, request: HttpRequest, of: str, item: str) -> HttpResponse:
        """Back to the questions."""
        return to_its_page(request, f"{PREVIEWS}/{of}/{item}")

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        said = Text("回答提供部门的追问", "Answer the further questions of the providing department")
        route, at = self.entrance.route, "/previews/<of>/<item>/answers"
        return (route("GET", at, self.again, said), route("POST", at, self.answer, said))

    def _not_taken(
        self, request: HttpRequest, of: str, item: str, typed: Mapping[str, str], problem: Problem
    ) -> HttpResponse:
        if problem.kind in _GONE:
            return gone()
        if problem.kind is errors.ANSWERS_EXHAUSTED:
            return page_response("portal/unanswered.html", status=_CONFLICT)
        try:
            found = told(self.desk.show(asking(request), of, item))
        except Problem as over:
            if over.kind is errors.ANSWERS_EXHAUSTED:
                return page_response("portal/unanswered.html", status=_CONFLICT)
            if over.kind in _GONE:
                return gone()
            raise
        if "questions" not in found:  # answered meanwhile, in another window
            return redirect(f"{PREVIEWS}/{of}/{item}")
        if problem.kind not in _AGAIN and problem.kind.status not in _PASSING:
            raise problem
        return questions(found, typed, problem)


def questions(found: Mapping[str, Any], typed: Mapping[str, str], problem: Problem | None) -> HttpResponse:
    """The form, with what was typed and what is wrong with it."""
    fields = [_field(one) for one in found["questions"]]
    wrong, general = ({}, "") if problem is None else _said(problem, fields)
    return page_response(
        "portal/questions.html",
        status=200 if problem is None else _status(problem),
        about=about(found),
        fields=filled(fields, typed, wrong),
        errors=summary(fields, wrong, general),
        left=found["attempts_left"],
        elsewhere=found["elsewhere"],
        digest=found["digest"],
    )


def _status(problem: Problem) -> int:
    if problem.kind is INVALID_BODY:
        return _UNPROCESSABLE
    return _LATER if problem.kind.status in _PASSING else _CONFLICT


def _said(problem: Problem, fields: list[Field]) -> tuple[dict[str, str], str]:
    if problem.kind is errors.PREVIEW_CHANGED:
        return {}, t(_PUT_ANEW)
    return sayings(problem, fields)


def _field(one: Mapping[str, Any]) -> Field:
    form = _FORMS.get(Kind(one["type"]))
    hints = [text_of(one["help"])] if one["help"] else []
    hints += [form] if form else []
    hint = Text("；".join(each.zh for each in hints), "; ".join(each.en for each in hints)) if hints else None
    label, choices = text_of(one["label"]), [(each["code"], text_of(each["label"])) for each in one["choices"]]
    if one["optional"]:
        label = Text(f"{label.zh}（可不填）", f"{label.en} (may be left empty)")
        choices = [("", _NOT_SAID), *choices] if choices else []
    return Field(f"answers.{one['name']}", label, hint, "radios" if choices else "text", choices)
