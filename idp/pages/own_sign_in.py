"""Signing in for the provider's own pages, where no client has sent the browser."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode

from idp.interaction.asked import Asked, Proof
from idp.interaction.visitor import DEMANDS, SIGN_IN, Errand, Visitors
from idp.pages.problems import for_people
from idp.pages.proving import OPTIONS, STEPS, WITH, Place, Proving
from kernel.problems import NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect, to_its_page
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
    proving: Proving

    @for_people
    def show(self, request: HttpRequest) -> HttpResponse:
        """The next step, or the page the visitor came for."""
        going = way(request)
        asked = self.visitors.missing(self.visitors.present(request), going.errand)
        return redirect(going.next) if asked is None else self.proving.page(request, _place(going), asked)

    @for_people
    def take(self, request: HttpRequest, step: str) -> HttpResponse:
        """One step."""
        going = way(request)
        asked = self.visitors.missing(self.visitors.present(request), going.errand) or Asked(Proof.SIGN_IN)
        return self.proving.take(request, _place(going), asked, step)

    @for_people
    def again(self, request: HttpRequest, step: str) -> HttpResponse:
        """Back to the page, at the way of signing in that was chosen."""
        return to_its_page(request, SIGN_IN, **{WITH: step})

    @for_people
    def options(self, request: HttpRequest) -> HttpResponse:
        """What the browser's passkey dialogue is called with."""
        asked = self.visitors.missing(self.visitors.present(request), way(request).errand) or Asked(Proof.SIGN_IN)
        return self.proving.options(request, asked)

    def routes(self) -> tuple[Route, ...]:
        """The pages and their addresses."""
        words = Text("登录本服务自己的页面", "Signing in for this service's own pages")
        steps = [
            Route(method, f"{SIGN_IN}/{step}", partial(work, step=step), "anyone", words, page=True, tag="pages")
            for step in STEPS
            for method, work in (("GET", self.again), ("POST", self.take))
        ]
        return (
            Route("GET", SIGN_IN, self.show, "anyone", words, page=True, tag="pages"),
            Route("POST", f"{SIGN_IN}/{OPTIONS}", self.options, "anyone", words, page=True, tag="pages"),
            *steps,
        )


def _place(going: Way) -> Place:
    return Place(f"{SIGN_IN}?{going.query}", lambda step: f"{SIGN_IN}/{step}?{going.query}")
