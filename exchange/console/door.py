"""Who is at the pages, and what they meet when they may not come further: sign in, or read who may.

A page that needs a session never sends the browser to the identity provider by itself: it shows a page with a button,
so that no chain of redirects can turn in a circle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from exchange import errors
from exchange.access import Access, AuthorisedOfficer
from exchange.console import words
from exchange.console.attempt import HOME
from exchange.console.sections import EVERYBODY, navigation
from exchange.in_force.snapshot import current
from exchange.store import messages
from kernel.problems import Problem
from kernel.text import Text
from kernel.web.bound_forms import forms_are_for
from kernel.web.http import Endpoint, HttpRequest, HttpResponse, redirect
from kernel.web.pages import page_response
from kernel.web.routes import Route
from policies.roles import Role

SIGN_IN = f"{HOME}/sign-in"
_UNAUTHORIZED, _FORBIDDEN, _CONFLICT = 401, 403, 409

Shown = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Visitor:
    """An officer at the pages."""

    officer: AuthorisedOfficer
    organisation: Text
    unread: int = 0
    """Messages that this officer has not read."""

    @property
    def roles(self) -> frozenset[Role]:
        """What they may act as."""
        return self.officer.officer.roles


@dataclass(frozen=True)
class Door:
    """Lets officers in. ``access`` is the API's own, entered by a session."""

    access: Access

    def visitor(self, request: HttpRequest) -> Visitor:
        """Who is there. Raises Problem: 401 when nobody is signed in, 403 for somebody without an office."""
        officer = self.access.officer(request)
        code = officer.officer.organisation
        known = current(self.access.policy).registry.organisations.get(code)
        with self.access.database.read() as connection:
            unread = messages.count_unread(connection, officer.officer)
        return Visitor(officer, known.name if known else Text(code, code), unread)

    def route(self, method: str, path: str, work: Shown, summary: Text, roles: frozenset[Role] = EVERYBODY) -> Route:
        """A page for officers of these roles."""
        every = roles >= EVERYBODY
        access = "officer" if every else f"officer:{'|'.join(sorted(role.value for role in roles))}"
        return Route(method, HOME + path, self._serving(work, roles), access, summary, page=True, tag="pages")

    def _serving(self, work: Shown, roles: frozenset[Role]) -> Endpoint:
        def endpoint(request: HttpRequest, **path: str) -> HttpResponse:
            try:
                visitor = self.visitor(request)
                if roles.isdisjoint(visitor.roles):
                    return forbidden(visitor, request, roles)
                forms_are_for(f"officer {visitor.officer.officer.id}")
                return work(visitor, request, **path)
            except Problem as problem:
                if problem.kind.status == _UNAUTHORIZED:
                    return _sign_in_first(request)
                if problem.kind is errors.NOT_ALLOWED:
                    return page_response("console/no_office.html", status=_FORBIDDEN, title=_NO_OFFICE)
                raise

        return endpoint


_NO_OFFICE = Text("您的账户没有共享治理职务", "Your account holds no office in data sharing")


def _sign_in_first(request: HttpRequest) -> HttpResponse:
    """To the page with the button; what a form held is not sent again by itself."""
    if request.method != "GET":
        return page_response("console/signed_out.html", status=_UNAUTHORIZED, lost=True, to=HOME)
    here = request.path + (f"?{request.query}" if request.query else "")
    return redirect(f"{SIGN_IN}?{urlencode({'to': here})}")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something was not done, and who may do it now."""

    reason: Text
    allowed: frozenset[Role] = field(default=frozenset())


def forbidden(visitor: Visitor, request: HttpRequest, roles: frozenset[Role]) -> HttpResponse:
    """A page that is for others, and for whom."""
    reason = Text("您的职务不能使用此页", "Your office does not open this page")
    return refused(visitor, request, Refusal(reason, roles), HOME)


def refused(visitor: Visitor, request: HttpRequest, refusal: Refusal, back: str) -> HttpResponse:
    """The page that says no, why, and who may."""
    return page(
        "refused",
        visitor,
        request,
        status=_FORBIDDEN,
        title=Text("不能这样做", "This is not yours to do"),
        reason=refusal.reason,
        allowed=words.role_names(refusal.allowed - {Role.EXCHANGE}),
        held=words.role_names(visitor.roles),
        back=back,
    )


def moved_on(visitor: Visitor, request: HttpRequest, title: Text, ref: str, back: str) -> HttpResponse:
    """The page that says somebody was faster: what was looked at has changed, and nothing was done."""
    return page("changed", visitor, request, status=_CONFLICT, title=title, ref=ref, back=back)


def page(template: str, visitor: Visitor, request: HttpRequest, *, status: int = 200, **context: Any) -> HttpResponse:
    """A page with its sections and the officer's department."""
    return page_response(
        f"console/{template}.html",
        status=status,
        navigation=navigation(visitor.roles, request.path, visitor.unread),
        visitor=visitor,
        role_names=words.role_names,
        **context,
    )
