"""What somebody saw of their data is wrong: the page that has its department correct it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from exchange import errors
from exchange.challenges.opening import USES
from exchange.console.forms import Field, drawn, sayings
from exchange.console.inside import as_json_post, told
from exchange.corrections.opening import Opening, is_disputed
from exchange.gateway.answers import PREVIEWS
from exchange.gateway.entries import RELEASE
from exchange.in_force.snapshot import current
from exchange.portal.entrance import Entrance
from exchange.portal.usage import USAGE
from exchange.portal.words import Why, no_entry
from exchange.return_flow.making import MADE
from exchange.transparency.facts_in_words import field_labels
from exchange.transparency.plain_words import is_told
from kernel.identifiers.subject import SubjectRef
from kernel.ledger.log import Ledger
from kernel.ledger.usage import UsageEntry
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.pages import page_response, t
from kernel.web.routes import Route

_RIGHT = Field("right", Text("正确的内容", "What would be right"), Text("可以不填", "You may leave it empty"), "area")
_REASON = Field(
    "reason", Text("理由", "Why"), Text("例如：已于今年六月更名", "Such as: my name was changed in June"), "area"
)
_HOLDER = Text("持有这项资料的部门", "the department that holds the record")


@dataclass(frozen=True)
class WrongPages:
    """Pages of whoever signed in. ``opening`` is the API's own, entered by a session."""

    entrance: Entrance
    opening: Opening
    ledger: Ledger

    def show(self, request: HttpRequest, **where: str) -> HttpResponse:
        """The form. Raises Problem."""
        entry = self._entry(request, **where)
        return entry if isinstance(entry, HttpResponse) else self._form(request, entry, {}, None)

    def open(self, request: HttpRequest, **where: str) -> HttpResponse:
        """Ask for the correction. Raises Problem."""
        entry, typed = self._entry(request, **where), request.form()
        if isinstance(entry, HttpResponse):
            return entry
        body = {name: typed[name] for name in ("field", "right", "reason") if typed.get(name)}
        try:
            made = told(self.opening.by_person(as_json_post(request, body), str(entry.index)))
        except Problem as problem:
            if problem.kind is INVALID_BODY:
                return self._form(request, entry, typed, problem)
            if problem.kind is errors.CORRECTION_UNDER_WAY:
                return page_response("portal/corrected.html", name="", under_way=True, back=_back(request))
            if problem.kind is errors.CORRECTION_NOT_RECEIVED:
                return self._record_gone(entry)
            raise
        return page_response("portal/corrected.html", name=made["id"], under_way=False, back=_back(request))

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        said = Text("指出有误并申请更正", "Say what is wrong and have it corrected")
        places = ("/previews/<of>/<item>/wrong", "/usage/<entry>/wrong")
        forms = (("GET", self.show), ("POST", self.open))
        return tuple(self.entrance.route(method, at, work, said) for at in places for method, work in forms)

    def _entry(self, request: HttpRequest, of: str = "", item: str = "", entry: str = "") -> UsageEntry | HttpResponse:
        """The entry in the caller's own log: by its number, or of an item that they found wrong in a preview.

        Where there is none to correct, the page that says why.
        """
        _, person = self.entrance.access.person(request)
        now = self.opening.transitions.clock.now()
        own = (one for one in self.ledger.usage_of(person) if is_told(one, now))
        found = next((one for one in own if _is_meant(one, of, item, entry)), None)
        found = found or self._in_bulk(person, entry)
        if found is None:
            return no_entry(Why.ABSENT)
        members: Any = found.members
        if not (members["event"] in {RELEASE, MADE} or is_disputed(members)):
            challenge = f"{USAGE}/{found.index}/challenge" if members["event"] in USES else ""
            return no_entry(Why.NO_EVIDENCE, challenge=challenge)
        kinds = current(self.entrance.access.policy).registry.evidence_types
        return found if members["facts"]["evidence_type"] in kinds else self._record_gone(found)

    def _in_bulk(self, person: SubjectRef, entry: str) -> UsageEntry | None:
        """The entry of a file, where it is the newest that has a record of theirs."""
        held = self.opening.telling.by_entry(person, entry)
        if held is None:
            return None
        (leaf,) = self.ledger.entries(held.entry, held.entry + 1)
        return UsageEntry.of(held.entry, leaf)

    def _record_gone(self, entry: UsageEntry) -> HttpResponse:
        members: Any = entry.members
        known = current(self.entrance.access.policy).registry.organisations.get(members["facts"]["provider"])
        return no_entry(Why.RECORD_GONE, provider=t(_HOLDER if known is None else known.name))

    def _form(
        self, request: HttpRequest, entry: UsageEntry, typed: Mapping[str, str], problem: Problem | None
    ) -> HttpResponse:
        members: Any = entry.members
        facts = members["facts"]
        labels = field_labels(facts, current(self.entrance.access.policy).registry)
        told_of = dict(
            zip((*facts["fields"], *facts.get("predicates", ())), labels, strict=True)
        )  # fields and answers alike
        which = Field("field", Text("哪一项有误", "What is wrong"), None, "radios", [*told_of.items()])
        fields = (which, _RIGHT, _REASON)
        return page_response(
            "portal/wrong.html",
            **drawn(fields, typed, None if problem is None else sayings(problem, fields)),
            back=_back(request),
        )


def _back(request: HttpRequest) -> str:
    """Where somebody came from: what waits for them, or their log."""
    return PREVIEWS if request.path.startswith(f"{PREVIEWS}/") else USAGE


def _is_meant(one: UsageEntry, of: str, item: str, entry: str) -> bool:
    members: Any = one.members
    if entry:
        return str(one.index) == entry
    return (members["request"], members["item"]) == (of, item) and is_disputed(members)
