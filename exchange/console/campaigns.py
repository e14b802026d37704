"""Recertification campaigns: the list, a new one, its grants with their use, and the answer to each.

Every page asks the API's own desk and shows its answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from exchange import errors
from exchange.campaigns.desk import CampaignDesk
from exchange.console.attempt import HOME
from exchange.console.door import Door, Refusal, Visitor, moved_on, page, refused
from exchange.console.forms import UNPROCESSABLE, Field, drawn, filled, given, sayings, summary
from exchange.console.inside import as_json_post, asking, told
from exchange.console.unused import MAY_DRAFT, UNUSED
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import t
from kernel.web.routes import Route
from policies.campaigns.events import ANSWERS, Answer, ItemStatus, Status
from policies.roles import Role

CAMPAIGNS = f"{HOME}/campaigns"
WAITING, ALL = "waiting", "all"
_TABS = {WAITING: Text("等待答复", "Waiting"), ALL: Text("全部", "All")}
_TONES = {
    Status.OPEN: "near",
    ItemStatus.WAITING: "near",
    ItemStatus.KEPT: "good",
    ItemStatus.ENDED: "bad",
    ItemStatus.LAPSED: "bad",
}
_ANY = Text("留空表示不限", "Leave empty for any")
_CHOICE = (
    Field("provider", Text("提供部门代码", "Code of the provider"), _ANY),
    Field("consumer", Text("使用部门代码", "Code of the consumer"), _ANY),
    Field("evidence_type", Text("材料类型代码", "Code of the evidence type"), _ANY),
    Field(
        "in_force_days",
        Text("生效至少多少天", "In force for how many days at least"),
        _ANY,
    ),
)
_TERMS = (
    Field("title", Text("名称", "Title"), Text("例如：2026 年下半年复核", "Such as: second half of 2026")),
    Field("days", Text("答复期限（工作日）", "Time to answer, in working days"), Text("5 至 120", "5 to 120")),
)
_AUDITED = Text("供审计查阅，不得含有个人信息", "For auditors to read; it names nobody")
_ANSWER = (
    Field("answer", Text("答复", "Answer"), None, "radios", [(one.value, text) for one, text in ANSWERS.items()]),
    Field("words", Text("理由", "Reasons"), _AUDITED, "area"),
)
_REASON = (Field("reason", Text("理由", "Reasons"), _AUDITED, "area"),)
_SUGGESTIONS: Mapping[Answer, Text] = {
    Answer.KEEP: Text("全部内容都有使用", "Everything is in use"),
    Answer.TIGHTEN: Text("有未使用的内容，可收紧", "Part of it is not used: it could be tightened"),
    Answer.END: Text("九十天内没有使用，可终止", "Not used in ninety days: it could be ended"),
}
_TOO_EARLY = Text(
    "生效不足九十天，或为应急模板，不能据此判断", "Nothing: too young to judge, or a template of emergency access"
)
_NAMED = ("provider", "consumer", "evidence_type")
_GOVERNANCE, _PANEL = frozenset({Role.GOVERNANCE_OFFICER}), frozenset({Role.GOVERNANCE_APPROVER})
_PROVIDER = frozenset({Role.PROVIDER_OFFICER})
_MENDED = (INVALID_BODY, errors.CAMPAIGN_INCOMPLETE)


@dataclass(frozen=True)
class CampaignPages:
    """The pages about campaigns. ``desk`` is the API's own, entered by a session."""

    door: Door
    desk: CampaignDesk

    def list(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """Campaigns that concern this officer, newest first."""
        before = request.parameters().get("before", "")
        found = told(self.desk.list(asking(request, urlencode({"before": before}) if before else "")))
        return page(
            "campaigns",
            visitor,
            request,
            title=_TITLE,
            rows=[_about(one) for one in found["campaigns"]],
            opening=not _GOVERNANCE.isdisjoint(visitor.roles),
            following=f"{CAMPAIGNS}?{urlencode({'before': found['next']})}" if found["next"] else "",
        )

    def new(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """The form that chooses grants."""
        return self._form(visitor, request, {}, None, None)

    def open(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """First what would be chosen, then, for exactly that, the campaign. Raises Problem."""
        typed = request.form()
        choice, terms = _body(typed, _CHOICE), _body(typed, _TERMS)
        try:
            if not typed.get("digest"):
                found = told(self.desk.preview(as_json_post(request, choice)))
                return self._form(visitor, request, typed, found, None)
            made = told(self.desk.open(as_json_post(request, choice | terms | {"digest": typed["digest"]})))
        except Problem as problem:
            if problem.kind is errors.CAMPAIGN_CHANGED:
                found = told(self.desk.preview(as_json_post(request, choice)))
                return self._form(visitor, request, typed, found, problem)
            if problem.kind in _MENDED:
                chosen = told(self.desk.preview(as_json_post(request, choice))) if typed.get("digest") else None
                return self._form(visitor, request, typed, chosen, problem)
            raise
        return redirect(f"{CAMPAIGNS}/{quote(made['id'])}")

    def show(self, visitor: Visitor, request: HttpRequest, campaign: str) -> HttpResponse:
        """One campaign with its grants: what each gives, its use, and what was answered. Raises Problem."""
        asked = request.parameters()
        shown = asked.get("show", WAITING)
        query = {"show": shown, "after": asked.get("after", "0")}
        found = told(self.desk.show(asking(request), campaign))
        items = told(self.desk.items(asking(request, urlencode(query)), campaign))
        at = f"{CAMPAIGNS}/{quote(campaign)}"
        following = urlencode({"show": shown, "after": items["next"]}) if items["next"] else ""
        return page(
            "campaign",
            visitor,
            request,
            title=Text(found["title"], found["title"]),
            about=_about(found),
            rows=[self._item(one, visitor) for one in items["items"]],
            tabs=[(f"{at}?show={name}", label, name == shown) for name, label in _TABS.items()],
            calling_off=f"{at}/call-off" if "call-off" in found["commands"] else "",
            following=f"{at}?{following}" if following else "",
            back=CAMPAIGNS,
        )

    def item(self, visitor: Visitor, request: HttpRequest, campaign: str, number: str) -> HttpResponse:
        """One grant of a campaign, and the form of its answer. Raises Problem."""
        return self._asked(visitor, request, campaign, number, {}, None)

    def answer(self, visitor: Visitor, request: HttpRequest, campaign: str, number: str) -> HttpResponse:
        """Write the answer down. Raises Problem."""
        typed = request.form()
        body = _body(typed, _ANSWER) | {"revision": _whole(typed.get("revision", ""))}
        try:
            self.desk.answer(as_json_post(request, body), campaign, number)
        except Problem as problem:
            if problem.kind in _MENDED:
                return self._asked(visitor, request, campaign, number, typed, problem)
            return self._said_no(visitor, request, problem, f"{CAMPAIGNS}/{quote(campaign)}", _PROVIDER)
        return redirect(f"{CAMPAIGNS}/{quote(campaign)}")

    def before_calling_off(self, visitor: Visitor, request: HttpRequest, campaign: str) -> HttpResponse:
        """The page before a campaign is called off. Raises Problem."""
        return self._calling_off(visitor, request, campaign, {}, None)

    def call_off(self, visitor: Visitor, request: HttpRequest, campaign: str) -> HttpResponse:
        """Call it off. Raises Problem."""
        typed = request.form()
        try:
            self.desk.call_off(as_json_post(request, _body(typed, _REASON)), campaign)
        except Problem as problem:
            if problem.kind in _MENDED:
                return self._calling_off(visitor, request, campaign, typed, problem)
            return self._said_no(visitor, request, problem, f"{CAMPAIGNS}/{quote(campaign)}", _PANEL)
        return redirect(f"{CAMPAIGNS}/{quote(campaign)}")

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        door, one = self.door, "/campaigns/<campaign>"
        opened, off = Text("发起授权复核", "Opening a campaign"), Text("取消复核活动", "Calling a campaign off")
        shown, answered = Text("一次复核活动", "One campaign"), Text("答复一项授权", "Answering for a grant")
        return (
            door.route("GET", "/campaigns", self.list, _TITLE),
            door.route("GET", "/campaigns/new", self.new, opened, _GOVERNANCE),
            door.route("POST", "/campaigns/new", self.open, opened, _GOVERNANCE),
            door.route("GET", one, self.show, shown),
            door.route("GET", f"{one}/call-off", self.before_calling_off, off, _PANEL),
            door.route("POST", f"{one}/call-off", self.call_off, off, _PANEL),
            door.route("GET", f"{one}/items/<number>", self.item, answered),
            door.route("POST", f"{one}/items/<number>", self.answer, answered, _PROVIDER),
        )

    def _form(
        self, visitor: Visitor, request: HttpRequest, typed: Mapping[str, str], found: Any, problem: Problem | None
    ) -> HttpResponse:
        fields = _CHOICE if found is None else _TERMS
        errors_, general = _sayings(problem, (*_CHOICE, *_TERMS))
        return page(
            "campaign_new",
            visitor,
            request,
            status=200 if problem is None else problem.kind.status,
            title=Text("发起授权复核", "A new recertification campaign"),
            fields=filled(fields, typed, errors_),
            kept=[] if found is None else [(each.name, typed.get(each.name, "")) for each in _CHOICE],
            choice=found
            and {
                "count": found["count"],
                "digest": found["digest"],
                "rows": [
                    {
                        "ref": one["grant"],
                        **{name: t(Text(**one[name])) for name in _NAMED},
                    }
                    for one in found["grants"]
                ],
            },
            errors=summary((*_CHOICE, *_TERMS), errors_, general),
            back=CAMPAIGNS if found is None else f"{CAMPAIGNS}/new",
        )

    def _asked(
        self,
        visitor: Visitor,
        request: HttpRequest,
        campaign: str,
        number: str,
        typed: Mapping[str, str],
        problem: Problem | None,
    ) -> HttpResponse:
        found = told(self.desk.item(asking(request), campaign, number))
        errors_, general = _sayings(problem, _ANSWER)
        return page(
            "campaign_item",
            visitor,
            request,
            status=200 if problem is None else UNPROCESSABLE,
            title=Text(f"复核授权 {found['grant']}", f"Recertify grant {found['grant']}"),
            item=self._item(found, visitor),
            sentence=Text(**found["sentence"]),
            revision=found["revision"],
            fields=filled(_ANSWER, typed, errors_) if found["may_answer"] else [],
            errors=summary(_ANSWER, errors_, general),
            back=f"{CAMPAIGNS}/{quote(campaign)}",
        )

    def _calling_off(
        self, visitor: Visitor, request: HttpRequest, campaign: str, typed: Mapping[str, str], problem: Problem | None
    ) -> HttpResponse:
        found = told(self.desk.show(asking(request), campaign))
        return page(
            "campaign_call_off",
            visitor,
            request,
            title=Text("取消复核活动", "Call the campaign off"),
            name=found["title"],
            **drawn(_REASON, typed, None if problem is None else sayings(problem, _REASON)),
            back=f"{CAMPAIGNS}/{quote(campaign)}",
        )

    def _said_no(
        self, visitor: Visitor, request: HttpRequest, problem: Problem, back: str, allowed: frozenset[Role]
    ) -> HttpResponse:
        if problem.kind is errors.CAMPAIGN_CHANGED:
            title = Text("刚才有了变化", "This has changed meanwhile")
            return moved_on(visitor, request, title, "", back)
        if problem.kind is errors.CAMPAIGN_NOT_ALLOWED:
            return refused(visitor, request, Refusal(problem.detail or problem.kind.title, allowed), back)
        raise problem

    def _item(self, one: Mapping[str, Any], visitor: Visitor) -> dict[str, Any]:
        usage, status = one["usage"], ItemStatus(one["status"])
        tightening = one["tighten"] and not MAY_DRAFT.isdisjoint(visitor.roles)
        return {
            "ref": one["grant"],
            "href": f"{CAMPAIGNS}/{quote(one['campaign'])}/items/{one['number']}",
            "current": one["current"],
            "grant": f"{HOME}/grants/{quote(one['current'])}",
            "tighten": f"{UNUSED}/{quote(one['current'])}" if tightening else "",
            **{name: t(Text(**one[name]["name"])) for name in _NAMED},
            "releases": usage["releases"],
            "days": usage["days"],
            "last": datetime.fromisoformat(usage["last"]) if usage["last"] else None,
            "unused": [t(Text(**each)) for each in usage["unused"]],
            "suggestion": _SUGGESTIONS[Answer(one["suggestion"])] if one["suggestion"] else _TOO_EARLY,
            "label": Text(**one["label"]),
            "tone": _TONES.get(status, "calm"),
            "words": one["words"],
            "may_answer": one["may_answer"],
        }


def _about(one: Mapping[str, Any]) -> dict[str, Any]:
    deadline = one["deadline"]
    return {
        "id": one["id"],
        "href": f"{CAMPAIGNS}/{quote(one['id'])}",
        "title": one["title"],
        "label": Text(**one["label"]),
        "tone": _TONES.get(Status(one["status"]), "calm"),
        "open": one["status"] == Status.OPEN.value,
        "waiting": one["items"][ItemStatus.WAITING.value],
        "total": sum(one["items"].values()),
        "clock": Text(**one["clock"]),
        "deadline": datetime.fromisoformat(deadline) - _A_MOMENT if deadline else None,
        "reason": one["reason"],
    }


def _body(typed: Mapping[str, str], fields: tuple[Field, ...]) -> dict[str, Any]:
    numbers = {"days", "in_force_days"}
    return {name: _number(value) if name in numbers else value for name, value in given(fields, typed).items()}


def _number(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text


def _whole(text: str) -> int:
    found = _number(text)
    return found if isinstance(found, int) else 0


def _sayings(problem: Problem | None, fields: tuple[Field, ...]) -> tuple[dict[str, str], str]:
    """What is wrong by the name of the field, and what concerns no field."""
    return ({}, "") if problem is None else sayings(problem, fields)


_TITLE = Text("授权复核", "Recertification")
_A_MOMENT = timedelta(microseconds=1)
"""A deadline is the midnight after the last working day; people say that day."""
