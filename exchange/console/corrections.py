"""Corrections on pages: the queue with days left, one of them, and the page before each command.

Every page asks the API's own desk and shows its answer; what may be done is what the answer's ``commands`` say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from exchange import errors
from exchange.console.attempt import HOME
from exchange.console.door import Door, Refusal, Visitor, moved_on, page, refused
from exchange.console.forms import Field, filled, sayings, summary
from exchange.console.inside import as_json_post, asking, told
from exchange.console.words import happened
from exchange.corrections.desk import CorrectionDesk
from exchange.messages.words import last_day
from kernel.dates import time_text
from kernel.problems import INVALID_BODY, NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.routes import Route
from policies.corrections.events import Opener, Status
from policies.roles import Role

CORRECTIONS = f"{HOME}/corrections"
_UNPROCESSABLE = 422
_PROVIDER = frozenset({Role.PROVIDER_OFFICER})
_MENDED = (INVALID_BODY, errors.CORRECTION_INCOMPLETE)
"""Refusals that the same officer mends on the same form."""

TONES: Mapping[Status, str] = {Status.OPEN: "near", Status.CORRECTED: "good", Status.REJECTED: "calm"}
"""The colour of a state's tag; all others are calm. The words say the same."""
COMMANDS: Mapping[str, Text] = {
    "take": Text("受理", "Take it up"),
    "accept": Text("采纳", "Accept it"),
    "reject": Text("不予采纳", "Reject it"),
    "correct": Text("已更正", "It is corrected"),
}
CONSEQUENCES: Mapping[str, Text] = {
    "take": Text(
        "受理后，您将看到所涉之人及其所述内容，此事记入账本，本人可以查到。",
        "You will see whom it is about and what was said. The ledger records it, and the person finds it there.",
    ),
    "accept": Text(
        "记录确有错误。请随后在源头系统更正，再回到这里确认。",
        "The record is wrong. Correct it in its own system, then come back and say so.",
    ),
    "reject": Text("记录无误，异议标记随即去除。", "The record is right; it is no longer marked as disputed."),
    "correct": Text(
        "异议标记随即去除，收到过该记录的部门都会得到消息。",
        "It is no longer marked as disputed, and every department that received it is told.",
    ),
}
_REASON = Field(
    "reason",
    Text("说明", "In words"),
    Text("本人可以看到；请勿写个人号码。", "The person reads it; name no number."),
    "area",
)
_CITATION = Field("citation", Text("依据", "The rule it rests on"), Text("法规名称与条款", "Its name and article"))
FORMS: Mapping[str, tuple[Field, ...]] = {
    "accept": (_REASON,),
    "reject": (_REASON, _CITATION),
    "correct": (_REASON,),
}
EVENTS: Mapping[str, Text] = {
    "CorrectionOpened": Text("提出校核", "Opened"),
    "CorrectionTaken": Text("受理", "Taken up"),
    "CorrectionAccepted": Text("采纳", "Accepted"),
    "CorrectionRejected": Text("不予采纳", "Rejected"),
    "RecordCorrected": Text("已更正", "Corrected"),
    "CorrectionEscalated": Text("时限提醒", "Time ran out, somebody above was told"),
}
OPENERS: Mapping[Opener, Text] = {
    Opener.PERSON: Text("本人", "the person"),
    Opener.DEPARTMENT: Text("需求部门", "the department that received it"),
}
_SAID: Mapping[str, Text] = {
    "seen": Text("所见内容", "What was seen"),
    "right": Text("应为", "What would be right"),
    "reason": Text("理由", "Why"),
}
_NOT_NOW = Text(
    "现在不能由您作此操作（由提供部门受理此件的人员办理）",
    "This is not yours to do now: the provider's officer who took it up answers",
)


@dataclass(frozen=True)
class CorrectionPages:
    """The pages about corrections. ``desk`` is the API's own, entered by a session."""

    door: Door
    desk: CorrectionDesk

    def list(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """Corrections, newest first. Raises Problem."""
        before = request.parameters().get("before", "")
        found = told(self.desk.list(asking(request, urlencode({"before": before}) if before else "")))
        return page(
            "corrections",
            visitor,
            request,
            title=Text("校核更正", "Corrections"),
            rows=[_row(one) for one in found["corrections"]],
            following=f"{CORRECTIONS}?{urlencode({'before': found['next']})}" if found["next"] else "",
        )

    def show(self, visitor: Visitor, request: HttpRequest, identifier: str) -> HttpResponse:
        """One correction, and what this officer may do. Raises Problem."""
        found = self._found(request, identifier)
        return page(
            "correction",
            visitor,
            request,
            **_about(found),
            commands=[(f"{_address(found)}/{name}", COMMANDS[name]) for name in found["commands"]],
            history=happened(found["history"], EVENTS),
            back=CORRECTIONS,
        )

    def question(self, visitor: Visitor, request: HttpRequest, identifier: str, command: str) -> HttpResponse:
        """The page before a command. Raises Problem."""
        found = self._found(request, identifier)
        if command not in COMMANDS:
            raise Problem(NOT_FOUND)
        if command not in found["commands"]:
            return refused(visitor, request, Refusal(_NOT_NOW, _PROVIDER), _address(found))
        return self._question(visitor, request, found, command, {})

    def act(self, visitor: Visitor, request: HttpRequest, identifier: str, command: str) -> HttpResponse:
        """Carry it out as the API does; what was refused is said where it can be mended. Raises Problem."""
        typed, found = request.form(), self._found(request, identifier)
        if command not in COMMANDS:
            raise Problem(NOT_FOUND)
        body = {each.name: typed[each.name] for each in FORMS.get(command, ()) if typed.get(each.name, "").strip()}
        try:
            self.desk.command(command)(as_json_post(request, body), identifier)
        except Problem as problem:
            return self._why_not(visitor, request, found, command, typed, problem)
        return redirect(_address(found))

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        door, one = self.door, "/corrections/<identifier>"
        question, done = (
            Text("操作前的确认", "The question before a command"),
            Text("执行操作", "Carrying out a command"),
        )
        return (
            door.route("GET", "/corrections", self.list, Text("校核更正", "Corrections")),
            door.route("GET", one, self.show, Text("一件校核申请", "One correction")),
            door.route("GET", f"{one}/<command>", self.question, question),
            door.route("POST", f"{one}/<command>", self.act, done, _PROVIDER),
        )

    def _found(self, request: HttpRequest, identifier: str) -> Any:
        return told(self.desk.show(asking(request), identifier))

    def _why_not(
        self,
        visitor: Visitor,
        request: HttpRequest,
        found: Any,
        command: str,
        typed: Mapping[str, str],
        problem: Problem,
    ) -> HttpResponse:
        back = _address(found)
        if problem.kind in _MENDED:
            return self._question(visitor, request, found, command, typed, problem)
        if problem.kind is errors.CORRECTION_CHANGED:
            title = Text("此件刚才有了变化", "This correction has changed meanwhile")
            return moved_on(visitor, request, title, found["id"], back)
        if problem.kind is errors.CORRECTION_NOT_ALLOWED:
            return refused(visitor, request, Refusal(problem.detail or problem.kind.title, _PROVIDER), back)
        raise problem

    def _question(
        self,
        visitor: Visitor,
        request: HttpRequest,
        found: Any,
        command: str,
        typed: Mapping[str, str],
        problem: Problem | None = None,
    ) -> HttpResponse:
        fields = FORMS.get(command, ())
        errors_, general = ({}, "") if problem is None else sayings(problem, fields)
        return page(
            "correction_command",
            visitor,
            request,
            status=200 if problem is None else _UNPROCESSABLE,
            **_about(found),
            label=COMMANDS[command],
            consequence=CONSEQUENCES[command],
            fields=filled(fields, typed, errors_),
            errors=summary(fields, errors_, general),
            back=_address(found),
        )


def _about(found: Any) -> dict[str, Any]:
    return {
        "title": Text(f"校核 {found['id']}", f"Correction {found['id']}"),
        "found": found,
        "standing": _text(found["label"]),
        "tone": TONES.get(Status(found["status"]), "calm"),
        "facts": _facts(found),
        "particulars": _particulars(found["particulars"]),
    }


def _facts(found: Any) -> list[tuple[Text, Text]]:
    at = datetime.fromisoformat(found["opened_at"])
    rows = [
        (Text("材料", "Evidence"), _text(found["evidence_type"]["name"])),
        (Text("字段", "Field"), _text(found["field"]["name"])),
        (Text("提供部门", "Provider"), _text(found["provider"]["name"])),
        (Text("收到材料的部门", "Received by"), _text(found["consumer"]["name"])),
        (Text("提出者", "Opened by"), OPENERS[Opener(found["opener"])]),
        (Text("提出时间", "Opened"), Text(time_text(at, "zh"), time_text(at, "en"))),
    ]
    if found["clock"] is not None:
        rows.append((Text("答复期限", "To be answered by"), _due(found["clock"])))
    if found["note"]:
        rows.append((Text("答复", "Answer"), _same(found["note"])))
    if found["citation"]:
        rows.append((Text("依据", "Rule"), _same(found["citation"])))
    if found["cases"]:
        rows.append((Text("本部门涉及的办件", "Cases of your department"), _same(", ".join(found["cases"]))))
    return rows


def _particulars(said: Mapping[str, Any] | None) -> list[tuple[Text, Text]]:
    """Whom it is about and what was said, for whoever took it up."""
    if said is None:
        return []
    who = [(Text("所涉之人", "Whom it is about"), _same(said["subject"]["value"]))]
    return who + [(label, _same(said[name])) for name, label in _SAID.items() if name in said]


def _due(clock: Mapping[str, Any]) -> Text:
    if clock["deadline"] is None:
        return Text("", "")
    day, left = last_day(clock["deadline"]), clock["left"]
    if clock["late"]:
        return Text(f"{day.zh}（已逾期）", f"{day.en} (overdue)")
    return Text(f"{day.zh}（还剩 {left} 个工作日）", f"{day.en} ({left} working days left)")


def _row(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": found["id"],
        "href": _address(found),
        "what": _text(found["evidence_type"]["name"]),
        "field": _text(found["field"]["name"]),
        "provider": _text(found["provider"]["name"]),
        "standing": _text(found["label"]),
        "tone": TONES.get(Status(found["status"]), "calm"),
        "due": None if found["clock"] is None else _due(found["clock"]),
        "late": found["clock"] is not None and found["clock"]["late"],
    }


def _same(text: str) -> Text:
    return Text(text, text)


def _text(said: Mapping[str, str]) -> Text:
    return Text(said["zh"], said["en"])


def _address(found: Mapping[str, Any]) -> str:
    return f"{CORRECTIONS}/{quote(found['id'])}"
