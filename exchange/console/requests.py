"""Access requests: the queue with what is left of each clock, one request, its commands, and the form of a new one.

Every page asks the API's own desk and shows its answer; what may be done is what the answer's ``commands`` say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from exchange import errors
from exchange.console import request_words as words
from exchange.console.attempt import HOME
from exchange.console.door import Door, Refusal, Visitor, moved_on, page, refused
from exchange.console.forms import Field, Said, drawn, sayings
from exchange.console.grant_words import facts_of, field_rows
from exchange.console.inside import as_json_post, asking, told
from exchange.console.words import happened, text_of
from exchange.in_force.snapshot import current
from exchange.requests.batches import BatchDesk
from exchange.requests.desk import RequestDesk
from exchange.requests.templates import Templates
from kernel.problems import INVALID_BODY, NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import t
from kernel.web.routes import Route
from policies.grants.document import grant_from_json
from policies.requests.commands import NAMES, TABLE, DraftRequest, allowed
from policies.requests.events import Status
from policies.roles import Role

REQUESTS = f"{HOME}/requests"
WAITING, ALL = "waiting", "all"
DRAFTERS = frozenset(role for role, kinds in TABLE[None].items() if DraftRequest in kinds)
_KINDS = {name: kind for kind, name in NAMES.items()}
_MENDED = (INVALID_BODY, errors.ACCESS_REQUEST_INCOMPLETE)
"""Refusals that the same officer mends on the same form."""


@dataclass(frozen=True)
class RequestPages:
    """The pages about access requests. ``desk`` is the API's own, entered by a session."""

    door: Door
    desk: RequestDesk
    batches: BatchDesk
    templates: Templates

    def queue(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """Requests with what is left of their clocks: those that wait for this officer, or all."""
        asked = request.parameters()
        shown = asked.get("show", WAITING)
        query = {"waiting": "me"} if shown == WAITING else {}
        query |= {"after": asked["after"]} if asked.get("after") else {}
        found = told(self.desk.list(asking(request, urlencode(query))))
        following = urlencode({"show": shown, "after": found["next"]}) if found["next"] else ""
        return page(
            "requests",
            visitor,
            request,
            title=Text("共享申请", "Access requests"),
            rows=sorted(map(row_of, found["requests"]), key=lambda row: row["urgency"]),
            tabs=[(f"{REQUESTS}?show={name}", label, name == shown) for name, label in _TABS.items()],
            following=f"{REQUESTS}?{following}" if following else "",
            drafting=DraftRequest in allowed(None, visitor.roles),
        )

    def show(self, visitor: Visitor, request: HttpRequest, identifier: str) -> HttpResponse:
        """One request: what is asked for, how much time is left, what happened, and what this officer may do now."""
        found = self._found(request, identifier)
        return page(
            "request",
            visitor,
            request,
            **self._about(found),
            commands=[(f"{_address(found)}/{name}", words.COMMANDS[name]) for name in found["commands"]],
            history=happened(found["history"], words.EVENTS),
            back=REQUESTS,
        )

    def new(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """The form of a new request, filled with what a template or the address itself says. Raises Problem."""
        asked = request.parameters()
        named = asked.get("template", "")
        found = {one["id"]: one for one in told(self.templates.list(asking(request)))["templates"]}
        typed = words.typed_of(found[named]) if named in found else {"onward": "no", **asked}
        return self._form(visitor, request, _NEW, typed, REQUESTS, templates=found)

    def draft(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """The new request, as a draft or handed in at once; for many departments at once. Raises Problem."""
        typed = request.form()
        body = words.body_of(typed)
        departments = [line.strip() for line in typed.get(CONSUMERS.name, "").split("\n") if line.strip()]
        handing_in = typed.get("submit") == "yes"
        try:
            if len(departments) > 1:
                asked = body | {"consumers": departments, "submit": handing_in}
                made = told(self.batches.draft(as_json_post(request, asked)))
                return redirect(f"{REQUESTS}/batches/{quote(made['id'])}")
            named = {"consumer": departments[0]} if departments else {}
            made = told(self.desk.draft(as_json_post(request, body | named)))
        except Problem as problem:
            return self._mend(
                visitor, request, problem, lambda say: self._form(visitor, request, _NEW, typed, REQUESTS, say)
            )
        # A draft that cannot be handed in yet is kept: the page of the command says what is missing.
        return redirect(f"{_address(made)}/submit" if handing_in else _address(made))

    def ask(self, visitor: Visitor, request: HttpRequest, identifier: str, command: str) -> HttpResponse:
        """The page before a command. Raises Problem."""
        found = self._found(request, identifier)
        if command not in words.COMMANDS:
            raise Problem(NOT_FOUND)
        if command not in found["commands"]:
            return self._refused(visitor, request, found, command, _NOT_NOW)
        if command == "revise":
            typed = words.typed_of(found)
            return self._form(visitor, request, words.COMMANDS[command], typed, _address(found), found=found)
        return self._ask(visitor, request, found, command, {})

    def act(self, visitor: Visitor, request: HttpRequest, identifier: str, command: str) -> HttpResponse:
        """Carry it out as the API does; what was refused is said where it can be mended. Raises Problem."""
        typed, found = request.form(), self._found(request, identifier)
        if command not in words.COMMANDS:
            raise Problem(NOT_FOUND)
        revision = {"revision": _whole(typed.get("revision", ""))}
        if command == "revise":
            body = words.revised(words.body_of(typed), found["grant"]) | revision
        else:
            names_ = [field.name for field in words.FORMS.get(command, ())]
            body = {name: typed[name] for name in names_ if typed.get(name, "").strip()} | revision
        try:
            self._endpoint(command)(as_json_post(request, body), identifier)
        except Problem as problem:
            return self._mend(
                visitor, request, problem, lambda say: self._again(visitor, request, found, command, typed, say), found,
                command,
            )  # fmt: skip
        return redirect(_address(found))

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        door, one = self.door, "/requests/<identifier>"
        listed, shown = Text("共享申请", "Access requests"), Text("一件申请", "One access request")
        drafted = Text("起草申请", "Drafting a request")
        asked, done = Text("操作前的确认", "The question before a command"), Text("执行操作", "Carrying out a command")
        return (
            door.route("GET", "/requests", self.queue, listed),
            door.route("GET", "/requests/new", self.new, drafted, DRAFTERS),
            door.route("POST", "/requests/new", self.draft, drafted, DRAFTERS),
            door.route("GET", one, self.show, shown),
            door.route("GET", f"{one}/<command>", self.ask, asked),
            door.route("POST", f"{one}/<command>", self.act, done),
        )

    def _found(self, request: HttpRequest, identifier: str) -> Any:
        return told(self.desk.show(asking(request), identifier))

    def _endpoint(self, command: str) -> Callable[..., HttpResponse]:
        own = {"submit": self.desk.submit, "revise": self.desk.revise}
        return own.get(command) or self.desk.command(command)

    def _again(
        self, visitor: Visitor, request: HttpRequest, found: Any, command: str, typed: Mapping[str, str], say: Any
    ) -> HttpResponse:
        if command == "revise":
            return self._form(visitor, request, words.COMMANDS[command], typed, _address(found), say, found)
        return self._ask(visitor, request, found, command, typed, say)

    def _mend(
        self, visitor: Visitor, request: HttpRequest, problem: Problem, again: Callable[[Any], HttpResponse],
        found: Any = None, command: str = "",
    ) -> HttpResponse:  # fmt: skip
        """Where a refusal is said: beside the form, on the page of what changed, or on the page of who may."""
        if problem.kind in _MENDED:
            return again(sayings(problem, fields_of(command)))
        if found is not None and problem.kind is errors.ACCESS_REQUEST_CHANGED:
            title = Text("这件申请刚才有了变化", "This request has changed meanwhile")
            return moved_on(visitor, request, title, found["id"], _address(found))
        if found is not None and problem.kind is errors.ACCESS_REQUEST_NOT_ALLOWED:
            return self._refused(visitor, request, found, command, problem.detail or problem.kind.title)
        raise problem

    def _refused(self, visitor: Visitor, request: HttpRequest, found: Any, command: str, reason: Text) -> HttpResponse:
        row = TABLE[Status(found["status"])]
        may = frozenset(role for role, kinds in row.items() if _KINDS[command] in kinds)
        return refused(visitor, request, Refusal(reason, may), _address(found))

    def _ask(
        self,
        visitor: Visitor,
        request: HttpRequest,
        found: Any,
        command: str,
        typed: Mapping[str, str],
        say: Said | None = None,
    ) -> HttpResponse:
        fields = words.FORMS.get(command, ())
        return page(
            "request_command",
            visitor,
            request,
            **self._about(found),
            label=words.COMMANDS[command],
            consequence=words.CONSEQUENCES[command],
            **drawn(fields, typed, say),
            final=command in {"refuse", "uphold", "withdraw"},
            back=_address(found),
        )

    def _form(
        self, visitor: Visitor, request: HttpRequest, title: Text, typed: Mapping[str, str], back: str,
        say: Said | None = None, found: Any = None, templates: Mapping[str, Any] | None = None,
    ) -> HttpResponse:  # fmt: skip
        for_others = found is None and Role.GOVERNANCE_OFFICER in visitor.roles
        fields = (*((CONSUMERS,) if for_others else ()), *words.CONTENT)
        return page(
            "request_form",
            visitor,
            request,
            title=title,
            revision="" if found is None else found["revision"],
            **drawn(fields, typed, say),
            templates=[
                (f"{REQUESTS}/new?{urlencode({'template': name})}", text_of(one["title"]))
                for name, one in (templates or {}).items()
            ],
            handing_in=found is None,
            back=back,
        )

    def _about(self, found: Any) -> dict[str, Any]:
        registry = current(self.door.access.policy).registry
        grant = grant_from_json(found["grant"])
        refusal, assessment = found["refusal"], found["assessment"]
        return {
            "title": Text(f"共享申请 {found['id']}", f"Access request {found['id']}"),
            "found": found,
            "standing": text_of(found["label"]),
            "tone": words.TONES.get(Status(found["status"]), "calm"),
            "holder": text_of(found["provider"]["name"]),
            "asker": text_of(found["consumer"]["name"]),
            "what": text_of(found["evidence_type"]["name"]),
            "sentence": text_of(found["sentence"]),
            "clock": _clock(found),
            "facts": facts_of(grant, registry),
            "granted": field_rows(grant, registry),
            "refusal": None if refusal is None else (text_of(refusal["text"]), refusal["citation"], refusal["reason"]),
            "assessment": [] if assessment is None else _assessed(assessment),
            "grant": f"{HOME}/grants/{quote(found['ref'])}" if found["ref"] else "",
            "batch": f"{REQUESTS}/batches/{quote(found['parent'])}" if found["parent"] else "",
        }


def row_of(found: Mapping[str, Any]) -> dict[str, Any]:
    """A request as it stands in a table."""
    clock = _clock(found)
    return {
        "id": found["id"],
        "href": _address(found),
        "what": t(text_of(found["evidence_type"]["name"])),
        "consumer": t(text_of(found["consumer"]["name"])),
        "provider": t(text_of(found["provider"]["name"])),
        "standing": text_of(found["label"]),
        "tone": words.TONES.get(Status(found["status"]), "calm"),
        "clock": clock,
        "urgency": (clock is None or clock["paused"], clock["days"] if clock and clock["days"] is not None else 0),
    }


def _clock(found: Mapping[str, Any]) -> dict[str, Any] | None:
    """Working days left, negative when overdue; the deadline, and the standing in words. None where no clock runs."""
    clock = found["clock"]
    if clock is None:
        return _STOPPED if found["status"] == Status.RETURNED.value else None
    late = clock["days_overdue"] if clock["late"] else 0
    left = clock["days_left"]
    days = -max(late or 0, 1) if clock["late"] else left
    deadline = clock["deadline"]
    return {
        "days": days,
        "paused": clock["paused"],
        "deadline": datetime.fromisoformat(deadline) - _A_MOMENT if deadline else None,
        "text": text_of(clock["text"]),
    }


def _assessed(assessment: Mapping[str, str]) -> list[tuple[Text, str]]:
    labels = {field.name: field.label for field in words.CONTENT}
    return [(labels[f"assessment.{name}"], assessment[name]) for name in assessment if f"assessment.{name}" in labels]


def fields_of(command: str) -> tuple[Field, ...]:
    """The fields of a command's form; those of what is asked for where the form says that."""
    known = command in words.COMMANDS and command != "revise"
    return words.FORMS.get(command, ()) if known else (CONSUMERS, *words.CONTENT)


def _address(found: Mapping[str, Any]) -> str:
    return f"{REQUESTS}/{quote(found['id'])}"


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


_STOPPED = {
    "days": None,
    "paused": True,
    "deadline": None,
    "text": Text("等待补正，计时暂停", "Waiting for a supplement; the clock stands still"),
}
_A_MOMENT = timedelta(microseconds=1)
"""A deadline is the midnight after the last working day; people say that day."""
_TABS = {WAITING: Text("等我办理", "Waiting for me"), ALL: Text("全部", "All")}
CONSUMERS = Field(
    "consumers",
    Text("为哪些部门申请（代码）", "For which departments (codes)"),
    Text(
        "每行一个；多个部门各成一件、各自计时；不填则为本部门",
        "one a line; each is a request and a clock of its own; left out: ours",
    ),
    "area",
)
"""Asked of data governance alone, which may ask for others."""
_NEW = Text("起草共享申请", "A new access request")
_NOT_NOW = Text("现在不能由您作此操作", "This is not yours to do now")
