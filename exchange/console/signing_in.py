"""Signing in and out: the page with the button, the way back, and the identity provider's word that it is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from exchange.console import cookies
from exchange.console.attempt import HOME, Attempt, safe
from exchange.console.cookies import Cookies
from exchange.console.door import SIGN_IN
from exchange.console.relying_party import RelyingParty, SignInFailed
from exchange.console.sessions import LoggedOut, Sessions
from exchange.gateway.fetching import IssuerUnreachable
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
class SigningIn:
    """The pages before there is a session, and after it."""

    party: RelyingParty
    sessions: Sessions
    cookies: Cookies
    key: bytes
    now: Callable[[], datetime]

    def ask(self, request: HttpRequest) -> HttpResponse:
        """The page with the button; whoever is signed in already goes on."""
        to = safe(request.parameters().get("to", HOME))
        if self.sessions.of(request) is not None:
            return redirect(to)
        return page_response("console/sign_in.html", to=to)

    def start(self, request: HttpRequest) -> HttpResponse:
        """To the identity provider. Raises IssuerUnreachable."""
        attempt = Attempt.new(self.party.entropy, self.now(), request.parameters().get("to", HOME))
        return redirect(self.party.location(attempt), (self.cookies.set(cookies.ATTEMPT, attempt.sealed(self.key)),))

    def back(self, request: HttpRequest) -> HttpResponse:
        """From the identity provider: a session, or a page that says why there is none. Raises IssuerUnreachable."""
        attempt = Attempt.opened(self.key, self.cookies.read(request, cookies.ATTEMPT), self.now())
        if attempt is None and self.sessions.of(request) is not None:
            return redirect(HOME)  # the address of an answer that was taken, opened once more
        try:
            if attempt is None:
                raise SignInFailed("no-attempt", _NOT_BEGUN_HERE)
            signed_in = self.party.signed_in(_answer(request), attempt)
        except SignInFailed as failure:
            structlog.get_logger(__name__).info("console sign-in failed", reason=failure.reason)
            to = HOME if attempt is None else attempt.to
            page = page_response("console/not_signed_in.html", status=400, reason=failure.text, to=to)
            # A foreign state says nothing about the sign-in under way here: that one may still come back.
            foreign = failure.reason in {"state", "malformed"}
            return page if foreign else page.adding(self.cookies.clear(cookies.ATTEMPT))
        self.sessions.end(request)
        return redirect(attempt.to, (self.sessions.begin(signed_in), self.cookies.clear(cookies.ATTEMPT)))

    def leaving(self, request: HttpRequest) -> HttpResponse:
        """Whether to sign out."""
        del request
        # Browsers hold the redirect behind the form to the page's own policy.
        return page_response("console/sign_out.html", form_targets=(self.party.issuer.identifier,), back=HOME)

    def leave(self, request: HttpRequest) -> HttpResponse:
        """Out here first, then at the identity provider, so that the next one at this desk is asked who they are."""
        session, cleared = self.sessions.end(request)
        return redirect(SIGNED_OUT if session is None else self._onwards(session.id_token), (cleared,))

    def left(self, request: HttpRequest) -> HttpResponse:
        """You are signed out."""
        del request
        return page_response("console/signed_out.html", lost=False, to=HOME)

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
        asks, leaves = Text("登录工作页面", "Signing in to the pages"), Text("退出工作页面", "Signing out of the pages")
        told = Text("身份服务通知退出", "The identity provider says that somebody signed out")
        return (
            Route("GET", SIGN_IN, self.ask, "anyone", asks, page=True, tag="pages"),
            Route("GET", f"{SIGN_IN}/start", self.start, "anyone", asks, page=True, tag="pages"),
            Route("GET", CALLBACK, self.back, "anyone", asks, page=True, tag="pages"),
            Route("GET", f"{HOME}/sign-out", self.leaving, "anyone", leaves, page=True, tag="pages"),
            Route("POST", f"{HOME}/sign-out", self.leave, "anyone", leaves, page=True, tag="pages"),
            Route("GET", SIGNED_OUT, self.left, "anyone", leaves, page=True, tag="pages"),
            Route("POST", BACKCHANNEL, self.told, "identity provider", told, documented=False, tag="pages"),
        )

    def _onwards(self, id_token: str) -> str:
        try:
            return self.party.end_session(id_token, self.party.origin + SIGNED_OUT) or SIGNED_OUT
        except IssuerUnreachable:  # out here in any case
            return SIGNED_OUT

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
