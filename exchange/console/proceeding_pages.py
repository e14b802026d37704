"""Pages about matters that officers move on by commands: the list, one of them, the page before each command.

Every page asks the API's own desk and shows its answer; what may be done is what the answer's ``commands`` say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from exchange.console.attempt import HOME
from exchange.console.door import Door, Refusal, Visitor, moved_on, page, refused
from exchange.console.forms import Field, filled, sayings, summary
from exchange.console.inside import as_json_post, asking, told
from exchange.console.words import happened
from exchange.messages.words import last_day
from kernel.problems import INVALID_BODY, NOT_FOUND, Problem, ProblemKind
from kernel.text import Text
from kernel.web.http import Endpoint, HttpRequest, HttpResponse, redirect
from kernel.web.routes import Route
from policies.roles import Role

_UNPROCESSABLE = 422


class Desk(Protocol):
    """The API's own desk of such matters, entered by a session."""

    def list(self, http: HttpRequest) -> HttpResponse:
        """A page of them."""
        ...

    def show(self, http: HttpRequest, identifier: str, /) -> HttpResponse:
        """One of them."""
        ...

    def command(self, name: str) -> Endpoint:
        """The endpoint of a command on one."""
        ...


@dataclass(frozen=True, slots=True)
class Command:
    """A command in words: what it is called, what it leads to, and what its form asks for."""

    label: Text
    consequence: Text
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """A kind of matter as pages show it.

    Attributes:
        place: its part of the address, and of the API's answer the member that lists it.
        identifier: the member that names one.
        title: of the list; ``one`` the title of one of them, ``changed`` what is said when it moved on meanwhile.
        commands: by name, in the API's spelling.
        events: what happened, in words.
        incomplete: what is mended on the same form; ``moved`` and ``not_allowed`` are the other refusals.
        row, about: what the list and the page show of one.
        roles: who gives commands.
    """

    place: str
    template: str
    identifier: str
    title: Text
    one: Callable[[str], Text]
    changed: Text
    commands: Mapping[str, Command]
    events: Mapping[str, Text]
    incomplete: ProblemKind
    moved: ProblemKind
    not_allowed: ProblemKind
    row: Callable[[Mapping[str, Any]], dict[str, Any]]
    about: Callable[[Mapping[str, Any]], dict[str, Any]]
    roles: frozenset[Role]
    not_now: Text


@dataclass(frozen=True)
class ProceedingPages:
    """The pages about one kind of matter."""

    door: Door
    desk: Desk
    matter: Matter

    def list(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """All of them that this officer may see, newest first. Raises Problem."""
        matter, before = self.matter, request.parameters().get("before", "")
        found = told(self.desk.list(asking(request, urlencode({"before": before}) if before else "")))
        rows = [{"href": self._address(one), **matter.row(one)} for one in found[matter.place]]
        following = f"{HOME}/{matter.place}?{urlencode({'before': found['next']})}" if found["next"] else ""
        more = self.beside(request)
        return page(matter.place, visitor, request, title=matter.title, rows=rows, following=following, **more)

    def beside(self, request: HttpRequest) -> dict[str, Any]:
        """What the list shows besides. Raises Problem."""
        del request
        return {}

    def show(self, visitor: Visitor, request: HttpRequest, identifier: str) -> HttpResponse:
        """One of them, and what this officer may do. Raises Problem."""
        found, matter = self._found(request, identifier), self.matter
        offered = [(f"{self._address(found)}/{name}", matter.commands[name].label) for name in found["commands"]]
        return page(
            matter.template,
            visitor,
            request,
            **self._about(found),
            commands=offered,
            history=happened(found["history"], matter.events),
            back=f"{HOME}/{matter.place}",
        )

    def question(self, visitor: Visitor, request: HttpRequest, identifier: str, command: str) -> HttpResponse:
        """The page before a command. Raises Problem."""
        found = self._found(request, identifier)
        self._known(command)
        if command not in found["commands"]:
            return refused(visitor, request, Refusal(self.matter.not_now, self.matter.roles), self._address(found))
        return self._question(visitor, request, found, command, {})

    def act(self, visitor: Visitor, request: HttpRequest, identifier: str, command: str) -> HttpResponse:
        """Carry it out as the API does; what was refused is said where it can be mended. Raises Problem."""
        typed, found, fields = request.form(), self._found(request, identifier), self._known(command).fields
        body = {each.name: _said(each, typed[each.name]) for each in fields if typed.get(each.name, "").strip()}
        try:
            self.desk.command(command)(as_json_post(request, body), identifier)
        except Problem as problem:
            return self._why_not(visitor, request, found, command, typed, problem)
        return redirect(self._address(found))

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        door, matter, one = self.door, self.matter, f"/{self.matter.place}/<identifier>"
        question, done = (
            Text("操作前的确认", "The question before a command"),
            Text("执行操作", "Carrying out a command"),
        )
        return (
            door.route("GET", f"/{matter.place}", self.list, matter.title),
            door.route("GET", one, self.show, matter.one("…")),
            door.route("GET", f"{one}/<command>", self.question, question),
            door.route("POST", f"{one}/<command>", self.act, done, matter.roles),
        )

    def _known(self, command: str) -> Command:
        if command not in self.matter.commands:
            raise Problem(NOT_FOUND)
        return self.matter.commands[command]

    def _found(self, request: HttpRequest, identifier: str) -> Any:
        return told(self.desk.show(asking(request), identifier))

    def _address(self, found: Mapping[str, Any]) -> str:
        return f"{HOME}/{self.matter.place}/{quote(found[self.matter.identifier])}"

    def _about(self, found: Mapping[str, Any]) -> dict[str, Any]:
        return {"title": self.matter.one(found[self.matter.identifier]), **self.matter.about(found)}

    def _why_not(
        self,
        visitor: Visitor,
        request: HttpRequest,
        found: Any,
        command: str,
        typed: Mapping[str, str],
        problem: Problem,
    ) -> HttpResponse:
        back, matter = self._address(found), self.matter
        if problem.kind in {INVALID_BODY, matter.incomplete}:
            return self._question(visitor, request, found, command, typed, problem)
        if problem.kind is matter.moved:
            return moved_on(visitor, request, matter.changed, found[matter.identifier], back)
        if problem.kind is matter.not_allowed:
            return refused(visitor, request, Refusal(problem.detail or problem.kind.title, matter.roles), back)
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
        asked = self._known(command)
        errors_, general = ({}, "") if problem is None else sayings(problem, asked.fields)
        return page(
            "proceeding_command",
            visitor,
            request,
            status=200 if problem is None else _UNPROCESSABLE,
            **self._about(found),
            label=asked.label,
            consequence=asked.consequence,
            fields=filled(asked.fields, typed, errors_),
            errors=summary(asked.fields, errors_, general),
            back=self._address(found),
        )


def last_working_day(clock: Mapping[str, Any]) -> Text:
    """The last day of a clock and what is left of it."""
    if clock["deadline"] is None:
        return Text("暂停计时", "the clock stands still")
    day, left = last_day(clock["deadline"]), clock["left"]
    if clock["late"]:
        return Text(f"{day.zh}（已逾期）", f"{day.en} (overdue)")
    return Text(f"{day.zh}（还剩 {left} 个工作日）", f"{day.en} ({left} working days left)")


def _said(field: Field, text: str) -> Any:
    """What was typed, as the API takes it: a yes or no is one."""
    return text == "yes" if field.kind == "radios" and text in {"yes", "no"} else text
