"""Tasks of people who answer, on pages: the queue, what is said of a task, the form to fill in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from exchange import errors
from exchange.console import task_words as words
from exchange.console.attempt import HOME
from exchange.console.door import Visitor, page
from exchange.console.forms import Field, Said, sayings
from exchange.console.inside import asking, told
from exchange.console.proceeding_pages import Matter, ProceedingPages, whose
from exchange.console.words import KINDS_OF_NUMBER, moment_text, same, text_of
from exchange.governance.views import RELATIONS
from kernel.canonical import JSON
from kernel.problems import Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.pages import t
from policies.responders.commands import NAMES, TABLE
from policies.responders.task import Status
from policies.roles import Role

TASKS = f"{HOME}/tasks"
WAITING, ALL = "waiting", "all"
ANSWER = "answer"
_TABS = {WAITING: Text("待办", "Waiting"), ALL: Text("全部", "All")}
_KINDS = {name: kind for kind, name in NAMES.items()}


@dataclass(frozen=True)
class TaskPages(ProceedingPages):
    """The pages about tasks: a queue with the oldest first, and forms that the evidence type makes."""

    def list(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """The queue: what waits, or all. Raises Problem."""
        asked = request.parameters()
        shown = asked.get("show", WAITING)
        query = ({"state": ALL} if shown == ALL else {}) | ({"after": asked["after"]} if asked.get("after") else {})
        found = told(self.desk.list(asking(request, urlencode(query))))
        following = urlencode({"show": shown, "after": found["next"]}) if found["next"] else ""
        return page(
            "tasks",
            visitor,
            request,
            title=self.matter.title,
            rows=[self.row(one) for one in found["tasks"]],
            tabs=[(f"{TASKS}?show={name}", label, name == shown) for name, label in _TABS.items()],
            following=f"{TASKS}?{following}" if following else "",
        )

    def fields(self, found: Mapping[str, Any], command: str) -> tuple[Field, ...]:
        """Those of the evidence type, for an answer."""
        return words.answering(found.get("form", [])) if command == ANSWER else super().fields(found, command)

    def body(self, command: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """An answer's values apart from all that is said."""
        return {"values": given} if command == ANSWER else given

    def prepared(self, found: Mapping[str, Any], command: str) -> dict[str, Any]:
        """The reasons that are often given."""
        return {"templates": _templates(found) if command == "refuse" else []}

    def may(self, found: Mapping[str, Any], command: str) -> frozenset[Role]:
        """Whose turn it is."""
        return whose(TABLE, Status(found["status"]), _KINDS[command])

    def sayings(self, problem: Problem, fields: tuple[Field, ...]) -> Said:
        """What is wrong by the name of the field: the API writes an answer's fields as members of ``values``."""
        listed: Any = problem.members.get("errors", [])
        plain: list[JSON] = [{**one, "path": one["path"].removeprefix("values.")} for one in listed]
        return sayings(Problem(problem.kind, detail=problem.detail, members={"errors": plain}), fields)


def _about(found: Mapping[str, Any]) -> dict[str, Any]:
    subject = found.get("subject")
    return {
        "what": text_of(found["evidence_type"]["name"]),
        "standing": text_of(found["label"]),
        "tone": words.TONES.get(Status(found["status"]), "calm"),
        "left": text_of(found["left"]),
        "overdue": found["overdue"],
        "facts": _facts(found),
        "subject": None if subject is None else (KINDS_OF_NUMBER[subject["scheme"]], subject["value"]),
        "guidance": text_of(found["guidance"]) if found.get("guidance") else None,
        "asked_back": found.get("question", ""),
        "reply": found.get("reply", ""),
    }


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


TASKS_BY_HAND = Matter(
    place="tasks",
    several="tasks",
    template="task",
    command_template="task_command",
    title=Text("人工答复任务", "Answers by hand"),
    one=lambda name: Text(f"任务 {name}", f"Task {name}"),
    changed=Text("该任务刚才有了变化", "The task has changed"),
    commands=words.COMMANDS,
    events=words.EVENTS,
    mended=(errors.TASK_INCOMPLETE,),
    moved=errors.TASK_CHANGED,
    not_allowed=errors.TASK_NOT_ALLOWED,
    row=_row,
    about=_about,
    not_now=Text(
        "现在不能由您作此操作（须由轮到的单位、领取任务的人员或需求部门办理）",
        "This is not yours to do now: it is for the office whose turn it is, whoever took it, or the asking department",
    ),
)
"""Tasks as pages show them."""
