"""Tasks of people who answer, on pages: the queue, one task, the form to fill in, and the page before each command.

Every page asks the API's own desk and shows its answer; what may be done is what the answer's ``commands`` say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from exchange import errors
from exchange.console import task_words as words
from exchange.console.attempt import HOME
from exchange.console.door import Door, Refusal, Visitor, moved_on, page, refused
from exchange.console.forms import Field, filled, sayings, summary
from exchange.console.inside import as_json_post, asking, told
from exchange.console.words import happened, moment_text, same, text_of
from exchange.governance.views import RELATIONS
from exchange.responders.desk import TaskDesk
from kernel.canonical import JSON
from kernel.problems import INVALID_BODY, NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import t
from kernel.web.routes import Route
from policies.responders.commands import NAMES, TABLE
from policies.responders.task import Status
from policies.roles import Role

TASKS = f"{HOME}/tasks"
WAITING, ALL = "waiting", "all"
ANSWER = "answer"
_TABS = {WAITING: Text("待办", "Waiting"), ALL: Text("全部", "All")}
_UNPROCESSABLE = 422
_KINDS = {name: kind for kind, name in NAMES.items()}
_MENDED = (INVALID_BODY, errors.TASK_INCOMPLETE)
"""Refusals that the same officer mends on the same form."""
_SCHEMES = {
    "citizen-number": Text("公民身份号码", "Citizen number"),
    "social-credit-code": Text("统一社会信用代码", "Social credit code"),
}


@dataclass(frozen=True)
class TaskPages:
    """The pages about tasks. ``desk`` is the API's own, entered by a session."""

    door: Door
    desk: TaskDesk

    def list(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """The queue, oldest first: what waits, or all. Raises Problem."""
        asked = request.parameters()
        shown = asked.get("show", WAITING)
        query = ({"state": ALL} if shown == ALL else {}) | ({"after": asked["after"]} if asked.get("after") else {})
        found = told(self.desk.list(asking(request, urlencode(query))))
        following = urlencode({"show": shown, "after": found["next"]}) if found["next"] else ""
        return page(
            "tasks",
            visitor,
            request,
            title=Text("人工答复任务", "Answers by hand"),
            rows=[_row(one) for one in found["tasks"]],
            tabs=[(f"{TASKS}?show={name}", label, name == shown) for name, label in _TABS.items()],
            following=f"{TASKS}?{following}" if following else "",
        )

    def show(self, visitor: Visitor, request: HttpRequest, identifier: str) -> HttpResponse:
        """One task: what is asked and why, and to whoever took it whom it is about. Raises Problem."""
        found = self._found(request, identifier)
        return page(
            "task",
            visitor,
            request,
            **self._about(found),
            commands=[(f"{_address(found)}/{name}", words.COMMANDS[name]) for name in found["commands"]],
            history=happened(found["history"], words.EVENTS),
            back=TASKS,
        )

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
        given = {
            field.name: typed[field.name] for field in _fields(found, command) if typed.get(field.name, "").strip()
        }
        body: dict[str, Any] = {"values": given} if command == ANSWER else dict(given)
        try:
            self.desk.command(command)(as_json_post(request, body), identifier)
        except Problem as problem:
            if problem.kind in _MENDED and command in found["commands"]:
                return self._question(visitor, request, found, command, typed, problem)
            return self._told_why_not(visitor, request, problem, found, command)
        return redirect(_address(found))

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        door, one = self.door, "/tasks/<identifier>"
        listed, shown = Text("人工答复任务", "Tasks of people who answer"), Text("一项人工答复任务", "One task")
        question, done = (
            Text("操作前的确认", "The question before a command"),
            Text("执行操作", "Carrying out a command"),
        )
        return (
            door.route("GET", "/tasks", self.list, listed),
            door.route("GET", one, self.show, shown),
            door.route("GET", f"{one}/<command>", self.question, question),
            door.route("POST", f"{one}/<command>", self.act, done),
        )

    def _found(self, request: HttpRequest, identifier: str) -> Any:
        return told(self.desk.show(asking(request), identifier))

    def _told_why_not(
        self, visitor: Visitor, request: HttpRequest, problem: Problem, found: Any, command: str
    ) -> HttpResponse:
        back = _address(found)
        if problem.kind is errors.TASK_CHANGED:
            return moved_on(visitor, request, Text("该任务刚才有了变化", "The task has changed"), found["id"], back)
        if problem.kind is errors.TASK_NOT_ALLOWED:
            reason = problem.detail or problem.kind.title
            return refused(visitor, request, Refusal(reason, _may(found, command)), back)
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
        fields = _fields(found, command)
        errors_, general = _sayings(problem, fields)
        return page(
            "task_command",
            visitor,
            request,
            status=200 if problem is None else _UNPROCESSABLE,
            **self._about(found),
            label=words.COMMANDS[command],
            consequence=words.CONSEQUENCES[command],
            fields=filled(fields, typed, errors_),
            errors=summary(fields, errors_, general),
            templates=_templates(found) if command == "refuse" else [],
            warning=command in {ANSWER, "refuse", "not-found", "hand-over"},
            back=_address(found),
        )

    def _about(self, found: Any) -> dict[str, Any]:
        subject = found.get("subject")
        return {
            "title": Text(f"任务 {found['id']}", f"Task {found['id']}"),
            "what": text_of(found["evidence_type"]["name"]),
            "standing": text_of(found["label"]),
            "tone": words.TONES.get(Status(found["status"]), "calm"),
            "left": text_of(found["left"]),
            "overdue": found["overdue"],
            "facts": _facts(found),
            "subject": None if subject is None else (_SCHEMES[subject["scheme"]], subject["value"]),
            "guidance": text_of(found["guidance"]) if found.get("guidance") else None,
            "asked_back": found.get("question", ""),
            "reply": found.get("reply", ""),
        }


def _fields(found: Any, command: str) -> tuple[Field, ...]:
    return words.answering(found.get("form", [])) if command == ANSWER else words.FORMS.get(command, ())


def _sayings(problem: Problem | None, fields: tuple[Field, ...]) -> tuple[dict[str, str], str]:
    """What is wrong by the name of the field: the API writes an answer's fields as members of ``values``."""
    if problem is None:
        return {}, ""
    listed: Any = problem.members.get("errors", [])
    plain: list[JSON] = [{**one, "path": one["path"].removeprefix("values.")} for one in listed]
    return sayings(Problem(problem.kind, detail=problem.detail, members={"errors": plain}), fields)


def _facts(found: Any) -> list[tuple[Text, Text]]:
    substitute, relation = found["substitute"], found["relation"]
    rows = [
        (Text("谁请求", "Who asks"), text_of(found["consumer"]["name"])),
        (Text("办理事项", "Service item"), text_of(found["service_item"]["name"])),
        (Text("法律依据", "Legal basis"), text_of(found["legal_basis"]["citation"])),
        (Text("请求的内容", "What is asked"), _names([*found["fields"], *found["predicates"]])),
        (Text("办件", "Case"), same(found["case"])),
        (Text("当事人", "About"), RELATIONS.get(relation, Text("申请人", "the applicant"))),
        (Text("答复单位", "Office"), _office(found["office"])),
        (Text("提出时间", "Asked at"), moment_text(found["opened_at"])),
    ]
    if substitute is not None:
        rows.append((Text("替补单位", "Substitute"), _office(substitute)))
    if found["deadline"]:
        rows.append((Text("截止", "Due"), moment_text(found["deadline"])))
    if found["reason"]:
        rows.append((Text("拒绝的理由", "Reason of the refusal"), same(found["reason"])))
        rows.append((Text("拒绝的依据", "Provision"), same(found["citation"])))
    return rows


def _row(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": found["id"],
        "href": _address(found),
        "what": t(text_of(found["evidence_type"]["name"])),
        "consumer": t(text_of(found["consumer"]["name"])),
        "office": t(text_of(found["office"]["name"])),
        "standing": text_of(found["label"]),
        "tone": words.TONES.get(Status(found["status"]), "calm"),
        "left": text_of(found["left"]),
        "overdue": found["overdue"],
        "own": found["own"],
        "opened": datetime.fromisoformat(found["opened_at"]),
    }


def _templates(found: Any) -> list[tuple[Text, Text]]:
    return [(text_of(one["reason"]), text_of(one["citation"])) for one in found.get("refusals", [])]


def _names(listed: list[Any]) -> Text:
    named = [text_of(one["name"]) for one in listed]
    return Text("、".join(one.zh for one in named), ", ".join(one.en for one in named))


def _office(found: Any) -> Text:
    name, where = text_of(found["name"]), found["division"]
    return Text(f"{name.zh}（{where}）", f"{name.en} ({where})") if where else name


def _may(found: Any, command: str) -> frozenset[Role]:
    row = TABLE[Status(found["status"])]
    return frozenset(role for role, kinds in row.items() if _KINDS[command] in kinds)


def _address(found: Mapping[str, Any]) -> str:
    return f"{TASKS}/{quote(found['id'])}"


_NOT_NOW = Text(
    "现在不能由您作此操作（须由轮到的单位、领取任务的人员或需求部门办理）",
    "This is not yours to do now: it is for the office whose turn it is, whoever took it, or the asking department",
)
