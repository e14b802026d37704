"""Templates of access requests on pages: what there is to begin with, and the form by which governance writes one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from exchange.console import request_words as words
from exchange.console.attempt import HOME
from exchange.console.door import Door, Visitor, page
from exchange.console.forms import UNPROCESSABLE, YES_NO, Field, Said, drawn, sayings
from exchange.console.grant_form import grant_fields, grant_of_form
from exchange.console.inside import as_json_post, asking, told
from exchange.console.requests import DRAFTERS
from exchange.console.words import text_of
from exchange.requests.templates import Templates, is_name
from kernel.problems import INVALID_BODY, NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import t
from kernel.web.routes import Route
from policies.roles import Role

TEMPLATES = f"{HOME}/requests/templates"
_EDITORS = frozenset({Role.GOVERNANCE_OFFICER})
_TITLE = (
    Field("title.zh", Text("名称（中文）", "Title (Chinese)")),
    Field("title.en", Text("名称（英文）", "Title (English)")),
)
FIELDS: tuple[Field, ...] = (
    *_TITLE,
    *grant_fields(),
    Field("purpose", Text("用途", "Purpose"), kind="area"),
    Field("onward", Text("是否再提供给他人", "Are the data passed on?"), kind="radios", choices=YES_NO),
)
"""The form of a template; a field's name is the place in the interface's body."""


@dataclass(frozen=True)
class TemplatePages:
    """The pages of templates. ``desk`` is the API's own, entered by a session."""

    door: Door
    desk: Templates

    def list(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """Every template; from the name of a new one to its form, where the address has one."""
        named, editing = request.parameters().get("name"), not _EDITORS.isdisjoint(visitor.roles)
        name = (named or "").strip()
        if editing and is_name(name):
            return redirect(_address(name))
        error = t(_NAMED) if editing and named is not None else ""
        return page(
            "request_templates",
            visitor,
            request,
            status=UNPROCESSABLE if error else 200,
            title=Text("申请模板", "Request templates"),
            rows=[_row(one) for one in self._found(request).values()],
            editing=editing,
            drafting=not DRAFTERS.isdisjoint(visitor.roles),
            name=name,
            error=error,
            back=f"{HOME}/requests",
        )

    def edit(self, visitor: Visitor, request: HttpRequest, template: str) -> HttpResponse:
        """The form, filled with what the template says, if there is one. Raises Problem: it cannot be called so."""
        if not is_name(template):
            raise Problem(NOT_FOUND)
        known = self._found(request).get(template)
        return self._form(visitor, request, template, {} if known is None else typed_of(known))

    def save(self, visitor: Visitor, request: HttpRequest, template: str) -> HttpResponse:
        """Write it as the API does; what does not fit is said beside its field. Raises Problem."""
        typed = request.form()
        try:
            self.desk.change(as_json_post(request, body_of(typed)), template)
        except Problem as problem:
            if problem.kind is not INVALID_BODY:
                raise
            return self._form(visitor, request, template, typed, sayings(problem, FIELDS))
        return redirect(TEMPLATES)

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        listed, written = Text("申请模板", "Request templates"), Text("写入模板", "Writing a template")
        one = "/requests/templates/<template>"
        return (
            self.door.route("GET", "/requests/templates", self.list, listed),
            self.door.route("GET", one, self.edit, written, _EDITORS),
            self.door.route("POST", one, self.save, written, _EDITORS),
        )

    def _found(self, request: HttpRequest) -> dict[str, Any]:
        return {one["id"]: one for one in told(self.desk.list(asking(request)))["templates"]}

    def _form(
        self, visitor: Visitor, request: HttpRequest, template: str, typed: Mapping[str, str], say: Said | None = None
    ) -> HttpResponse:
        return page(
            "request_template",
            visitor,
            request,
            title=Text(f"申请模板：{template}", f"Request template: {template}"),
            **drawn(FIELDS, typed, say),
            back=TEMPLATES,
        )


def body_of(typed: Mapping[str, str]) -> dict[str, Any]:
    """The interface's body; what was left empty is left out, so that whoever asks says it."""
    title = {field.name.partition(".")[2]: typed.get(field.name, "").strip() for field in _TITLE}
    body: dict[str, Any] = {"title": {name: said for name, said in title.items() if said}}
    body["grant"] = grant_of_form(typed)
    if purpose := typed.get("purpose", "").strip():
        body["purpose"] = purpose
    if typed.get("onward"):
        body["onward"] = typed["onward"] == "yes"
    return body


def typed_of(template: Mapping[str, Any]) -> dict[str, str]:
    """What the form would have held for a template as the interface tells it: all of it, nothing is lost."""
    typed = words.typed_of(template)
    if "onward" not in template:
        del typed["onward"]
    return {**typed, **{f"title.{language}": said for language, said in template["title"].items()}}


def _row(one: Mapping[str, Any]) -> dict[str, Any]:
    grant = one["grant"]
    return {
        "id": one["id"],
        "title": text_of(one["title"]),
        "what": grant.get("evidence_type", ""),
        "fields": t("、", ", ").join(map(str, grant.get("fields", ()))),
        "use": f"{HOME}/requests/new?{urlencode({'template': one['id']})}",
        "edit": _address(one["id"]),
    }


def _address(template: str) -> str:
    return f"{TEMPLATES}/{quote(template, safe='')}"


_NAMED = Text(
    "2 至 64 个小写字母、数字和连字符，以字母开头", "has 2 to 64 lower-case letters, digits and hyphens, a letter first"
)
