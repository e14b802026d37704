"""Pages about matters that officers move on by commands: the list, one of them, the page before each command.

Every page asks the API's own desk and shows its answer; what may be done is what the answer's ``commands`` say.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote, unquote, urlencode

from exchange.console.attempt import HOME
from exchange.console.door import Door, Refusal, Visitor, moved_on, page, refused
from exchange.console.forms import Field, Said, drawn, sayings
from exchange.console.inside import as_json_post, asking, told
from exchange.console.words import happened
from exchange.messages.words import last_day
from kernel.problems import INVALID_BODY, NOT_FOUND, Problem, ProblemKind
from kernel.text import Text
from kernel.web.http import Endpoint, HttpRequest, HttpResponse, redirect
from kernel.web.routes import Route
from policies.roles import Role


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
    """A command in words: what it is called, what it leads to, what its form asks for, and whether it is for good."""

    label: Text
    consequence: Text
    fields: tuple[Field, ...] = ()
    final: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """A kind of matter as pages show it.

    Attributes:
        place: its part of the address.
        several: of the API's answer the member that lists them, and the template of the list.
        template: that of one of them; ``command_template`` that of the page before a command.
        identifier: the member that names one.
        title: of the list; ``one`` the title of one of them, ``changed`` what is said when it moved on meanwhile.
        commands: by name, in the API's spelling.
        events: what happened, in words.
        mended: refusals that are mended on the same form; ``moved`` and ``not_allowed`` are the other ones.
        row, about: what the list and the page show of one.
        roles: who gives commands; everybody where the state of a matter says whose turn it is.
        reading: whose pages these are at all.
    """

    place: str
    several: str
    template: str
    command_template: str = "proceeding_command"
    identifier: str = "id"
    title: Text
    one: Callable[[str], Text]
    changed: Text
    commands: Mapping[str, Command]
    events: Mapping[str, Text]
    mended: tuple[ProblemKind, ...]
    moved: ProblemKind
    not_allowed: ProblemKind
    row: Callable[[Mapping[str, Any]], dict[str, Any]]
    about: Callable[[Mapping[str, Any]], dict[str, Any]]
    roles: frozenset[Role] = frozenset(Role)
    reading: frozenset[Role] = frozenset(Role)
    not_now: Text

    def address(self, found: Mapping[str, Any]) -> str:
        """Where one of them is."""
        return f"{HOME}/{self.place}/{quote(found[self.identifier])}"


@dataclass(frozen=True)
class ProceedingPages:
    """The pages about one kind of matter. Where a kind needs more, it says so in one of the methods of one line."""

    door: Door
    desk: Desk
    matter: Matter

    def list(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """All of them that this officer may see, newest first. Raises Problem."""
        matter, before = self.matter, request.parameters().get("before", "")
        found = told(self.desk.list(asking(request, urlencode({"before": before}) if before else "")))
        rows = [self.row(one) for one in found[matter.several]]
        following = f"{HOME}/{matter.place}?{urlencode({'before': found['next']})}" if found["next"] else ""
        more = self.beside(visitor, request)
        return page(matter.several, visitor, request, title=matter.title, rows=rows, following=following, **more)

    def show(self, visitor: Visitor, request: HttpRequest, identifier: str) -> HttpResponse:
        """One of them, and what this officer may do. Raises Problem."""
        found, matter = self._found(request, identifier), self.matter
        offered = [(f"{matter.address(found)}/{name}", matter.commands[name].label) for name in found["commands"]]
        return page(
            matter.template,
            visitor,
            request,
            **self._headed(found),
            commands=offered,
            history=happened(found.get("history", ()), matter.events),
            **self.beside_one(visitor, request, found),
            back=f"{HOME}/{matter.place}",
        )

    def question(self, visitor: Visitor, request: HttpRequest, identifier: str, command: str) -> HttpResponse:
        """The page before a command. Raises Problem."""
        found = self._found(request, identifier)
        self._known(command)
        if command not in found["commands"]:
            refusal = Refusal(self.matter.not_now, self.may(found, command))
            return refused(visitor, request, refusal, self.matter.address(found))
        return self._question(visitor, request, found, command, {})

    def act(self, visitor: Visitor, request: HttpRequest, identifier: str, command: str) -> HttpResponse:
        """Carry it out as the API does; what was refused is said where it can be mended. Raises Problem."""
        typed, found = request.form(), self._found(request, identifier)
        self._known(command)
        fields = self.fields(found, command)
        given = {each.name: _said(each, typed[each.name]) for each in fields if typed.get(each.name, "").strip()}
        back = self.matter.address(found)
        try:
            self.desk.command(command)(as_json_post(request, self.body(command, given)), identifier)
        except Problem as problem:
            if self.mends(problem) and command in found["commands"]:
                return self._question(visitor, request, found, command, typed, problem)
            return self.why_not(visitor, request, problem, self.may(found, command), back)
        return redirect(back)

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        door, matter, one = self.door, self.matter, f"/{self.matter.place}/<identifier>"
        question, done = (
            Text("操作前的确认", "The question before a command"),
            Text("执行操作", "Carrying out a command"),
        )
        return (
            door.route("GET", f"/{matter.place}", self.list, matter.title, matter.reading),
            *self.own_routes(),
            door.route("GET", one, self.show, matter.one("…"), matter.reading),
            door.route("GET", f"{one}/<command>", self.question, question, matter.reading),
            door.route("POST", f"{one}/<command>", self.act, done, matter.roles),
        )

    # What a kind of matter may have of its own ------------------------------------------------------------------------

    def own_routes(self) -> tuple[Route, ...]:
        """Addresses that only this kind has."""
        return ()

    def beside(self, visitor: Visitor, request: HttpRequest) -> dict[str, Any]:
        """What the list shows besides. Raises Problem."""
        del visitor, request
        return {}

    def beside_one(self, visitor: Visitor, request: HttpRequest, found: Mapping[str, Any]) -> dict[str, Any]:
        """What the page of one shows besides. Raises Problem."""
        del visitor, request, found
        return {}

    def about(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """What the page of one shows."""
        return self.matter.about(found)

    def prepared(self, found: Mapping[str, Any], command: str) -> dict[str, Any]:
        """What the page before a command shows besides."""
        del found, command
        return {}

    def fields(self, found: Mapping[str, Any], command: str) -> tuple[Field, ...]:
        """What the form of a command asks for."""
        del found
        return self.matter.commands[command].fields

    def body(self, command: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """What was given, as the API takes it."""
        del command
        return given

    def may(self, found: Mapping[str, Any], command: str) -> frozenset[Role]:
        """Whose command it is."""
        del found, command
        return self.matter.roles

    def sayings(self, problem: Problem, fields: tuple[Field, ...]) -> Said:
        """What is wrong by the name of the field, and what concerns no field."""
        return sayings(problem, fields)

    # ------------------------------------------------------------------------------------------------------------------

    def row(self, one: Mapping[str, Any]) -> dict[str, Any]:
        """One of them in the list."""
        return {"href": self.matter.address(one), **self.matter.row(one)}

    def why_not(
        self, visitor: Visitor, request: HttpRequest, problem: Problem, may: frozenset[Role], back: str
    ) -> HttpResponse:
        """A refusal that cannot be mended on a form, told. Raises Problem: one that is none of the known."""
        matter = self.matter
        if problem.kind is matter.moved:
            return moved_on(visitor, request, matter.changed, unquote(back.rpartition("/")[2]), back)
        if problem.kind is matter.not_allowed:
            return refused(visitor, request, Refusal(problem.detail or problem.kind.title, may), back)
        raise problem

    def form(self, fields: tuple[Field, ...], typed: Mapping[str, str], problem: Problem | None) -> dict[str, Any]:
        """A form with what was typed, and what is wrong with it, for its template."""
        return drawn(fields, typed, None if problem is None else self.sayings(problem, fields))

    def mends(self, problem: Problem) -> bool:
        """Whether it is mended on the same form."""
        return problem.kind in (INVALID_BODY, *self.matter.mended)

    def _known(self, command: str) -> Command:
        if command not in self.matter.commands:
            raise Problem(NOT_FOUND)
        return self.matter.commands[command]

    def _found(self, request: HttpRequest, identifier: str) -> Any:
        return told(self.desk.show(asking(request), identifier))

    def _headed(self, found: Mapping[str, Any]) -> dict[str, Any]:
        return {"title": self.matter.one(found[self.matter.identifier]), **self.about(found)}

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
        return page(
            self.matter.command_template,
            visitor,
            request,
            **self._headed(found),
            **self.form(self.fields(found, command), typed, problem),
            **self.prepared(found, command),
            label=asked.label,
            consequence=asked.consequence,
            final=asked.final,
            back=self.matter.address(found),
        )


def whose(table: Mapping[Any, Mapping[Role, Collection[Any]]], status: Any, command: Any) -> frozenset[Role]:
    """The roles that a table of a life cycle gives a command to, in this state."""
    return frozenset(role for role, kinds in table[status].items() if command in kinds)


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
