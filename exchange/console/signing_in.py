"""Signing in and out: the page with the button, the way back, and the identity provider's word that it is over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

from exchange.authentication.fetching import IssuerUnreachable
from exchange.console import cookies
from exchange.console.attempt import HOME, Attempt, safe
from exchange.console.cookies import Cookies
from exchange.console.relying_party import RelyingParty, SignInFailed
from exchange.console.sessions import LoggedOut, Sessions
from kernel.jose import InvalidToken
from kernel.problems import DUPLICATE_PARAMETER, MALFORMED_REQUEST, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, json_response, redirect
from kernel.web.pages import page_response
from kernel.web.routes import Route

CALLBACK = f"{HOME}/callback"
SIGNED_OUT = f"{HOME}/signed-out"
BACKCHANNEL = f"{HOME}/backchannel-logout"
LOGOUT_TYPE = "logout+jwt"
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
LONGEST_LOGOUT = 600
"""Seconds from ``iat`` to ``exp`` of a logout token; two minutes are recommended (§2.4)."""


@dataclass(frozen=True)
class Site:
    """Pages with a sign-in of their own: their first address, cookie, templates, levels and words."""

    home: str
    attempt: str
    templates: str
    asks: Text
    leaves: Text
    levels: Mapping[str, str] = field(default_factory=dict)
    """The `acr` to ask for, by the parameter ``level`` of the page with the button."""
    acting: str = ""
    """The scope that the parameter ``acting`` asks for besides: people then choose for whom they act."""

    @property
    def callback(self) -> str:
        """Where the identity provider sends people back to."""
        return f"{self.home}/callback"

    @property
    def signed_out(self) -> str:
        """Where signing out ends."""
        return f"{self.home}/signed-out"


OFFICERS = Site(
    HOME,
    cookies.ATTEMPT,
    "console",
    Text("登录工作页面", "Signing in to the pages"),
    Text("退出工作页面", "Signing out of the pages"),
)


@dataclass(frozen=True)
class SigningIn:
    """The pages before there is a session, and after it."""

    party: RelyingParty
    sessions: Sessions
    cookies: Cookies
    key: bytes
    now: Callable[[], datetime]
    site: Site = OFFICERS

    def ask(self, request: HttpRequest) -> HttpResponse:
        """The page with the button; whoever is signed in already goes on."""
        to = safe(request.parameters().get("to", self.site.home), self.site.home)
        level = self.site.levels.get(request.parameters().get("level", ""), "")
        if self.sessions.of(request) is not None and not level:
            return redirect(to)
        return self._page("sign_in", to=to, level=request.parameters().get("level", "") if level else "")

    def start(self, request: HttpRequest) -> HttpResponse:
        """To the identity provider. Raises IssuerUnreachable."""
        asked, home = request.parameters(), self.site.home
        attempt = Attempt.new(self.party.entropy, self.now(), asked.get("to", home), home)
        acting = self.site.acting if "acting" in asked else ""
        address = self.party.location(attempt, self.site.levels.get(asked.get("level", "")), acting)
        return redirect(address, (self.cookies.set(self.site.attempt, attempt.sealed(self.key)),))

    def back(self, request: HttpRequest) -> HttpResponse:
        """From the identity provider: a session, or a page that says why there is none. Raises IssuerUnreachable."""
        attempt = Attempt.opened(self.key, self.cookies.read(request, self.site.attempt), self.now())
        if attempt is None and self.sessions.of(request) is not None:
            return redirect(self.site.home)  # the address of an answer that was taken, opened once more
        try:
            if attempt is None:
                raise SignInFailed("no-attempt", _NOT_BEGUN_HERE)
            signed_in = self.party.signed_in(_answer(request), attempt)
        except SignInFailed as failure:
            structlog.get_logger(__name__).info("console sign-in failed", reason=failure.reason)
            to = self.site.home if attempt is None else attempt.to
            page = self._page("not_signed_in", status=400, reason=failure.text, to=to)
            # A foreign state says nothing about the sign-in under way here: that one may still come back.
            foreign = failure.reason in {"state", "malformed"}
            return page if foreign else page.adding(self.cookies.clear(self.site.attempt))
        self.sessions.end(request)
        return redirect(attempt.to, (self.sessions.begin(signed_in), self.cookies.clear(self.site.attempt)))

    def leaving(self, request: HttpRequest) -> HttpResponse:
        """Whether to sign out."""
        del request
        # Browsers hold the redirect behind the form to the page's own policy.
        return self._page("sign_out", form_targets=(self.party.issuer.identifier,), back=self.site.home)

    def leave(self, request: HttpRequest) -> HttpResponse:
        """Out here first, then at the identity provider, so that the next one at this desk is asked who they are."""
        session, cleared = self.sessions.end(request)
        return redirect(self.site.signed_out if session is None else self._onwards(session.id_token), (cleared,))

    def left(self, request: HttpRequest) -> HttpResponse:
        """You are signed out."""
        del request
        return self._page("signed_out", lost=False, to=self.site.home)

    def told(self, request: HttpRequest) -> HttpResponse:
        """The identity provider says that somebody signed out (Back-Channel Logout 1.0 §2.5, §2.6, §2.8)."""
        try:
            claims = self.party.checked(request.form().get("logout_token", ""), LOGOUT_TYPE, LONGEST_LOGOUT).claims
            ended = self._end(claims)
        except (InvalidToken, Problem, _NoLogout) as refusal:
            structlog.get_logger(__name__).info("logout token refused", reason=type(refusal).__name__)
            return json_response({"error": "invalid_request"}, 400, _NOT_KEPT)
        structlog.get_logger(__name__).info("signed out by the provider", sessions=ended)
        return HttpResponse(200, b"", _NOT_KEPT)

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        told = Text("身份服务通知退出", "The identity provider says that somebody signed out")
        return (
            *self.doors(),
            Route("POST", BACKCHANNEL, self.told, "identity provider", told, documented=False, tag="pages"),
        )

    def doors(self) -> tuple[Route, ...]:
        """The addresses for people. The provider's word comes to one address for all pages of this client."""
        site, home = self.site, self.site.home
        return (
            Route("GET", f"{home}/sign-in", self.ask, "anyone", site.asks, page=True, tag="pages"),
            Route("GET", f"{home}/sign-in/start", self.start, "anyone", site.asks, page=True, tag="pages"),
            Route("GET", site.callback, self.back, "anyone", site.asks, page=True, tag="pages"),
            Route("GET", f"{home}/sign-out", self.leaving, "anyone", site.leaves, page=True, tag="pages"),
            Route("POST", f"{home}/sign-out", self.leave, "anyone", site.leaves, page=True, tag="pages"),
            Route("GET", site.signed_out, self.left, "anyone", site.leaves, page=True, tag="pages"),
        )

    def _page(self, name: str, **context: Any) -> HttpResponse:
        return page_response(f"{self.site.templates}/{name}.html", **context)

    def _onwards(self, id_token: str) -> str:
        out = self.site.signed_out
        try:
            return self.party.end_session(id_token, self.party.origin + out) or out
        except IssuerUnreachable:  # out here in any case
            return out

    def _end(self, claims: Any) -> int:
        """By ``sid`` where it is named, otherwise everywhere: once, for the same word would end a later sign-in too."""
        events, jti, sid, sub = (claims.get(name) for name in ("events", "jti", "sid", "sub"))
        if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict) or "nonce" in claims:
            raise _NoLogout
        if not _said(jti) or not (_said(sid) or _said(sub)):
            raise _NoLogout
        keep_until = int(claims["iat"]) + 1 + LONGEST_LOGOUT + self.party.leeway
        issuer, sid, sub = self.party.issuer.identifier, sid if _said(sid) else "", sub if _said(sub) else ""
        ended = self.sessions.end_as_told(LoggedOut(issuer, jti, keep_until, sid, sub))
        if ended is None:
            raise _NoLogout
        return ended


class _NoLogout(Exception):
    """A good token that speaks of no sign-out, or was taken before."""


def _said(claim: Any) -> bool:
    return isinstance(claim, str) and claim != ""


def _answer(request: HttpRequest) -> dict[str, str]:
    try:
        return request.parameters()
    except Problem as problem:
        if problem.kind not in {MALFORMED_REQUEST, DUPLICATE_PARAMETER}:
            raise
        raise SignInFailed("malformed", _NOT_BEGUN_HERE) from None


_NOT_KEPT = (("Cache-Control", "no-store"),)
_NOT_BEGUN_HERE = Text(
    "这个浏览器里没有正在进行的登录，或登录开始已超过十五分钟。请确认浏览器允许本站使用 Cookie，然后重新登录。",
    "No sign-in is under way in this browser, or it began more than fifteen minutes ago. Make sure that the browser"
    " keeps cookies of this site, then sign in again.",
)
