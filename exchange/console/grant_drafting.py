"""Writing grants by form: a new one, another text of a draft, a new version of one that is no draft any more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from exchange import errors
from exchange.console.attempt import HOME
from exchange.console.door import Door, Refusal, Visitor, moved_on, page, refused
from exchange.console.forms import Field, Said, drawn, sayings
from exchange.console.grant_form import grant_fields, grant_of_form, typed_of_grant
from exchange.console.inside import as_json_post, told
from exchange.governance.drafting import Drafting
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.routes import Route
from policies.grants.commands import TABLE, DraftGrant, ReviseGrant, allowed
from policies.grants.conditions import author_may_write
from policies.grants.document import grant_to_json
from policies.grants.events import GrantState, Status
from policies.roles import Officer

GRANTS = f"{HOME}/grants"
DRAFTERS = frozenset(role for role, kinds in TABLE[None].items() if DraftGrant in kinds)
_MENDED = frozenset({"grant.too-long", "grant.expired", "grant.exists", "grant.other-organisation"})
"""Refusals that the same officer mends on the same form."""


def writing_of(state: GrantState, newest: GrantState, officer: Officer) -> Text | None:
    """What an officer may write of this version, in words; None for nothing. A new version follows the newest alone."""
    if state.grant.ref != newest.grant.ref or author_may_write(state.grant, officer) is not None:
        return None
    if ReviseGrant in allowed(state.status, officer.roles):
        return Text("修改草稿", "Change the draft")
    return Text("起草新版本", "Draft a new version") if state.status in _RENEWED else None


@dataclass(frozen=True)
class GrantDrafting:
    """The forms of grants. ``desk`` is the API's own, entered by a session."""

    door: Door
    desk: Drafting

    def new(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """The form of a new grant."""
        return self._form(visitor, request, _NEW, {}, GRANTS, (_ID, *grant_fields()))

    def draft(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """The new grant, as a draft. Raises Problem."""
        typed = request.form()
        named = {"id": typed["id"].strip()} if typed.get("id", "").strip() else {}
        try:
            made = told(self.desk.draft(as_json_post(request, {**named, "grant": grant_of_form(typed)})))
        except Problem as problem:
            if not _is_mended(problem):
                raise
            fields = (_ID, *grant_fields())
            return self._form(visitor, request, _NEW, typed, GRANTS, fields, sayings(problem, fields))
        return redirect(_address(made["ref"]))

    def edit(self, visitor: Visitor, request: HttpRequest, grant: str) -> HttpResponse:
        """The form of another text of a draft, or of a new version; filled with what there is. Raises Problem."""
        state = self.desk.grants.find(grant)
        writing = self._writing(state, visitor)
        if writing is None:
            return refused(visitor, request, Refusal(_NOT_NOW, DRAFTERS), _address(state.grant.ref))
        typed = typed_of_grant(grant_to_json(state.grant))
        return self._form(visitor, request, _title(writing, state), typed, _address(state.grant.ref), state=state)

    def save(self, visitor: Visitor, request: HttpRequest, grant: str) -> HttpResponse:
        """Keep what was written. Raises Problem."""
        typed, state = request.form(), self.desk.grants.find(grant)
        at, writing = _address(state.grant.ref), self._writing(state, visitor)
        if writing is None:
            return refused(visitor, request, Refusal(_NOT_NOW, DRAFTERS), at)
        revision = typed.get("revision", "")
        body = {"grant": grant_of_form(typed), "revision": int(revision) if revision in _NUMBERS else -1}
        write = self.desk.revise if state.status is Status.DRAFTED else self.desk.renew
        try:
            made = told(write(as_json_post(request, body), state.grant.ref))
        except Problem as problem:
            if problem.kind is errors.GRANT_CHANGED:
                return moved_on(visitor, request, _CHANGED, state.grant.ref, at)
            if not _is_mended(problem):
                raise
            said = sayings(problem, grant_fields())
            return self._form(visitor, request, _title(writing, state), typed, at, say=said, state=state)
        return redirect(_address(made["ref"]))

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        drafted, written = Text("起草授权", "Drafting a grant"), Text("修改草稿或起草新版本", "Writing another text")
        door, one = self.door, "/grants/<grant>/write"
        return (
            door.route("GET", "/grants/new", self.new, drafted, DRAFTERS),
            door.route("POST", "/grants/new", self.draft, drafted, DRAFTERS),
            door.route("GET", one, self.edit, written, DRAFTERS),
            door.route("POST", one, self.save, written, DRAFTERS),
        )

    def _writing(self, state: GrantState, visitor: Visitor) -> Text | None:
        return writing_of(state, self.desk.grants.find(state.grant.id), visitor.officer.officer)

    def _form(
        self, visitor: Visitor, request: HttpRequest, title: Text, typed: Mapping[str, str], back: str,
        fields: tuple[Field, ...] = (), say: Said | None = None, state: GrantState | None = None,
    ) -> HttpResponse:  # fmt: skip
        fields = fields or grant_fields()
        return page(
            "grant_form",
            visitor,
            request,
            title=title,
            revision="" if state is None else typed.get("revision", state.revision),
            **drawn(fields, typed, say),
            back=back,
        )


def _is_mended(problem: Problem) -> bool:
    return problem.kind is INVALID_BODY or problem.members.get("reason") in _MENDED


def _title(writing: Text, state: GrantState) -> Text:
    ref = state.grant.ref
    return Text(f"{writing.zh}：{ref}", f"{writing.en}: {ref}")


def _address(ref: str) -> str:
    return f"{GRANTS}/{quote(ref)}"


_RENEWED = frozenset({Status.ACTIVE, Status.SUSPENDED, Status.EXPIRED, Status.REVOKED})
_NUMBERS = frozenset(map(str, range(10_000)))
_ID = Field(
    "id",
    Text("编号", "Identifier"),
    Text("大写字母、数字与连字符；不填则自动编号", "upper-case letters, digits, hyphens; left out: one is made"),
)
_NEW = Text("起草授权", "A new grant")
_NOT_NOW = Text("现在没有可由您修改的内容", "There is nothing of it for you to write now")
_CHANGED = Text("这项授权刚才有了变化", "This grant has changed meanwhile")
