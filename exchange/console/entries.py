"""Entries on their way into the catalogue: what is under way, how a draft differs from what is published, its commands.

Every page asks the API's own desk; what may be done is what the answer's ``commands`` say.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from exchange import errors
from exchange.catalogue.desk import CatalogueDesk
from exchange.catalogue.entry_views import COMMANDS
from exchange.catalogue.workflow.commands import TABLE
from exchange.catalogue.workflow.events import STATUSES
from exchange.console.door import Door, Refusal, Visitor, moved_on, page, refused
from exchange.console.entry_drafting import (
    DRAFTERS,
    ENTRIES,
    SAID_ON_THE_FORM,
    Writing,
    Wrong,
    address_of,
    findings,
    other_way,
)
from exchange.console.entry_versions import content_of, rows_of, versions_of
from exchange.console.forms import UNPROCESSABLE, Field, filled, given, sayings, summary
from exchange.console.inside import as_json_post, asking, told
from exchange.console.words import text_of
from kernel.problems import INVALID_BODY, NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import Endpoint, HttpRequest, HttpResponse, redirect
from kernel.web.routes import Route

_REASON = Field(
    "reason",
    Text("理由", "Reason"),
    Text("会记入账本，供审计查看。请勿写个人号码或姓名。", "Recorded in the ledger for auditors. Name nobody."),
    "area",
)
FORMS: Mapping[str, tuple[Field, ...]] = {"return": (_REASON,), "withdraw": (_REASON,)}
LABELS: Mapping[str, Text] = {
    "draft": Text("起草变更", "Draft a change"),
    "revise": Text("修订草稿", "Revise the draft"),
    "submit": Text("提交审核", "Hand the draft in"),
    "review": Text("开始审核", "Take it up for review"),
    "return": Text("退回", "Send it back"),
    "publish": Text("发布所见内容", "Publish exactly what is shown"),
    "drop": Text("放弃草稿", "Give the draft up"),
    "withdraw": Text("从目录撤下", "Withdraw it from the catalogue"),
}


@dataclass(frozen=True)
class EntryPages:
    """The pages about entries. ``desk`` is the API's own, entered by a session."""

    door: Door
    desk: CatalogueDesk

    def queue(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """What is under way, or what has one status."""
        asked = request.parameters()
        status = asked.get("status", "")
        query = {"status": status} if status in STATUSES else {}
        after = {"after": asked["after"]} if asked.get("after") else {}
        found = told(self.desk.list(asking(request, urlencode({**query, **after}))))
        following = urlencode({**query, "after": found["next"]}) if found["next"] else ""
        return page(
            "entries",
            visitor,
            request,
            title=Text("目录条目的审核", "Review of catalogue entries"),
            rows=[(address_of(one), one["name"], _standing(one), _at(one)) for one in found["entries"]],
            following=f"{ENTRIES}?{following}" if following else "",
            drafting=not DRAFTERS.isdisjoint(visitor.roles),
            tabs=[
                (ENTRIES, Text("办理中", "Under way"), status not in STATUSES),
                *((f"{ENTRIES}?status={name}", text, name == status) for name, text in STATUSES.items()),
            ],
        )

    def show(self, visitor: Visitor, request: HttpRequest, kind: str, name: str) -> HttpResponse:
        """One entry: its draft beside what is published, and what this officer may do. Raises Problem."""
        found = told(self.desk.show(asking(request), kind, name))
        at = address_of(found)
        change = f"{ENTRIES}/new?{urlencode({'kind': kind, 'name': name})}"
        wanted = [each for each in found["commands"] if each != "draft" or found["version"]]
        commands = [(change if each == "draft" else f"{at}/{each}", LABELS[each]) for each in wanted]
        return page(
            "entry",
            visitor,
            request,
            **_about(found),
            commands=commands,
            versions=versions_of(self.desk, request, kind, name),
            content=content_of(self.desk, request, kind, name, found["version"]) if found["version"] else [],
            back=ENTRIES,
        )

    def ask(self, visitor: Visitor, request: HttpRequest, kind: str, name: str, command: str) -> HttpResponse:
        """The page before a command. Raises Problem."""
        found = told(self.desk.show(asking(request), kind, name))
        if command not in LABELS or command == "draft":
            raise Problem(NOT_FOUND)
        if command not in found["commands"]:
            return _refused(visitor, request, found, command, _NOT_NOW)
        typed = _writing(request, found).typed(found["draft"]["manifest"]) if command == "revise" else {}
        return self._ask(visitor, request, found, command, typed)

    def act(self, visitor: Visitor, request: HttpRequest, kind: str, name: str, command: str) -> HttpResponse:
        """Carry it out as the API does. Raises Problem."""
        typed, found = request.form(), told(self.desk.show(asking(request), kind, name))
        endpoint = self._endpoints().get(command)
        if endpoint is None:
            raise Problem(NOT_FOUND)
        writing = _writing(request, found)
        if command == "revise" and (missing := writing.missing(typed)):
            return self._ask(visitor, request, found, command, typed, missing)
        try:
            body = writing.body(typed) if command == "revise" else _body(command, typed)
            endpoint(as_json_post(request, body), kind, name)
        except Problem as problem:
            return self._not_done(visitor, request, found, command, typed, problem)
        return redirect(address_of(found) if command != "drop" else ENTRIES)

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        door, one = self.door, "/entries/<kind>/<name>"
        listed, shown = Text("目录条目的审核", "Review of entries"), Text("一个目录条目", "One catalogue entry")
        asked, done = Text("操作前的确认", "The question before a command"), Text("执行操作", "Carrying out a command")
        return (
            door.route("GET", "/entries", self.queue, listed),
            door.route("GET", one, self.show, shown),
            door.route("GET", f"{one}/<command>", self.ask, asked),
            door.route("POST", f"{one}/<command>", self.act, done),
        )

    def _endpoints(self) -> Mapping[str, Endpoint]:
        desk = self.desk
        return {
            "revise": desk.revise,
            "submit": desk.submit,
            "review": desk.review,
            "return": desk.give_back,
            "publish": desk.publish,
            "drop": desk.drop,
            "withdraw": desk.withdraw,
        }

    def _ask(
        self, visitor: Visitor, request: HttpRequest, found: Any, command: str, typed: Mapping[str, str],
        wrong: Wrong | None = None,
    ) -> HttpResponse:  # fmt: skip
        errors_, lines = wrong or ({}, [])
        at, writing = address_of(found), _writing(request, found)
        return page(
            "entry_command",
            visitor,
            request,
            status=200 if wrong is None else UNPROCESSABLE,
            **_about(found),
            label=LABELS[command],
            signing=command == "publish",
            fields=filled(writing.fields if command == "revise" else FORMS.get(command, ()), typed, errors_),
            errors=lines,
            experts=other_way(f"{at}/revise", {}, writing) if command == "revise" else "",
            final=command in {"drop", "withdraw"},
            back=at,
        )

    def _not_done(
        self,
        visitor: Visitor,
        request: HttpRequest,
        found: Any,
        command: str,
        typed: Mapping[str, str],
        problem: Problem,
    ) -> HttpResponse:
        changed = problem.kind is errors.ENTRY_CHANGED or problem.members.get("reason") == "catalogue.digest-changed"
        if changed or (command == "publish" and problem.kind is INVALID_BODY):
            title = Text("这个条目刚才有了变化", "This entry has changed meanwhile")
            return moved_on(visitor, request, title, found["name"], address_of(found))
        if problem.kind in SAID_ON_THE_FORM:
            wrong = _writing(request, found).wrong(problem) if command == "revise" else _wrong(command, problem)
            return self._ask(visitor, request, found, command, typed, wrong)
        if problem.kind is errors.ENTRY_NOT_ALLOWED:
            return _refused(visitor, request, found, command, problem.detail or problem.kind.title)
        raise problem


def _refused(visitor: Visitor, request: HttpRequest, found: Any, command: str, reason: Text) -> HttpResponse:
    """By the table: every role that the command is open to in any state that has this status' stage."""
    stage = found["draft"]["stage"] if found["draft"] else None
    rows = [row for (_, at), row in TABLE.items() if (at.value if at else None) == stage]
    may = frozenset(role for row in rows for role, kinds in row.items() if COMMANDS[command] in kinds)
    return refused(visitor, request, Refusal(reason, may), address_of(found))


def _writing(request: HttpRequest, found: Mapping[str, Any]) -> Writing:
    return Writing.of(found["kind"], found["name"], request.parameters())


def _body(command: str, typed: Mapping[str, str]) -> Mapping[str, Any]:
    if command == "publish":
        return {"digest": typed.get("digest", "")}
    return given(FORMS.get(command, ()), typed)


def _wrong(command: str, problem: Problem) -> Wrong:
    """Of a command that writes no text: beside the field that it is about, or every finding about the entry."""
    fields = FORMS.get(command, ())
    errors_, _ = sayings(problem, fields)
    return errors_, summary(fields, errors_, "") or [("", each) for each in findings(problem)]


def _about(found: Any) -> dict[str, Any]:
    draft = found["draft"]
    return {
        "title": Text(f"目录条目 {found['name']}", f"Catalogue entry {found['name']}"),
        "found": found,
        "standing": text_of(found["status_label"]),
        "differences": rows_of(draft["differences"]) if draft else [],
        "reason": draft["reason"] if draft else None,
        "manifest": _manifest(found),
        "digest": draft["digest"] if draft else "",
        "changed": datetime.fromisoformat(found["changed_at"]),
    }


def _manifest(found: Any) -> str:
    return json.dumps(found["draft"]["manifest"], ensure_ascii=False, indent=2) if found["draft"] else ""


def _standing(found: Mapping[str, Any]) -> Text:
    """The status; of a published entry that is being changed also where the change stands."""
    label, draft = text_of(found["status_label"]), found["draft"]
    if draft is None or found["status"] == draft["stage"]:
        return label
    stage = text_of(draft["stage_label"])
    return Text(f"{label.zh}（{stage.zh}）", f"{label.en} ({stage.en})")


def _at(found: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(found["changed_at"])


_NOT_NOW = Text("现在不能由您作此操作", "This is not yours to do now")
