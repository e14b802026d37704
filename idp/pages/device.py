"""The page where a person types the code that stands on a terminal (RFC 8628 §3.3)."""

from __future__ import annotations

from dataclasses import dataclass

from idp.authentication.throttling import Throttle, TooManyTries, network
from idp.endpoints.addresses import DEVICE
from idp.endpoints.device_authorization import DONE, UserCodes
from idp.errors import OAuthError
from idp.interaction.flow import AuthorizationFlow
from idp.model import device
from idp.model.device import DeviceRequest
from idp.pages import forms
from idp.pages.answered_elsewhere import last_page
from idp.pages.problems import for_people
from idp.pages.proving import wait
from idp.store import device_requests
from kernel.clock import Clock
from kernel.database import Database
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.pages import page_response
from kernel.web.routes import Route

USER_CODE = "user_code"
WRONG = Text(
    "代码不正确，或已经过期。请核对终端屏幕上的代码。", "The code is wrong or has expired. Check the terminal's screen."
)
_AGREED = Text("请回到终端继续", "Go on at the terminal")
_GOING_ON = Text("终端会在几秒内继续。", "The terminal goes on within seconds.")
_WARNING = Text(
    "终端没有得到任何内容。如果有人催促您输入代码，请不要照做，并告知该部门。",
    "The terminal was given nothing. If somebody urged you to enter the code, do not, and tell the department.",
)


@dataclass(frozen=True, slots=True)
class DevicePages:
    """Type the code, then sign in and decide on the pages of every other request."""

    flow: AuthorizationFlow
    throttle: Throttle
    codes: UserCodes
    database: Database
    clock: Clock

    @for_people
    def show(self, request: HttpRequest) -> HttpResponse:
        """The form; a code from the address is only filled in, so that it is compared with the screen (§3.3.1)."""
        given = device.typed(request.parameters().get(USER_CODE, ""))
        return self._form("" if given is None else device.shown(given))

    @for_people
    def enter(self, request: HttpRequest) -> HttpResponse:
        """The code was typed. Guesses are throttled by address (§5.1)."""
        text = forms.field(request, USER_CODE)
        counted = f"device code from {network(request.remote_addr)}"
        try:
            self.throttle.reserve(counted, request.remote_addr)
        except TooManyTries as error:
            page = self._form(text[:20], wait(error.seconds), 429)
            return page.adding(("Retry-After", str(error.seconds)))
        found = self._waiting(text)
        if found is None:
            return self._form(text[:20], WRONG, 422)
        self.throttle.succeeded(counted, request.remote_addr)
        return self.flow.to_the_pages(request, found.request)

    @for_people
    def done(self, request: HttpRequest) -> HttpResponse:
        """The person has answered; the rest happens on the terminal."""
        return last_page(request, agreed=_AGREED, going_on=_GOING_ON, warning=_WARNING)

    def routes(self) -> tuple[Route, ...]:
        """The pages and their addresses."""
        enter = Text("输入终端屏幕上的代码（RFC 8628）", "Type the code of a terminal (RFC 8628)")
        done = Text("已答复终端的请求", "A terminal's request was answered")
        return (
            Route("GET", DEVICE, self.show, "anyone", enter, page=True, tag="pages"),
            Route("POST", DEVICE, self.enter, "anyone", enter, page=True, tag="pages"),
            Route("GET", DONE, self.done, "anyone", done, page=True, tag="pages"),
        )

    def _waiting(self, text: str) -> DeviceRequest | None:
        """The request meant, unless its client may not ask any more."""
        user_code = device.typed(text)
        if user_code is None:
            return None
        with self.database.read() as connection:
            found = device_requests.waiting(connection, self.codes.hashed(user_code), self.clock.now())
        try:
            return found if found is None or self.flow.client(found.request) else None
        except OAuthError:
            return None

    def _form(self, user_code: str, error: Text | None = None, status: int = 200) -> HttpResponse:
        return page_response("idp/device.html", status=status, action=DEVICE, user_code=user_code, error=error)
