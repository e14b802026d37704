"""Signing in for the provider's own pages, where no client has sent the browser."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from idp.authentication.passwords import HashingBusy
from idp.authentication.sign_in import NotSignedIn, SignIn
from idp.authentication.throttling import TooManyTries
from idp.interaction import cookies
from idp.interaction.cookies import Cookies
from idp.interaction.visitor import DEMANDS, SIGN_IN, Errand, Proof, Visitors
from idp.pages import forms
from idp.pages.interaction import BUSY, WRONG_CODE, WRONG_PASSWORD, wait
from idp.pages.problems import for_people
from kernel.problems import NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import page_response
from kernel.web.routes import Route

_PATH = re.compile(r"/[a-z]+(/[A-Za-z0-9_~-][A-Za-z0-9_.~%-]*)*(\?[A-Za-z0-9_.~%&=+-]*)?")
"""No segment begins with a dot or its percent-encoding: browsers resolve both (URL Standard, double-dot segments)."""
_LONGEST = 600


@dataclass(frozen=True, slots=True)
class Way:
    """What the visitor came for, and where they go afterwards: always a page of our own."""

    errand: Errand
    next: str

    @property
    def query(self) -> str:
        """As it stands in the address."""
        return urlencode({"for": self.errand.value, "next": self.next})


def way(request: HttpRequest) -> Way:
    """The way in a request's address. Raises Problem (resource.not-found) for one that leads elsewhere."""
    asked = request.parameters()
    errand, back = asked.get("for", ""), asked.get("next", "")
    if errand not in [*Errand] or len(back) > _LONGEST or not _PATH.fullmatch(back):
        raise Problem(NOT_FOUND)
    below = DEMANDS[Errand(errand)].below
    if not (back == below or back.startswith((f"{below}/", f"{below}?"))):
        raise Problem(NOT_FOUND)
    return Way(Errand(errand), back)


@dataclass(frozen=True, slots=True)
class OwnSignInPages:
    """GET shows the step that comes next; POST takes one step."""

    visitors: Visitors
    sign_in: SignIn
    cookies: Cookies

    @for_people
    def show(self, request: HttpRequest) -> HttpResponse:
        """The next step, or the page the visitor came for."""
        going = way(request)
        missing = self.visitors.missing(self.visitors.present(request), going.errand)
        return redirect(going.next) if missing is None else self._page(going, missing)

    @for_people
    def password(self, request: HttpRequest) -> HttpResponse:
        """The password step."""
        going = way(request)
        username, password = forms.field(request, forms.USERNAME), forms.field(request, forms.PASSWORD)
        before = self.visitors.presence.session(request)
        try:
            cookie = self.sign_in.with_password(username, password, request.remote_addr, before)
        except (NotSignedIn, TooManyTries, HashingBusy) as error:
            return self._again(going, Proof.PASSWORD, error, WRONG_PASSWORD, username)
        return self._onwards(going, cookie)

    @for_people
    def code(self, request: HttpRequest) -> HttpResponse:
        """The one-time-code step, for whoever has taken the password step."""
        going = way(request)
        session = self.visitors.presence.session(request)
        if session is None:
            return redirect(f"{SIGN_IN}?{going.query}")
        try:
            cookie = self.sign_in.with_code(session, forms.field(request, forms.CODE), request.remote_addr)
        except (NotSignedIn, TooManyTries) as error:
            return self._again(going, Proof.CODE, error, WRONG_CODE)
        return self._onwards(going, cookie)

    def routes(self) -> tuple[Route, ...]:
        """The pages and their addresses."""
        step = Text("登录本服务自己的页面", "Signing in for this service's own pages")
        return (
            Route("GET", SIGN_IN, self.show, "anyone", step, page=True, tag="pages"),
            Route("POST", f"{SIGN_IN}/password", self.password, "anyone", step, page=True, tag="pages"),
            Route("POST", f"{SIGN_IN}/otp", self.code, "anyone", step, page=True, tag="pages"),
        )

    def _onwards(self, going: Way, cookie: str) -> HttpResponse:
        return redirect(f"{SIGN_IN}?{going.query}", (self.cookies.set(cookies.SESSION, cookie),))

    def _again(self, going: Way, proof: Proof, error: Exception, wrong: Text, username: str = "") -> HttpResponse:
        """The same step once more, saying why without saying more."""
        if isinstance(error, TooManyTries):
            page = self._page(going, proof, wait(error.seconds), 429, username)
            return page.adding(("Retry-After", str(error.seconds)))
        if isinstance(error, HashingBusy):
            return self._page(going, proof, BUSY, 503, username).adding(("Retry-After", "2"))
        return self._page(going, proof, wrong, 422, username)

    def _page(
        self, going: Way, proof: Proof, error: Text | None = None, status: int = 200, username: str = ""
    ) -> HttpResponse:
        step = "password" if proof is Proof.PASSWORD else "otp"
        action = f"{SIGN_IN}/{step}?{going.query}"
        return page_response(
            "idp/own_sign_in.html", status=status, action=action, step=step, error=error, username=username
        )
