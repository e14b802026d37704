"""Agents of an entity: appointed, confirmed or declined, ended. Numbers are posted, and stand in no address or log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn

from idp.authentication.own_account import NothingThere, Owner
from idp.errors import TemporarilyUnavailableError
from idp.model.appointment import DEFAULT_LASTING
from idp.model.representation import ALL
from idp.pages import forms
from idp.pages.account.addresses import AGENCIES, REPRESENTATIONS
from idp.pages.account.door import AccountDoor
from idp.pages.problems import CATALOGUE_UNAVAILABLE, REGISTER_SILENT, for_people
from idp.proofing.administrators import CannotAppoint
from idp.proofing.agents import Agents, Wanted
from idp.resource.metadata import ResourceUnavailable
from kernel.dates import local_day
from kernel.identifiers import InvalidIdentifier
from kernel.problems import NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect, to_its_page
from kernel.web.pages import page_response
from kernel.web.routes import Route

_NEW = f"{REPRESENTATIONS}/<representation_id>/agents/new"
_ONE = f"{AGENCIES}/<appointment_id>"
_FIELDS = ("name", "number", "until", "matters", "items", "administrator")
_SOME = "some"
_CHOOSE = Text("请选择经办范围", "Choose in which matters")


@dataclass(frozen=True, slots=True)
class AgentPages:
    """What is seen of agents stands on the page of representations."""

    door: AccountDoor
    agents: Agents

    @for_people
    def new(self, request: HttpRequest, representation_id: str) -> HttpResponse:
        """The form, filled in for thirty days."""
        until = local_day(self.agents.changes.clock.now()) + DEFAULT_LASTING
        return self._form(self.door.owner(request), representation_id, {"until": until.isoformat()})

    @for_people
    def appoint(self, request: HttpRequest, representation_id: str) -> HttpResponse:
        """Somebody is proposed, and asked."""
        owner = self.door.owner(request)
        given = {name: forms.field(request, name) for name in _FIELDS}
        try:
            self.agents.appoint(owner, representation_id, _wanted(given))
        except NothingThere:
            raise Problem(NOT_FOUND) from None
        except CannotAppoint as error:
            return self._form(owner, representation_id, given, {error.at: error.text}, 422)
        except InvalidIdentifier as error:
            at = "items" if error.code.startswith("service-item") else "number"
            return self._form(owner, representation_id, given, {at: error.reason}, 422)
        except ResourceUnavailable:
            raise Problem(CATALOGUE_UNAVAILABLE, headers=(("Retry-After", "5"),)) from None
        except TemporarilyUnavailableError:
            self._silent()
        return redirect(REPRESENTATIONS)

    @for_people
    def answer(self, request: HttpRequest, appointment_id: str) -> HttpResponse:
        """The agent confirms or declines; every other word is no answer."""
        owner, decision = self.door.owner(request), forms.field(request, forms.DECISION)
        if decision in ("confirm", "decline"):
            self._found(lambda: self.agents.answer(owner, appointment_id, yes=decision == "confirm"))
        return redirect(REPRESENTATIONS)

    @for_people
    def end(self, request: HttpRequest, appointment_id: str) -> HttpResponse:
        """Either side ends it."""
        owner = self.door.owner(request)
        self._found(lambda: self.agents.end(owner, appointment_id))
        return redirect(REPRESENTATIONS)

    @for_people
    def listed(self, request: HttpRequest, appointment_id: str) -> HttpResponse:
        """Back to the list, where the buttons are: nothing was done."""
        del appointment_id
        return to_its_page(request, REPRESENTATIONS)

    def routes(self) -> tuple[Route, ...]:
        """The pages and their addresses."""
        words, who = Text("单位的经办人", "Agents of an organisation"), "person, just signed in"
        return (
            Route("GET", _NEW, self.new, who, words, page=True, tag="pages"),
            Route("POST", _NEW, self.appoint, who, words, page=True, tag="pages"),
            Route("GET", f"{_ONE}/answer", self.listed, who, words, page=True, tag="pages"),
            Route("POST", f"{_ONE}/answer", self.answer, who, words, page=True, tag="pages"),
            Route("GET", f"{_ONE}/end", self.listed, who, words, page=True, tag="pages"),
            Route("POST", f"{_ONE}/end", self.end, who, words, page=True, tag="pages"),
        )

    def _found(self, work: Callable[[], None]) -> None:
        try:
            work()
        except NothingThere:
            raise Problem(NOT_FOUND) from None

    def _form(
        self,
        owner: Owner,
        representation_id: str,
        given: Mapping[str, str],
        errors: Mapping[str, Text] | None = None,
        status: int = 200,
    ) -> HttpResponse:
        try:
            entity = self.agents.representation(owner, representation_id)
        except NothingThere:
            raise Problem(NOT_FOUND) from None
        except TemporarilyUnavailableError:
            self._silent()
        return page_response(
            "idp/account/new_agent.html",
            status=status,
            back=REPRESENTATIONS,
            entity=entity,
            given={name: given.get(name, "") for name in _FIELDS},
            errors=errors or {},
        )

    def _silent(self) -> NoReturn:
        raise Problem(REGISTER_SILENT, headers=(("Retry-After", "30"),)) from None


def _wanted(given: Mapping[str, str]) -> Wanted:
    """Which matters is said, never guessed. Raises CannotAppoint."""
    if given["matters"] not in (ALL, _SOME):
        raise CannotAppoint("matters", _CHOOSE)
    items = None if given["matters"] == ALL else given["items"].split()
    return Wanted(given["name"], given["number"], given["until"], items, given["administrator"] == "yes")
