"""A row of a return flow's file is wrong: the page by which an officer of the district has it corrected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from exchange import errors
from exchange.console.attempt import HOME
from exchange.console.door import Door, Visitor, page
from exchange.console.forms import Field, Said, drawn, given, sayings
from exchange.console.inside import as_json_post, asking, told
from exchange.console.words import text_of
from exchange.corrections.opening import Opening
from exchange.in_force.snapshot import current
from exchange.return_flow.flow_desk import FlowDesk
from kernel.problems import INVALID_BODY, NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import t
from kernel.web.routes import Route
from policies.return_flows import OPENERS

_TITLE = Text("申请更正文件中的一行", "Have a row of a file corrected")
_ROW = Field(
    "row",
    Text("行编号", "Which row"),
    Text("文件中该行 _row 一列的值。", "What stands in the column _row of the file."),
)
_NUMBER = Field(
    "subject.value",
    Text("这一行是谁的记录（号码）", "Whose record it is (their number)"),
    Text(
        "平台据此核对；查找的人过多，业务系统会被锁定。号码只有受理的经办人能看到。",
        "The exchange compares it with the row; whoever tries too many has the system locked. "
        "Only the officer who takes it up sees it.",
    ),
)
_SEEN = Field("seen", Text("文件中的内容（可不填）", "What the file says (may be left empty)"), None, "area")
_RIGHT = Field("right", Text("应为（可不填）", "What would be right (may be left empty)"), None, "area")
_REASON = Field("reason", Text("理由", "Why"), Text("本人可以看到。", "The person reads it."), "area")
_ON_THE_FORM = frozenset(
    {
        INVALID_BODY,
        errors.CORRECTION_NOT_RECEIVED,
        errors.CORRECTION_UNDER_WAY,
        errors.SYSTEM_LOCKED,
        errors.SYSTEM_NOT_OURS,
        errors.SYSTEM_SUSPENDED,
    }
)


def wrong_row(found: Mapping[str, Any], visitor: Visitor) -> str:
    """Where a row of this flow is said to be wrong; empty for whoever may not."""
    may = _is_own(found, visitor) and OPENERS & visitor.roles
    return f"{HOME}/return-flows/{quote(found['flow'])}/wrong" if may else ""


def _is_own(found: Mapping[str, Any], visitor: Visitor) -> bool:
    """Whether the visitor's department gets the flow; its provider sees it, too."""
    return bool(found["consumer"]["code"] == visitor.officer.officer.organisation)


@dataclass(frozen=True)
class WrongRowPages:
    """The form. ``opening`` and ``desk`` are the API's own, entered by a session."""

    door: Door
    desk: FlowDesk
    opening: Opening

    def show(self, visitor: Visitor, request: HttpRequest, flow: str) -> HttpResponse:
        """The form. Raises Problem."""
        return self._form(visitor, request, self._found(visitor, request, flow), {}, None)

    def open(self, visitor: Visitor, request: HttpRequest, flow: str) -> HttpResponse:
        """Open the correction as the API does. Raises Problem."""
        typed, found = request.form(), self._found(visitor, request, flow)
        said = given(self._fields(found), typed)
        number = said.pop(_NUMBER.name, None)
        whose = {"scheme": self._scheme(found)} | ({} if number is None else {"value": number})
        try:
            made = told(self.opening.by_officer(as_json_post(request, said | {"subject": whose}), flow))
        except Problem as problem:
            if problem.kind in _ON_THE_FORM:
                return self._form(visitor, request, found, typed, problem)
            raise
        return redirect(f"{HOME}/corrections/{quote(made['id'])}")

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        return tuple(
            self.door.route(method, "/return-flows/<flow>/wrong", work, _TITLE, OPENERS)
            for method, work in (("GET", self.show), ("POST", self.open))
        )

    def _found(self, visitor: Visitor, request: HttpRequest, flow: str) -> Any:
        found = told(self.desk.show(asking(request), flow))
        if not _is_own(found, visitor):
            raise Problem(NOT_FOUND)
        return found

    def _scheme(self, found: Mapping[str, Any]) -> str:
        """What kind of number its records are about."""
        kind = current(self.door.access.policy).registry.evidence_types.get(found["evidence_type"]["code"])
        return "" if kind is None else kind.subject_scheme

    def _fields(self, found: Mapping[str, Any]) -> tuple[Field, ...]:
        choices = [(one["code"], text_of(one["name"])) for one in found["fields"]]
        which = Field("field", Text("哪一项有误", "What is wrong"), None, "radios", choices)
        return (_ROW, _NUMBER, which, _SEEN, _RIGHT, _REASON)

    def _form(
        self,
        visitor: Visitor,
        request: HttpRequest,
        found: Mapping[str, Any],
        typed: Mapping[str, str],
        problem: Problem | None,
    ) -> HttpResponse:
        fields = self._fields(found)
        return page(
            "wrong_row",
            visitor,
            request,
            # A number is never shown again.
            **drawn(fields, {**typed, _NUMBER.name: ""}, None if problem is None else _sayings(problem, fields)),
            title=_TITLE,
            flow=found["flow"],
            what=text_of(found["evidence_type"]["name"]),
            provider=text_of(found["provider"]["name"]),
            under_way=_under_way(problem),
            back=f"{HOME}/return-flows/{quote(found['flow'])}",
        )


def _under_way(problem: Problem | None) -> str:
    """Where the correction is that was opened before; empty where there is none."""
    known = None if problem is None else problem.members.get("correction")
    return f"{HOME}/corrections/{quote(str(known))}" if known else ""


def _sayings(problem: Problem, fields: tuple[Field, ...]) -> Said:
    """What is wrong by the name of the field, and what concerns no field: with what to do about it."""
    if problem.kind is INVALID_BODY:
        return sayings(problem, fields)
    return {}, f"{t(problem.kind.title)}{t('。', '. ')}{t(problem.kind.next_step)}"
