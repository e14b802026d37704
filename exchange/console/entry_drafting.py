"""Drafting a catalogue entry: by form where its manifest is short, as JSON for every kind; a new one or a change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from exchange import errors
from exchange.catalogue.desk import CatalogueDesk
from exchange.catalogue.entry_views import COMMANDS
from exchange.catalogue.workflow.commands import TABLE
from exchange.catalogue.workflow.events import Standing
from exchange.console.attempt import HOME
from exchange.console.door import Door, Refusal, Visitor, page, refused
from exchange.console.entry_form import NAME, PREFIX, TITLES, EntryForm, entry_forms
from exchange.console.forms import UNPROCESSABLE, Field, filled, sayings, summary
from exchange.console.inside import as_json_post, asking, told
from kernel.canonical import MalformedJson, decode
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import t
from kernel.web.routes import Route

ENTRIES = f"{HOME}/entries"
LONGEST_MANIFEST = 256 * 1024
MANIFEST = Field(
    "manifest", Text("清单（JSON）", "Manifest (JSON)"), Text("与文件中的写法相同", "as in a file"), "area"
)
SAID_ON_THE_FORM = (INVALID_BODY, errors.ENTRY_INVALID, errors.ENTRY_IN_USE)
"""Refusals that the same officer mends on the same form."""
DRAFTERS = frozenset(role for role, kinds in TABLE[Standing.NEW, None].items() if COMMANDS["draft"] in kinds)
_JSON = {"as": "json"}


Wrong = tuple[Mapping[str, str], list[tuple[str, str]]]
"""What is wrong by the name of the field, and the lines of the summary above the form."""


@dataclass(frozen=True, slots=True)
class Writing:
    """How one text of an entry is written: by its form, or as JSON (``form`` is None).

    ``name`` is that of an entry there is; empty for a new one.
    """

    form: EntryForm | None
    name: str

    @classmethod
    def of(cls, kind: str, name: str, asked: Mapping[str, str]) -> Writing:
        """As the address asks for it."""
        return cls(None if asked.get("as") == _JSON["as"] else entry_forms().get(kind), name)

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields to be drawn."""
        return (MANIFEST,) if self.form is None else self.form.fields(is_new=not self.name)

    def typed(self, manifest: Mapping[str, Any]) -> dict[str, str]:
        """What the form would have held for a manifest."""
        written = {MANIFEST.name: json.dumps(manifest, ensure_ascii=False, indent=2)}
        return written if self.form is None else self.form.typed(manifest)

    def body(self, typed: Mapping[str, str]) -> dict[str, Any]:
        """The interface's body. Raises Problem (request.invalid): what was typed is no JSON."""
        if self.form is None:
            return {"manifest": read_manifest(typed.get(MANIFEST.name, ""))}
        return {"manifest": self.form.manifest(typed, self.name or typed.get(NAME, "").strip())}

    def missing(self, typed: Mapping[str, str]) -> Wrong | None:
        """What is said of fields that have to be filled in, and are not."""
        errors_ = {} if self.form is None else self.form.missing(typed, is_new=not self.name)
        return (errors_, summary(self.fields, errors_, "")) if errors_ else None

    def wrong(self, problem: Problem) -> Wrong:
        """A refusal: beside the fields, and in the lines above the form."""
        if self.form is None:
            return {}, [("", each) for each in findings(problem)]
        errors_, general = sayings(problem, self.fields)
        return errors_, summary(self.fields, errors_, general)


def findings(problem: Problem) -> tuple[str, ...]:
    """Everything that is wrong with a manifest, each at its place; else what the refusal says."""
    listed: Any = problem.members.get("findings") or problem.members.get("errors") or []
    said = tuple(f"{one['path']}{t('：', ': ')}{one['message']}" for one in listed)
    return said or (t(problem.detail or problem.kind.title),)


def read_manifest(text: str) -> Any:
    """What was typed. Raises Problem (request.invalid)."""
    try:
        return decode(text.encode("utf-8", "replace"), max_bytes=LONGEST_MANIFEST)
    except MalformedJson:
        raise Problem(
            INVALID_BODY, detail=Text("清单不是合法的 JSON", "The manifest is not well-formed JSON")
        ) from None


@dataclass(frozen=True)
class EntryDrafting:
    """The form of a new entry, or of a change of one.

    ``desk`` is the API's own, entered by a session; ``issuer`` is the identity provider that this exchange trusts.
    """

    door: Door
    desk: CatalogueDesk
    issuer: str

    def new(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """The form: filled with what is published of the entry that the address names, or with what it says itself.

        Raises Problem.
        """
        asked = request.parameters()
        kind, name = asked.get("kind", ""), asked.get("name", "")
        writing = Writing.of(kind, name, asked)
        own = {"organisation": visitor.officer.officer.organisation, "issuer": self.issuer}
        typed = {**{PREFIX + name: value for name, value in own.items()}, **asked}
        if kind and name:
            found = told(self.desk.show(asking(request), kind, name))
            text = told(self.desk.version(asking(request), kind, name, str(found["version"])))
            typed = writing.typed(text["manifest"])
        return self._form(visitor, request, writing, typed)

    def draft(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """The draft of a new entry, or of a change of one. Raises Problem."""
        asked, typed = request.parameters(), request.form()
        writing = Writing.of(asked.get("kind", ""), asked.get("name", ""), asked)
        if missing := writing.missing(typed):
            return self._form(visitor, request, writing, typed, missing)
        try:
            made = told(self.desk.draft(as_json_post(request, writing.body(typed))))
        except Problem as problem:
            if problem.kind is errors.ENTRY_NOT_ALLOWED:
                reason = problem.detail or problem.kind.title
                return refused(visitor, request, Refusal(reason, DRAFTERS), ENTRIES)
            if problem.kind in SAID_ON_THE_FORM:
                return self._form(visitor, request, writing, typed, writing.wrong(problem))
            raise
        return redirect(address_of(made))

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        drafted = Text("起草目录条目", "Drafting an entry")
        return (
            self.door.route("GET", "/entries/new", self.new, drafted, DRAFTERS),
            self.door.route("POST", "/entries/new", self.draft, drafted, DRAFTERS),
        )

    def _form(
        self, visitor: Visitor, request: HttpRequest, writing: Writing, typed: Mapping[str, str],
        wrong: Wrong | None = None,
    ) -> HttpResponse:  # fmt: skip
        errors_, lines = wrong or ({}, [])
        asked = request.parameters()
        return page(
            "entry_form",
            visitor,
            request,
            status=200 if wrong is None else UNPROCESSABLE,
            title=_title(asked.get("kind", ""), writing),
            fields=filled(writing.fields, typed, errors_),
            errors=lines,
            kinds=[] if writing.name else [(f"{ENTRIES}/new?kind={kind}", title) for kind, title in TITLES.items()],
            experts=other_way(f"{ENTRIES}/new", asked, writing),
            back=ENTRIES,
        )


def other_way(path: str, asked: Mapping[str, str], writing: Writing) -> str:
    """The address at which the same text is written as JSON; nothing where it is already."""
    if writing.form is None:
        return ""
    kept = {name: asked[name] for name in ("kind", "name") if name in asked}
    return f"{path}?{urlencode({**kept, **_JSON})}"


def address_of(found: Mapping[str, Any]) -> str:
    """Where an entry is, as the interface tells of it."""
    return f"{ENTRIES}/{quote(found['kind'])}/{quote(found['name'])}"


def _title(kind: str, writing: Writing) -> Text:
    if writing.name:
        return Text(f"起草变更：{writing.name}", f"Draft a change of {writing.name}")
    return TITLES[kind] if writing.form is not None else _NEW


_NEW = Text("起草目录条目", "A new catalogue entry, or a change of one")
