"""Emergency access on pages: what is said of an opening, and the form that asks for one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from exchange import errors
from exchange.console import emergency_words as words
from exchange.console.attempt import HOME
from exchange.console.door import Visitor, page
from exchange.console.forms import Field, Said, sayings
from exchange.console.inside import as_json_post, asking, told
from exchange.console.proceeding_pages import Matter, ProceedingPages, whose
from exchange.console.words import moment_text, same, text_of
from exchange.emergency.desk import EmergencyDesk
from exchange.governance.views import names
from exchange.in_force.snapshot import current
from kernel.dates import date_text
from kernel.problems import Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import t
from kernel.web.routes import Route
from policies.emergency.commands import NAMES, TABLE, AskEmergency
from policies.emergency.opening import FINDINGS, Finding, Status
from policies.roles import Role

EMERGENCIES = f"{HOME}/emergency"
_KINDS = {name: kind for kind, name in NAMES.items()}
_ASKERS = whose(TABLE, None, AskEmergency)
_A_MOMENT = timedelta(microseconds=1)
"""A review is due at the midnight after the last day; people say that day."""


@dataclass(frozen=True)
class EmergencyPages(ProceedingPages):
    """The pages about openings, and the form that asks for one."""

    desk: EmergencyDesk

    def beside(self, visitor: Visitor, request: HttpRequest) -> dict[str, Any]:
        """Where one is asked for, by whoever may."""
        del request
        return {"asking": f"{EMERGENCIES}/new" if _ASKERS & visitor.roles else ""}

    def about(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """Why, until when, and what was asked for under it, in the words of the catalogue."""
        registry = current(self.door.access.policy).registry
        return {**self.matter.about(found), "items": [_item(one, registry) for one in found["items"]]}

    def may(self, found: Mapping[str, Any], command: str) -> frozenset[Role]:
        """Whose turn it is."""
        return whose(TABLE, Status(found["status"]), _KINDS[command])

    def sayings(self, problem: Problem, fields: tuple[Field, ...]) -> Said:
        """What is wrong by the name of the field, and what concerns no field."""
        if (name := _ABOUT.get(problem.kind.code)) is not None:
            return {name: t(problem.kind.title)}, t(problem.detail) if problem.detail else ""
        return sayings(problem, fields)

    def own_routes(self) -> tuple[Route, ...]:
        """The form of a new opening."""
        asked = Text("申请应急取用", "Asking for emergency access")
        return (
            self.door.route("GET", "/emergency/new", self.new, asked, _ASKERS),
            self.door.route("POST", "/emergency/new", self.ask, asked, _ASKERS),
        )

    def new(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """The form of a new opening. Raises Problem."""
        return self._asking(visitor, request, {})

    def ask(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """Ask for it as the API does. Raises Problem."""
        typed = request.form()
        body = {name: typed[name].strip() for name in ("template", "case", "reason") if typed.get(name, "").strip()}
        try:
            made = told(self.desk.ask(as_json_post(request, body)))
        except Problem as problem:
            if self.mends(problem):
                return self._asking(visitor, request, typed, problem)
            return self.why_not(visitor, request, problem, _ASKERS, EMERGENCIES)
        return redirect(self.matter.address(made))

    def _asking(
        self, visitor: Visitor, request: HttpRequest, typed: Mapping[str, str], problem: Problem | None = None
    ) -> HttpResponse:
        offered = told(self.desk.templates(asking(request)))["templates"]
        fields = words.asking([(one["template"], _named(one)) for one in offered])
        return page(
            "emergency_form",
            visitor,
            request,
            **self.form(fields, typed, problem),
            title=Text("申请应急取用", "Ask for emergency access"),
            offered=bool(offered),
            back=EMERGENCIES,
        )


def _about(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "found": found,
        "standing": text_of(found["label"]),
        "tone": words.TONES.get(Status(found["status"]), "calm"),
        "holder": text_of(found["provider"]["name"]),
        "asker": text_of(found["consumer"]["name"]),
        "facts": _facts(found),
        "approved": f"{HOME}/grants/{quote(found['template'])}",
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
        rows.append((Text("最迟到", "Until, at the latest"), moment_text(found["ends"])))
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


_ABOUT = {
    errors.CASE_UNKNOWN.code: "case",
    errors.CASE_CLOSED.code: "case",
    errors.EMERGENCY_TEMPLATE_UNKNOWN.code: "template",
}
"""The field that a refusal is about which names none."""


EMERGENCY = Matter(
    place="emergency",
    several="emergencies",
    template="emergency",
    command_template="emergency_command",
    title=Text("应急取用", "Emergency access"),
    one=lambda name: Text(f"应急取用 {name}", f"Emergency access {name}"),
    changed=Text("这次应急取用刚才有了变化", "This opening has changed meanwhile"),
    commands=words.COMMANDS,
    events=words.EVENTS,
    mended=(
        *(errors.EMERGENCY_INCOMPLETE, errors.EMERGENCY_TEMPLATE_UNKNOWN),
        *(errors.CASE_UNKNOWN, errors.CASE_CLOSED),
    ),
    moved=errors.EMERGENCY_CHANGED,
    not_allowed=errors.EMERGENCY_NOT_ALLOWED,
    row=_row,
    about=_about,
    not_now=Text(
        "现在不能由您作此操作（须由第二人，或由另一职务、另一部门的人员办理）",
        "This is not yours to do now: it takes a second person, another office or another department",
    ),
)
"""Openings as pages show them."""
