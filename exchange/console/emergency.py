"""Emergency access on pages: the openings, one of them, the form that asks for one, and the page before each command.

Every page asks the API's own desk and shows its answer; what may be done is what the answer's ``commands`` say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from exchange import errors
from exchange.console import emergency_words as words
from exchange.console.attempt import HOME
from exchange.console.door import Door, Refusal, Visitor, moved_on, page, refused
from exchange.console.forms import Field, filled, sayings, summary
from exchange.console.inside import as_json_post, asking, told
from exchange.console.words import happened, moment_text, same, text_of
from exchange.emergency.desk import EmergencyDesk
from exchange.gateway.understanding import current
from exchange.governance.views import names
from kernel.dates import date_text
from kernel.problems import INVALID_BODY, NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import t
from kernel.web.routes import Route
from policies.emergency.commands import NAMES, TABLE, AskEmergency
from policies.emergency.opening import FINDINGS, Finding, Status
from policies.roles import Role

EMERGENCIES = f"{HOME}/emergency"
_UNPROCESSABLE = 422
_KINDS = {name: kind for kind, name in NAMES.items()}
_ASKERS = frozenset(role for role, kinds in TABLE[None].items() if AskEmergency in kinds)
_MENDED = (
    *(INVALID_BODY, errors.EMERGENCY_INCOMPLETE, errors.EMERGENCY_TEMPLATE_UNKNOWN),
    *(errors.CASE_UNKNOWN, errors.CASE_CLOSED),
)
"""Refusals that the same officer mends on the same form."""
_A_MOMENT = timedelta(microseconds=1)
"""A review is due at the midnight after the last day; people say that day."""


@dataclass(frozen=True)
class EmergencyPages:
    """The pages about openings. ``desk`` is the API's own, entered by a session."""

    door: Door
    desk: EmergencyDesk

    def list(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """Openings, newest first. Raises Problem."""
        before = request.parameters().get("before", "")
        found = told(self.desk.list(asking(request, urlencode({"before": before}) if before else "")))
        return page(
            "emergencies",
            visitor,
            request,
            title=Text("应急取用", "Emergency access"),
            rows=[_row(one) for one in found["emergencies"]],
            asking=f"{EMERGENCIES}/new" if _ASKERS & visitor.roles else "",
            following=f"{EMERGENCIES}?{urlencode({'before': found['next']})}" if found["next"] else "",
        )

    def show(self, visitor: Visitor, request: HttpRequest, identifier: str) -> HttpResponse:
        """One opening: why, until when, what was asked for under it, and what this officer may do. Raises Problem."""
        found = self._found(request, identifier)
        return page(
            "emergency",
            visitor,
            request,
            **self._about(found),
            commands=[(f"{_address(found)}/{name}", words.COMMANDS[name]) for name in found["commands"]],
            history=happened(found["history"], words.EVENTS),
            back=EMERGENCIES,
        )

    def new(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """The form of a new opening. Raises Problem."""
        return self._form(visitor, request, {})

    def ask(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """Ask for it as the API does. Raises Problem."""
        typed = request.form()
        body = {name: typed[name].strip() for name in ("template", "case", "reason") if typed.get(name, "").strip()}
        try:
            made = told(self.desk.ask(as_json_post(request, body)))
        except Problem as problem:
            if problem.kind in _MENDED:
                return self._form(visitor, request, typed, problem)
            return self._told_why_not(visitor, request, problem, _ASKERS, EMERGENCIES)
        return redirect(_address(made))

    def question(self, visitor: Visitor, request: HttpRequest, identifier: str, command: str) -> HttpResponse:
        """The page before a command. Raises Problem."""
        found = self._found(request, identifier)
        if command not in words.COMMANDS:
            raise Problem(NOT_FOUND)
        if command not in found["commands"]:
            return refused(visitor, request, Refusal(_NOT_NOW, _may(found, command)), _address(found))
        return self._question(visitor, request, found, command, {})

    def act(self, visitor: Visitor, request: HttpRequest, identifier: str, command: str) -> HttpResponse:
        """Carry it out as the API does; what was refused is said where it can be mended. Raises Problem."""
        typed, found = request.form(), self._found(request, identifier)
        if command not in words.COMMANDS:
            raise Problem(NOT_FOUND)
        asked = [field.name for field in words.FORMS.get(command, ())]
        body = {name: typed[name] for name in asked if typed.get(name, "").strip()}
        try:
            self.desk.command(command)(as_json_post(request, body), identifier)
        except Problem as problem:
            if problem.kind in _MENDED:
                return self._question(visitor, request, found, command, typed, problem)
            return self._told_why_not(visitor, request, problem, _may(found, command), _address(found))
        return redirect(_address(found))

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        door, one = self.door, "/emergency/<identifier>"
        listed, shown = Text("应急取用", "Emergency access"), Text("一次应急取用", "One opening of emergency access")
        asked = Text("申请应急取用", "Asking for emergency access")
        question, done = (
            Text("操作前的确认", "The question before a command"),
            Text("执行操作", "Carrying out a command"),
        )
        return (
            door.route("GET", "/emergency", self.list, listed),
            door.route("GET", "/emergency/new", self.new, asked, _ASKERS),
            door.route("POST", "/emergency/new", self.ask, asked, _ASKERS),
            door.route("GET", one, self.show, shown),
            door.route("GET", f"{one}/<command>", self.question, question),
            door.route("POST", f"{one}/<command>", self.act, done),
        )

    def _found(self, request: HttpRequest, identifier: str) -> Any:
        return told(self.desk.show(asking(request), identifier))

    def _told_why_not(
        self, visitor: Visitor, request: HttpRequest, problem: Problem, may: frozenset[Role], back: str
    ) -> HttpResponse:
        if problem.kind is errors.EMERGENCY_CHANGED:
            title = Text("这次应急取用刚才有了变化", "This opening has changed meanwhile")
            return moved_on(visitor, request, title, back.rpartition("/")[2], back)
        if problem.kind is errors.EMERGENCY_NOT_ALLOWED:
            return refused(visitor, request, Refusal(problem.detail or problem.kind.title, may), back)
        raise problem

    def _form(
        self, visitor: Visitor, request: HttpRequest, typed: Mapping[str, str], problem: Problem | None = None
    ) -> HttpResponse:
        offered = told(self.desk.templates(asking(request)))["templates"]
        fields = words.asking([(one["template"], _named(one)) for one in offered])
        errors_, general = _sayings(fields, problem)
        return page(
            "emergency_form",
            visitor,
            request,
            status=200 if problem is None else _UNPROCESSABLE,
            title=Text("申请应急取用", "Ask for emergency access"),
            offered=bool(offered),
            fields=filled(fields, typed, errors_),
            errors=summary(fields, errors_, general),
            back=EMERGENCIES,
        )

    def _question(
        self,
        visitor: Visitor,
        request: HttpRequest,
        found: Any,
        command: str,
        typed: Mapping[str, str],
        problem: Problem | None = None,
    ) -> HttpResponse:
        fields = words.FORMS.get(command, ())
        errors_, general = _sayings(fields, problem)
        return page(
            "emergency_command",
            visitor,
            request,
            status=200 if problem is None else _UNPROCESSABLE,
            **self._about(found),
            label=words.COMMANDS[command],
            consequence=words.CONSEQUENCES[command],
            fields=filled(fields, typed, errors_),
            errors=summary(fields, errors_, general),
            warning=command == "open",
            back=_address(found),
        )

    def _about(self, found: Any) -> dict[str, Any]:
        registry = current(self.door.access.policy).registry
        return {
            "title": Text(f"应急取用 {found['id']}", f"Emergency access {found['id']}"),
            "found": found,
            "standing": text_of(found["label"]),
            "tone": words.TONES.get(Status(found["status"]), "calm"),
            "holder": text_of(found["provider"]["name"]),
            "asker": text_of(found["consumer"]["name"]),
            "facts": _facts(found),
            "approved": f"{HOME}/grants/{quote(found['template'])}",
            "items": [_item(one, registry) for one in found["items"]],
        }


def _facts(found: Any) -> list[tuple[Text, Text]]:
    delay, review = found["notice_delay"], found["review"]
    told_ = Text("即时告知", "at once")
    if delay is not None:
        days, by = delay["days"], text_of(delay["statute"])
        told_ = Text(f"延迟 {days} 日（{by.zh}）", f"after {days} days ({by.en})")
    rows = [
        (Text("应急模板", "Template"), same(found["template"])),
        (Text("办件", "Case"), same(found["case"])),
        (Text("办件涉及的人数", "People in the case"), same(str(found["people"]))),
        (Text("申请理由", "Reason"), same(found["reason"])),
        (Text("每次不超过", "Lasts at most"), Text(f"{found['minutes']} 分钟", f"{found['minutes']} minutes")),
        (Text("告知本人", "The person is told"), told_),
        (Text("申请人", "Asked by"), _who(found["asked_by"], found["asked_at"])),
    ]
    if found["opened_at"]:
        rows.append((Text("开启人", "Opened by"), _who(found["opened_by"], found["opened_at"])))
        rows.append((Text("结束时间", "Until"), moment_text(found["ends"])))
        rows.append((Text("审查期限", "To be reviewed by"), _last_day(found["review_due"], overdue=found["overdue"])))
    if found["note"]:
        rows.append((Text("结束或未开启的理由", "Why it ended, or was not opened"), same(found["note"])))
    if review is not None:
        rows.append((Text("审查结论", "Finding"), FINDINGS[Finding(review["finding"])]))
        rows.append((Text("审查意见", "Review"), same(review["words"])))
        rows.append((Text("审查人", "Reviewed by"), _who(review["by"], review["at"])))
    return rows


def _who(officer: str, instant: str) -> Text:
    at = moment_text(instant)
    return Text(f"{officer}，{at.zh}", f"{officer}, {at.en}")


def _last_day(instant: str, *, overdue: bool) -> Text:
    day = datetime.fromisoformat(instant) - _A_MOMENT
    zh, en = ("（已逾期）", " (overdue)") if overdue else ("", "")
    return Text(date_text(day, "zh") + zh, date_text(day, "en") + en)


def _row(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": found["id"],
        "href": _address(found),
        "template": found["template"],
        "consumer": t(text_of(found["consumer"]["name"])),
        "standing": text_of(found["label"]),
        "tone": words.TONES.get(Status(found["status"]), "calm"),
        "ends": datetime.fromisoformat(found["ends"]) if found["ends"] else None,
        "due": datetime.fromisoformat(found["review_due"]) - _A_MOMENT if found["review_due"] else None,
        "overdue": found["overdue"],
    }


def _item(one: Mapping[str, Any], registry: Any) -> dict[str, Any]:
    name = names(registry, one["evidence_type"])
    return {
        "what": t(name(one["evidence_type"])),
        "asked": [t(name(each)) for each in one["asked"]],
        "outcome": words.OUTCOMES.get(one["outcome"], same(one["outcome"])),
        "at": datetime.fromisoformat(one["at"]),
        "entry": f"{HOME}/ledger?index={one['entry']}",
        "index": one["entry"],
    }


def _named(template: Mapping[str, Any]) -> Text:
    said, ref = text_of(template["sentence"]), template["template"]
    return Text(f"{ref}：{said.zh}", f"{ref}: {said.en}")


def _sayings(fields: tuple[Field, ...], problem: Problem | None) -> tuple[dict[str, str], str]:
    """What is wrong by the name of the field, and what concerns no field."""
    if problem is None:
        return {}, ""
    if (name := _ABOUT.get(problem.kind.code)) is not None:
        return {name: t(problem.kind.title)}, t(problem.detail) if problem.detail else ""
    return sayings(problem, fields)


_ABOUT = {
    errors.CASE_UNKNOWN.code: "case",
    errors.CASE_CLOSED.code: "case",
    errors.EMERGENCY_TEMPLATE_UNKNOWN.code: "template",
}
"""The field that a refusal is about which names none."""


def _may(found: Any, command: str) -> frozenset[Role]:
    row = TABLE[Status(found["status"])]
    return frozenset(role for role, kinds in row.items() if _KINDS[command] in kinds)


def _address(found: Mapping[str, Any]) -> str:
    return f"{EMERGENCIES}/{quote(found['id'])}"


_NOT_NOW = Text(
    "现在不能由您作此操作（须由第二人，或由另一职务、另一部门的人员办理）",
    "This is not yours to do now: it takes a second person, another office or another department",
)
