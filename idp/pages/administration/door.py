"""Who is at the administration pages, and what of them they see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from idp.administration.errors import AdministrationError
from idp.administration.rights import Actor, Command, NotPermitted, reach
from idp.authentication.passwords import HashingBusy
from idp.endpoints.administration.access import as_problem
from idp.interaction.visitor import Errand, Visitors
from idp.pages.problems import for_people
from kernel.text import Text
from kernel.web.http import Endpoint, HttpRequest, HttpResponse
from kernel.web.pages import page_response
from kernel.web.routes import Route

ADMIN = "/admin"
SECTIONS: tuple[tuple[str, Command, Text], ...] = (
    (f"{ADMIN}/clients", Command.SEE_CLIENTS, Text("客户端", "Clients")),
    (f"{ADMIN}/invitations", Command.SEE_INVITATIONS, Text("登记邀请", "Invitations")),
    (f"{ADMIN}/resources", Command.SEE_RESOURCES, Text("资源服务", "Resource servers")),
    (f"{ADMIN}/organisations", Command.SEE_ORGANISATIONS, Text("机构", "Departments")),
    (f"{ADMIN}/people", Command.SEE_PEOPLE, Text("人员", "People")),
    (f"{ADMIN}/window", Command.PROVE_PERSON, Text("窗口核验", "Window")),
    (f"{ADMIN}/proposals", Command.SEE_PROPOSALS, Text("双人复核", "Four eyes")),
    (f"{ADMIN}/keys", Command.SEE_KEYS, Text("密钥", "Keys")),
    (f"{ADMIN}/policies", Command.SEE_POLICIES, Text("规则", "Rules")),
    (f"{ADMIN}/events", Command.SEE_EVENTS, Text("事件", "Events")),
)

Shown = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class AdminDoor:
    """Lets staff in."""

    visitors: Visitors

    def actor(self, request: HttpRequest, errand: Errand) -> Actor:
        """Who acts, as the database knows them now. Raises SignInFirst, OutOfReach."""
        person = self.visitors.required(request, errand).person
        return Actor(person.id, frozenset(person.roles), person.organisation)

    def looking(self, method: str, path: str, work: Shown, summary: Text) -> Route:
        """A page to look at."""
        return self._route(method, path, work, summary, Errand.ADMIN)

    def changing(self, path: str, ask: Shown, work: Shown, summary: Text) -> tuple[Route, Route]:
        """A page that asks, and its button."""
        return (
            self._route("GET", path, ask, summary, Errand.CHANGE),
            self._route("POST", path, work, summary, Errand.CHANGE),
        )

    def _route(self, method: str, path: str, work: Shown, summary: Text, errand: Errand) -> Route:
        endpoint = self._serving(work, errand)
        return Route(method, ADMIN + path, endpoint, "administrator", summary, page=True, tag="pages")

    def _serving(self, work: Shown, errand: Errand) -> Endpoint:
        @wraps(work)
        @for_people
        def endpoint(request: HttpRequest, **path: str) -> HttpResponse:
            actor = self.actor(request, errand)
            try:
                return work(actor, request, **path)
            except (AdministrationError, HashingBusy) as error:
                raise as_problem(error) from None

        return endpoint


def sections(actor: Actor) -> list[tuple[str, Text]]:
    """The sections somebody has anything to do in."""
    return [(href, label) for href, command, label in SECTIONS if reach(actor.roles, command) is not None]


def may(actor: Actor, command: Command) -> bool:
    """Whether to offer a command at all; the desk asks again, about the very thing."""
    return reach(actor.roles, command) is not None


def page(template: str, actor: Actor, request: HttpRequest, *, status: int = 200, **context: Any) -> HttpResponse:
    """An administration page with its sections. Raises Problem for whoever has none."""
    known = sections(actor)
    if not known:
        raise as_problem(NotPermitted())
    here = next((href for href, _ in known if request.path == href or request.path.startswith(f"{href}/")), "")
    return page_response(f"idp/admin/{template}.html", status=status, sections=known, here=here, **context)


def said(error: Exception) -> Text:
    """What is wrong, to be shown beside a form. Raises what no form can mend."""
    problem = as_problem(error)
    if problem.detail is None:
        raise problem from None
    return problem.detail
