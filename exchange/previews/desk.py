"""The preview endpoints: for whom an item waits, with a sign-in as strong as what they are shown takes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from marshmallow import ValidationError

from connectors.further import UnusableAnswers
from exchange import errors
from exchange.access import PREVIEW, Access
from exchange.forms import invalid, read
from exchange.gateway.answers import challenge
from exchange.gateway.waiting import Held
from exchange.in_force.snapshot import current
from exchange.previews.forms import FurtherAnswersForm, PreviewReplyForm
from exchange.previews.further import Questioning
from exchange.previews.looking import Looking, Reply, Shown, level_for
from exchange.previews.views import detailed, questions, summary
from exchange.store.waiting import Wait
from kernel.problems import Problem
from kernel.web.http import HttpRequest, HttpResponse, json_response

REPLY, ANSWERS = PreviewReplyForm(), FurtherAnswersForm()
_NUMBER = re.compile(r"[0-9]{1,2}")


@dataclass(frozen=True)
class PreviewDesk:
    """Shows and takes answers. ``access`` lets people in: by a token at the API, by a session at the pages."""

    access: Access
    looking: Looking
    asking: Questioning

    def list(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/previews``. Raises Problem."""
        caller, person = self.access.person(http, PREVIEW)
        self.access.spend(caller)
        registry = current(self.access.policy).registry
        found = self.looking.all(self.access.indexes.of(person))
        return json_response({"previews": [summary(one, registry) for one in found]})

    def show(self, http: HttpRequest, request: str, item: str) -> HttpResponse:
        """``GET /v1/previews/<request>/<item>``: what would leave, or has to be told first. Raises Problem."""
        held = self._entered(http, request, item)
        if held.waited.wait is Wait.FURTHER:
            return json_response(questions(self.asking.show(held), current(self.access.policy).registry))
        return json_response(self._view(self.looking.show(held)))

    def reply(self, http: HttpRequest, request: str, item: str) -> HttpResponse:
        """``POST /v1/previews/<request>/<item>``. Raises Problem."""
        held = self._entered(http, request, item)
        said = read(REPLY, http)
        status = self.looking.answer(held, Reply(said["reply"]), said["digest"])
        return json_response({"request": request, "item": held.waited.item, "status": status})

    def tell(self, http: HttpRequest, request: str, item: str) -> HttpResponse:
        """``POST /v1/previews/<request>/<item>/answers``: to further questions. Raises Problem."""
        held = self._entered(http, request, item)
        if held.waited.wait is not Wait.FURTHER:
            raise Problem(errors.NOT_WAITING)
        said = read(ANSWERS, http)
        try:
            status = self.asking.answer(held, said["answers"], said["digest"])
        except UnusableAnswers as unusable:
            wrong = {"answers": {name: [code] for name, code in unusable.errors.items()}}
            raise invalid(ValidationError(wrong), http.language) from None
        return json_response({"request": request, "item": held.waited.item, "status": status})

    def _entered(self, http: HttpRequest, request: str, item: str) -> Held:
        """The item, for whom it waits, signed in strongly enough for what it holds. Raises Problem."""
        caller, person = self.access.person(http, PREVIEW)
        self.access.spend(caller)
        if not _NUMBER.fullmatch(item):
            raise Problem(errors.PREVIEW_UNKNOWN)
        held = self.looking.one(self.access.indexes.of(person), request, int(item))
        kind = current(self.access.policy).registry.evidence_types.get(held.asked["type"])
        if kind is not None and caller.token.assurance < (level := level_for(kind, _asked_names(held))):
            raise stronger(level)
        return held

    def _view(self, shown: Shown) -> dict[str, object]:
        return detailed(shown, self.looking.choices(shown.held), current(self.access.policy).registry)


def _asked_names(held: Held) -> tuple[str, ...]:
    return (*held.asked["fields"], *(one["name"] for one in held.asked["predicates"]))


def stronger(level: int) -> Problem:
    """Sign in again at this level (RFC 9470 §3)."""
    acr = f"urn:tongban:loa:{level}"
    return Problem(errors.PREVIEW_NEEDS_STRONGER, members={"acr": acr}, headers=(challenge(acr),))
