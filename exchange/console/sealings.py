"""The register of sealings on pages: who sealed on which ground, how long it holds still, sealing, lifting.

The register names nobody and neither do these pages: a number is typed once, into a form, and never shown again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from exchange.catalogue.registry import Registry
from exchange.console.attempt import HOME
from exchange.console.door import Door, Visitor, page
from exchange.console.forms import Field, drawn, given, sayings
from exchange.console.inside import as_json_post, asking, told
from exchange.console.words import KINDS_OF_NUMBER, text_of
from exchange.governance.sealing import READERS, SEALERS, Sealings
from exchange.in_force.snapshot import current
from exchange.transparency.facts_in_words import name_of
from kernel.identifiers.subject import SCHEMES
from kernel.problems import INVALID_BODY, NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.routes import Route

SEALINGS = f"{HOME}/sealings"
_DAY = timedelta(days=1)
_NEAR = 7
"""Days before its end from which a sealing is marked."""
_NUMBER = "subject.value"
_FORM = (
    Field(
        "subject.scheme",
        Text("封存谁", "Whom"),
        kind="radios",
        choices=[(scheme, KINDS_OF_NUMBER[scheme]) for scheme in SCHEMES],
    ),
    Field(
        _NUMBER,
        Text("号码", "The number"),
        Text(
            "只用来封存：不保存号码本身，之后任何页面都不再显示。",
            "Used to seal and for nothing else: the number itself is not kept, and no page shows it again.",
        ),
    ),
    Field(
        "citation.zh",
        Text("依据（中文）", "The ground, in Chinese"),
        Text("供审计查阅，不得含有个人信息", "For auditors to read; it names nobody"),
        "area",
    ),
    Field("citation.en", Text("依据（英文）", "The ground, in English"), kind="area"),
    Field(
        "until",
        Text("封存到哪一天（不含）", "Until which day (exclusive)"),
        Text("例如 2027-06-30；到期自动解除", "Such as 2027-06-30; it ends by itself then"),
    ),
)
_REASON = (
    Field(
        "reason",
        Text("理由", "Reasons"),
        Text("供审计查阅，不得含有个人信息", "For auditors to read; it names nobody"),
        "area",
    ),
)
_STATUSES: Mapping[str, tuple[Text, str]] = {
    "in-force": (Text("封存中", "In force"), "bad"),
    "lifted": (Text("已解除", "Lifted"), "calm"),
    "ended": (Text("到期自动解除", "Ended by itself"), "calm"),
}
_TITLE = Text("封存登记", "Sealings")


@dataclass(frozen=True)
class SealingPages:
    """The pages. ``register`` is the API's own, entered by a session."""

    door: Door
    register: Sealings

    def list(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """The register, newest first. Raises Problem."""
        before = request.parameters().get("before", "")
        found = told(self.register.list(asking(request, urlencode({"before": before}) if before else "")))
        now = self.register.clock.now()
        return page(
            "sealings",
            visitor,
            request,
            title=_TITLE,
            rows=[_row(one, now, self._registry()) for one in found["sealings"]],
            new=f"{SEALINGS}/new" if not visitor.roles.isdisjoint(SEALERS) else "",
            following=f"{SEALINGS}?{urlencode({'before': found['next']})}" if found["next"] else "",
        )

    def new(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """The form of a new one."""
        return self._form(visitor, request, _FORM, {}, None)

    def seal(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """Seal as the API does; a number that was refused has to be typed again. Raises Problem."""
        typed = {name: value.strip() for name, value in request.form().items()}
        try:
            self.register.seal(as_json_post(request, _body(typed)))
        except Problem as problem:
            if problem.kind is INVALID_BODY:
                return self._form(visitor, request, _FORM, typed | {_NUMBER: ""}, problem)
            raise
        return redirect(SEALINGS)

    def ask(self, visitor: Visitor, request: HttpRequest, sealing: str) -> HttpResponse:
        """The form that lifts one. Raises Problem."""
        return self._form(visitor, request, _REASON, {}, None, self._standing(request, sealing))

    def lift(self, visitor: Visitor, request: HttpRequest, sealing: str) -> HttpResponse:
        """Lift it. Raises Problem."""
        typed, found = request.form(), self._standing(request, sealing)
        try:
            self.register.lift(as_json_post(request, given(_REASON, typed)), sealing)
        except Problem as problem:
            if problem.kind is INVALID_BODY:
                return self._form(visitor, request, _REASON, typed, problem, found)
            raise
        return redirect(SEALINGS)

    def routes(self) -> tuple[Route, ...]:
        """The addresses; the same capacities as at the API."""
        sealed, lifted = Text("封存", "Sealing somebody"), Text("解除封存", "Lifting a sealing")
        readers, sealers = frozenset(READERS), frozenset(SEALERS)
        return (
            self.door.route("GET", "/sealings", self.list, _TITLE, readers),
            self.door.route("GET", "/sealings/new", self.new, sealed, sealers),
            self.door.route("POST", "/sealings/new", self.seal, sealed, sealers),
            self.door.route("GET", "/sealings/<sealing>/lift", self.ask, lifted, sealers),
            self.door.route("POST", "/sealings/<sealing>/lift", self.lift, lifted, sealers),
        )

    def _standing(self, request: HttpRequest, name: str) -> Mapping[str, Any]:
        """One that holds and that this officer may lift. Raises Problem."""
        found = told(self.register.show(asking(request), name))
        if "lift" not in found["commands"]:
            raise Problem(NOT_FOUND)
        return _row(found, self.register.clock.now(), self._registry())

    def _registry(self) -> Registry:
        return current(self.door.access.policy).registry

    def _form(
        self,
        visitor: Visitor,
        request: HttpRequest,
        fields: tuple[Field, ...],
        typed: Mapping[str, str],
        problem: Problem | None,
        row: Mapping[str, Any] | None = None,
    ) -> HttpResponse:
        return page(
            "sealing_form",
            visitor,
            request,
            title=Text("解除封存", "Lift a sealing") if row else Text("封存某人或某单位", "Seal a person or company"),
            row=row,
            **drawn(fields, typed, None if problem is None else sayings(problem, fields)),
            back=SEALINGS,
        )


def _body(typed: Mapping[str, str]) -> dict[str, Any]:
    """The form as the API takes it; what was left empty is left out."""
    body: dict[str, Any] = {}
    for field in _FORM:
        whole, _, part = field.name.partition(".")
        if value := typed.get(field.name, ""):
            if part:
                body.setdefault(whole, {})[part] = value
            else:
                body[whole] = value
    return body


def _row(one: Mapping[str, Any], now: datetime, registry: Registry) -> dict[str, Any]:
    standing, tone = _STATUSES[one["status"]]
    until, in_force = datetime.fromisoformat(one["until"]), one["status"] == "in-force"
    left = -((now - until) // _DAY) if in_force else 0
    return {
        "id": one["sealing"],
        "organisation": name_of(registry.organisations, one, "organisation"),
        "citation": text_of(one["citation"]),
        "sealed_at": datetime.fromisoformat(one["sealed_at"]),
        "until": until,
        "lifted_at": datetime.fromisoformat(one["lifted_at"]) if one["lifted_at"] else None,
        "standing": standing,
        "tone": tone,
        "left": left,
        "near": in_force and left <= _NEAR,
        "in_force": in_force,
        "href": f"{SEALINGS}/{quote(one['sealing'])}/lift" if "lift" in one["commands"] else "",
    }
