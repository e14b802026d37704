"""One's own passkeys: made, renamed, removed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from idp.authentication.own_account import Owner
from idp.authentication.own_authenticators import LONGEST_NAME, OwnAuthenticators
from idp.endpoints.addresses import INTERACTION
from idp.interaction import cookies
from idp.interaction.cookies import Cookies
from idp.model.passkey import Passkey
from idp.pages import forms
from idp.pages.account.addresses import PASSKEY_SET_UP, PASSKEYS, SECURITY
from idp.pages.account.door import AccountDoor, confirm_page
from idp.pages.problems import for_people
from kernel.entropy import token
from kernel.problems import NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, json_response
from kernel.web.pages import page_response
from kernel.web.routes import Route

_INTERACTION = re.compile(r"[A-Za-z0-9_-]{43}")
_ONE = f"{PASSKEYS}/<passkey_id>"


@dataclass(frozen=True, slots=True)
class PasskeyPages:
    """Every page asks for a strong and recent sign-in first."""

    door: AccountDoor
    authenticators: OwnAuthenticators
    cookies: Cookies

    @for_people
    def set_up(self, request: HttpRequest) -> HttpResponse:
        """The page with the button that opens the browser's dialogue."""
        self.door.owner(request)
        return self._page(request)

    @for_people
    def options(self, request: HttpRequest) -> HttpResponse:
        """What the browser's dialogue is called with."""
        owner = self.door.owner(request)
        browser = self.cookies.read(request, cookies.BROWSER) or token(self.authenticators.entropy)
        options = self.authenticators.passkeys.creation_options(owner.person, browser)
        return json_response(options, headers=(self.cookies.set(cookies.BROWSER, browser),))

    @for_people
    def add(self, request: HttpRequest) -> HttpResponse:
        """What the browser's dialogue answered."""
        owner, form = self.door.owner(request), request.form()
        browser = self.cookies.read(request, cookies.BROWSER) or ""

        def work() -> str | None:
            self.authenticators.add_passkey(owner, form.get("credential", ""), browser, form.get("name", ""))
            return _back(request)

        return self.door.change(work, lambda error, status: self._page(request, error, status))

    @for_people
    def show(self, request: HttpRequest, passkey_id: str) -> HttpResponse:
        """One passkey, with its name to be changed."""
        return page_response(
            "idp/account/passkey.html", passkey=self._find(self.door.owner(request), passkey_id), longest=LONGEST_NAME
        )

    @for_people
    def rename(self, request: HttpRequest, passkey_id: str) -> HttpResponse:
        """Another name."""
        owner, name = self.door.owner(request), forms.field(request, "name")
        return self.door.change(
            lambda: self.authenticators.rename_passkey(owner, passkey_id, name),
            lambda _error, _status: self.show(request, passkey_id=passkey_id),
        )

    @for_people
    def ask_remove(self, request: HttpRequest, passkey_id: str) -> HttpResponse:
        """Whether to remove it."""
        return self._question(self._find(self.door.owner(request), passkey_id))

    @for_people
    def remove(self, request: HttpRequest, passkey_id: str) -> HttpResponse:
        """Remove it."""
        owner = self.door.owner(request)
        found = self._find(owner, passkey_id)
        return self.door.change(
            lambda: self.authenticators.remove_passkey(owner, passkey_id),
            lambda error, status: self._question(found, error, status),
        )

    def routes(self) -> tuple[Route, ...]:
        """The pages and their addresses."""
        words, who = Text("我的通行密钥", "My passkeys"), "person, just signed in"
        return (
            Route("GET", PASSKEY_SET_UP, self.set_up, who, words, page=True, tag="pages"),
            Route("POST", PASSKEY_SET_UP, self.add, who, words, page=True, tag="pages"),
            Route("POST", f"{PASSKEY_SET_UP}/options", self.options, who, words, page=True, tag="pages"),
            Route("GET", _ONE, self.show, who, words, page=True, tag="pages"),
            Route("POST", _ONE, self.rename, who, words, page=True, tag="pages"),
            Route("GET", f"{_ONE}/remove", self.ask_remove, who, words, page=True, tag="pages"),
            Route("POST", f"{_ONE}/remove", self.remove, who, words, page=True, tag="pages"),
        )

    def _page(self, request: HttpRequest, error: Text | None = None, status: int = 200) -> HttpResponse:
        query = f"?{request.query}" if request.query else ""
        return page_response(
            "idp/account/new_passkey.html",
            status=status,
            error=error,
            possible=self.authenticators.passkeys.ceremonies.possible,
            action=PASSKEY_SET_UP + query,
            options=f"{PASSKEY_SET_UP}/options",
            longest=LONGEST_NAME,
        )

    def _find(self, owner: Owner, passkey_id: str) -> Passkey:
        for passkey in self.authenticators.passkeys.of_person(owner.person.id):
            if passkey.id == passkey_id:
                return passkey
        raise Problem(NOT_FOUND)

    def _question(self, passkey: Passkey, error: Text | None = None, status: int = 200) -> HttpResponse:
        return confirm_page(
            Text("移除通行密钥？", "Remove this passkey?"),
            Text(
                f"“{passkey.name}”将不能再用于登录。其他设备上可能用过它的登录都会结束。",
                f"“{passkey.name}” will no longer sign you in. Sign-ins on other devices that may have used it end.",
            ),
            Text("移除", "Remove"),
            error,
            status,
        )


def _back(request: HttpRequest) -> str:
    """To the sign-in that sent the person here, else to the security page."""
    back = request.parameters().get("back", "")
    return f"{INTERACTION}/{back}" if _INTERACTION.fullmatch(back) else SECURITY
