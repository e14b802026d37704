"""The pages of signing out, and the provider's front page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from idp.endpoints.addresses import LOGOUT
from idp.endpoints.end_session import HANDLE, LogoutRequest
from idp.interaction.presence import Presence
from idp.logout.farewell import Farewell
from idp.pages import forms
from idp.pages.problems import for_people
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, to_its_page
from kernel.web.pages import page_response
from kernel.web.routes import Route

CONFIRM = f"{LOGOUT}/confirm"
STATUS = f"{LOGOUT}/status"


def ask(asked: LogoutRequest) -> HttpResponse:
    """Whether to sign out; nothing happens until the button is pressed."""
    fields = carried(asked)
    page = page_response(
        "idp/sign_out.html",
        action=CONFIRM,
        application=asked.client.name if asked.client else None,
        fields=fields,
    )
    return page if asked.redirect_uri is None else page.adding(forms.policy_towards(asked.redirect_uri))


def unseen(asked: LogoutRequest) -> HttpResponse:
    """That nobody was signed out, since it could not be seen whether anybody is signed in; and where to sign out."""
    fields = carried(asked)
    return page_response("idp/sign_out_unseen.html", here=f"{LOGOUT}?{urlencode(fields)}" if fields else LOGOUT)


def carried(asked: LogoutRequest) -> dict[str, str]:
    """The parameters of a checked request, to be sent (and checked) once more."""
    fields = {
        "client_id": asked.client.id if asked.client else None,
        "post_logout_redirect_uri": asked.redirect_uri,
        "state": asked.state,
    }
    return {name: value for name, value in fields.items() if value is not None}


def signed_out(farewell: Farewell | None, asked: LogoutRequest) -> HttpResponse:
    """That the person is signed out, which departments confirmed it, and which did not (yet)."""
    again = farewell and f"{STATUS}?{urlencode({HANDLE: farewell.handle, **carried(asked)})}"
    return page_response(
        "idp/signed_out.html",
        frames=farewell.frames if farewell else (),
        farewell=farewell,
        again=again,
        target=asked.target,
        application=asked.client.name if asked.client else None,
    )


@dataclass(frozen=True, slots=True)
class AccountPages:
    """The front page and the confirmed sign-out."""

    presence: Presence
    confirmed: Callable[[HttpRequest], HttpResponse]
    status: Callable[[HttpRequest], HttpResponse]

    @for_people
    def home(self, request: HttpRequest) -> HttpResponse:
        """Who is signed in in this browser, if anybody."""
        person, session = self.presence.signed_in(request) or (None, None)
        return page_response("idp/home.html", person=person, session=session, action=CONFIRM)

    @for_people
    def sign_out(self, request: HttpRequest) -> HttpResponse:
        """The button of the sign-out page."""
        return self.confirmed(request)

    @for_people
    def again(self, request: HttpRequest) -> HttpResponse:
        """Whether to sign out, or that nobody is signed in."""
        return to_its_page(request, LOGOUT)

    @for_people
    def signed_out(self, request: HttpRequest) -> HttpResponse:
        """How a sign-out stands now."""
        return self.status(request)

    def routes(self) -> tuple[Route, ...]:
        """The pages and their addresses."""
        home = Text("本浏览器的登录状态", "Who is signed in in this browser")
        standing = Text("退出登录的进展", "How signing out stands")
        leave = Text("确认退出登录", "Confirmed sign-out")
        return (
            Route("GET", "/", self.home, "anyone", home, page=True, tag="pages"),
            Route("GET", STATUS, self.signed_out, "anyone", standing, page=True, tag="pages"),
            Route("GET", CONFIRM, self.again, "anyone", leave, page=True, tag="pages"),
            Route("POST", CONFIRM, self.sign_out, "anyone", leave, page=True, tag="pages"),
        )
