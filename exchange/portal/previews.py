"""The pages of previews: what waits for me, exactly what would be provided, and my answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from exchange import errors
from exchange.certificates.standing import Unknown
from exchange.console.inside import as_json_post, asking, told
from exchange.console.words import text_of
from exchange.gateway.answers import PREVIEWS
from exchange.portal.entrance import Entrance
from exchange.portal.further import questions
from exchange.portal.words import about, gone, moment_of
from exchange.previews.desk import PreviewDesk
from exchange.previews.looking import Reply
from exchange.requirements.following import Following
from kernel.canonical import JSON
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import day, page_response, t
from kernel.web.routes import Route

_CONFLICT = 409
_GONE = (errors.PREVIEW_UNKNOWN, errors.PREVIEW_OVER, errors.NOT_WAITING)
_DONE: Mapping[Reply, Text] = {
    Reply.PROVIDE: Text("已按您的同意提供", "It was provided as you agreed"),
    Reply.DECLINE: Text("没有提供", "It was not provided"),
    Reply.WRONG: Text("没有提供，您已指出内容有误", "It was not provided: you said that it is wrong"),
}
_UNKNOWN: Mapping[str, Text] = {
    Unknown.NONE: Text("（平台没有登记）", " (none is on record here)"),
    Unknown.SEVERAL: Text("（登记有多份，不知是哪一份）", " (several are on record, and which this is is not known)"),
}
_CLOSED = Text("没有提供：办理条件已有变化", "It was not provided: what it rests on has changed")


@dataclass(frozen=True)
class PreviewPages:
    """Pages of whoever signed in. ``desk`` and ``following`` are the API's own, entered by a session."""

    entrance: Entrance
    desk: PreviewDesk
    following: Following

    def first(self, request: HttpRequest) -> HttpResponse:
        """The first of the citizens' pages."""
        del request
        return redirect(PREVIEWS)

    def list(self, request: HttpRequest) -> HttpResponse:
        """What waits for me: decisions, and papers that I may hand in later."""
        found = told(self.desk.list(asking(request)))["previews"]
        papers = told(self.following.own(asking(request)))["papers"]
        return page_response(
            "portal/previews.html", rows=[about(one) for one in found], papers=[_paper(one) for one in papers]
        )

    def show(self, request: HttpRequest, of: str, item: str) -> HttpResponse:
        """Exactly what would be provided. Raises Problem."""
        return self._shown(request, of, item)

    def reply(self, request: HttpRequest, of: str, item: str) -> HttpResponse:
        """Write my answer down. Raises Problem."""
        typed = request.form()
        body = {"reply": typed.get("reply", ""), "digest": typed.get("digest", "")}
        try:
            status = told(self.desk.reply(as_json_post(request, body), of, item))["status"]
        except Problem as problem:
            if problem.kind in {errors.PREVIEW_CHANGED, INVALID_BODY}:
                return self._shown(request, of, item, changed=True)
            if problem.kind in _GONE:
                return gone()
            raise
        reply = Reply(body["reply"])
        kept = status == "delivered" or reply is not Reply.PROVIDE
        wrong = f"{PREVIEWS}/{of}/{item}/wrong" if reply is Reply.WRONG and status == "refused" else ""
        return page_response("portal/answered.html", said=_DONE[reply] if kept else _CLOSED, wrong=wrong)

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        route, one = self.entrance.route, "/previews/<of>/<item>"
        listed, shown = Text("等待我预览的材料", "What waits for my preview"), Text("预览", "A preview")
        return (
            *self.entrance.signing_in.doors(),
            route("GET", "", self.first, listed),
            route("GET", "/previews", self.list, listed),
            route("GET", one, self.show, shown),
            route("POST", one, self.reply, Text("答复预览", "Answer a preview")),
        )

    def _shown(self, request: HttpRequest, of: str, item: str, *, changed: bool = False) -> HttpResponse:
        try:
            found = told(self.desk.show(asking(request), of, item))
        except Problem as problem:
            if problem.kind in _GONE:
                return gone()
            if problem.kind is errors.ANSWERS_EXHAUSTED:
                return page_response("portal/unanswered.html", status=_CONFLICT)
            raise
        if "questions" in found:
            return questions(found, {}, Problem(errors.PREVIEW_CHANGED) if changed else None)
        others = told(self.desk.list(asking(request)))["previews"] if found["choice"] else []
        return page_response(
            "portal/preview.html",
            status=_CONFLICT if changed else 200,
            changed=changed,
            about=about(found),
            rows=[(t(text_of(one["label"])), _words(one["value"])) for one in found["data"]]
            + [(_question(one), _words(one["answer"])) for one in found["answers"]],
            read_at=moment_of(found["provenance"]["retrieved_at"]),
            stands=_stands(found["provenance"].get("certificate_status")),
            choices=[about(one) for one in others if one["request"] == of and one["item"] in found["choice"]],
            digest=found["digest"],
        )


def _paper(one: Mapping[str, Any]) -> dict[str, Any]:
    """What is awaited, in words."""
    named = {name: t(text_of(one[name]["name"])) for name in ("consumer", "service_item", "requirement")}
    return named | {"due": date.fromisoformat(one["due"]), "overdue": one["overdue"]}


def _stands(status: Mapping[str, Any] | None) -> str:
    """How the certificate stands that it is, and since when; empty where it is none."""
    if status is None:
        return ""
    words = t(text_of(status["label"]))
    if status["since"] is None:
        return words + (t(_UNKNOWN[status["reason"]]) if "reason" in status else "")
    since = day(moment_of(status["since"]))
    return words + t(f"（自{since}起）", f" (since {since})")


def _question(one: Mapping[str, Any]) -> str:
    arguments = t("、", ", ").join(str(value) for value in one.get("args", {}).values())
    label = t(text_of(one["label"]))
    return f"{label}{t('（', ' (')}{arguments}{t('）', ')')}" if arguments else label


def _words(value: JSON) -> str:
    if isinstance(value, bool):
        return t("是", "yes") if value else t("否", "no")
    if isinstance(value, list):
        return t("、", ", ").join(_words(member) for member in value)
    if isinstance(value, dict):
        return t("；", "; ").join(f"{name}{t('：', ': ')}{_words(member)}" for name, member in value.items())
    return t("（空）", "(empty)") if value is None else str(value)
