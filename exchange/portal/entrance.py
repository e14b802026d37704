"""The citizens' pages put together: where people sign in, and what a page meets without a session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from exchange import errors
from exchange.access import Access
from exchange.authentication.access_token import Mandate
from exchange.console import cookies
from exchange.console.registration import Registration
from exchange.console.sessions import Sessions
from exchange.console.signing_in import SigningIn, Site
from kernel.identifiers.subject import SubjectRef
from kernel.problems import Problem
from kernel.text import Text
from kernel.web.bound_forms import forms_are_for
from kernel.web.http import Endpoint, HttpRequest, HttpResponse, redirect
from kernel.web.pages import page_response
from kernel.web.routes import Route

SCOPE = "openid usage preview"
LEVELS = {"2": "urn:tongban:loa:2", "3": "urn:tongban:loa:3", "4": "urn:tongban:loa:4"}
ENOUGH = frozenset(LEVELS.values())
_UNAUTHORIZED, _FORBIDDEN = 401, 403

CITIZENS = Site(
    "/my",
    cookies.MY_ATTEMPT,
    "portal",
    Text("本人登录", "Signing in as a citizen"),
    Text("本人退出", "Signing out as a citizen"),
    LEVELS,
    acting="mandate",
)

Shown = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Entrance:
    """Signing in, and the door of every page. ``access`` is the API's own, entered by a session."""

    access: Access
    sessions: Sessions
    signing_in: SigningIn

    def route(self, method: str, path: str, work: Shown, summary: Text) -> Route:
        """A page for whoever signed in."""
        return Route(method, CITIZENS.home + path, self._serving(work), "citizen", summary, page=True, tag="pages")

    def _serving(self, work: Shown) -> Endpoint:
        def endpoint(request: HttpRequest, **path: str) -> HttpResponse:
            acting = False
            try:
                caller, person = self.access.person(request)
                acting = caller.token.mandate is not None
                forms_are_for(_reader(person, caller.token.mandate))
                return work(request, **path)
            except Problem as problem:
                if problem.kind is errors.PREVIEW_NEEDS_STRONGER:
                    return _stronger(request, str(problem.members["acr"]), acting=acting)
                if problem.kind.status == _UNAUTHORIZED:
                    return _sign_in_first(request)
                if problem.kind is errors.NOT_ALLOWED:
                    return page_response("portal/nobody.html", status=_FORBIDDEN)
                raise

        return endpoint


def open_entrance(registration: Registration | None) -> Entrance | None:
    """The way in, or None where no key is configured."""
    if registration is None:
        return None
    sessions = registration.sessions(cookie=cookies.MY_SESSION, of_citizens=True)
    party = registration.party(CITIZENS.callback, scope=SCOPE, assurance=LEVELS["2"], enough=ENOUGH)
    key = registration.key("citizens' sign-in")
    signing_in = SigningIn(party, sessions, sessions.cookies, key, registration.clock.now, CITIZENS)
    return Entrance(replace(registration.access, authenticator=sessions), sessions, signing_in)


def _reader(person: SubjectRef, mandate: Mandate | None) -> str:
    """Whoever acts for a company now is another reader than they were for themselves."""
    return "\n".join(f"{each.scheme} {each.value}" for each in (person, *([mandate.company] if mandate else [])))


def _here(request: HttpRequest) -> str:
    return request.path + (f"?{request.query}" if request.query else "")


def _sign_in_first(request: HttpRequest) -> HttpResponse:
    """To the page with the button; what a form held is not sent again by itself."""
    if request.method != "GET":
        return page_response("portal/signed_out.html", status=_UNAUTHORIZED, lost=True, to=CITIZENS.home)
    return redirect(f"{CITIZENS.home}/sign-in?{urlencode({'to': _here(request)})}")


def _stronger(request: HttpRequest, acr: str, *, acting: bool) -> HttpResponse:
    """RFC 9470 for people: the page says that this takes a stronger sign-in, and has the button for it."""
    wanted: dict[str, Any] = {"to": _here(request), "level": acr.rpartition(":")[2]}
    if acting:  # whoever acted for a company chooses again, and does so still
        wanted["acting"] = "yes"
    return page_response(
        "portal/stronger.html", status=_UNAUTHORIZED, start=f"{CITIZENS.home}/sign-in/start?{urlencode(wanted)}"
    )
