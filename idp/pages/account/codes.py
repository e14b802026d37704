"""One's own authenticator app and recovery codes."""

from __future__ import annotations

import io
from dataclasses import dataclass

import pyotp
import segno

from idp.authentication.own_account import Owner
from idp.authentication.own_authenticators import OwnAuthenticators
from idp.model.assurance import Factor
from idp.pages import forms
from idp.pages.account.addresses import APP, RECOVERY
from idp.pages.account.door import AccountDoor, confirm_page
from idp.pages.problems import for_people
from kernel.problems import NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import page_response
from kernel.web.routes import Route

ISSUER_NAME = "Tongban"
_IMAGE = (("Content-Type", "image/svg+xml"), ("Cache-Control", "no-store"))


@dataclass(frozen=True, slots=True)
class CodePages:
    """Every page asks for a strong and recent sign-in first."""

    door: AccountDoor
    authenticators: OwnAuthenticators

    @for_people
    def app(self, request: HttpRequest) -> HttpResponse:
        """Set up an app: the picture to scan, the same as text, and a first code to confirm it."""
        owner = self.door.owner(request)
        if self.authenticators.app_being_set_up(owner) is None:
            self.authenticators.begin_app(owner)
        return self._app_page(owner)

    @for_people
    def picture(self, request: HttpRequest) -> HttpResponse:
        """The QR code of the app being set up (Key Uri Format); never cached, for it is the secret itself."""
        owner = self.door.owner(request)
        secret = self.authenticators.app_being_set_up(owner)
        if secret is None:
            raise Problem(NOT_FOUND)
        uri = pyotp.TOTP(secret).provisioning_uri(name=owner.person.username, issuer_name=ISSUER_NAME)
        picture = io.BytesIO()
        segno.make(uri, error="m").save(picture, kind="svg", scale=5, border=4, light="#fff", xmldecl=False)
        return HttpResponse(200, picture.getvalue(), _IMAGE)

    @for_people
    def confirm_app(self, request: HttpRequest) -> HttpResponse:
        """The app's first code."""
        owner, code = self.door.owner(request), forms.field(request, forms.CODE)
        return self.door.change(
            lambda: self.authenticators.confirm_app(owner, code),
            lambda error, status: self._app_page(owner, error, status),
        )

    @for_people
    def ask_remove_app(self, request: HttpRequest) -> HttpResponse:
        """Whether to remove the app."""
        self.door.owner(request)
        return _app_question()

    @for_people
    def remove_app(self, request: HttpRequest) -> HttpResponse:
        """Remove the app."""
        owner = self.door.owner(request)
        return self.door.change(
            lambda: self.authenticators.remove_app(owner), lambda error, status: _app_question(error, status)
        )

    @for_people
    def recovery(self, request: HttpRequest) -> HttpResponse:
        """What recovery codes are, and the button that makes ten."""
        owner = self.door.owner(request)
        left = self.authenticators.recovery_codes.left(owner.person.id)
        return page_response("idp/account/recovery_codes.html", codes=(), left=left)

    @for_people
    def renew_recovery(self, request: HttpRequest) -> HttpResponse:
        """Ten codes, shown this once."""
        codes = self.authenticators.renew_recovery_codes(self.door.owner(request))
        return page_response("idp/account/recovery_codes.html", codes=codes, left=len(codes))

    def routes(self) -> tuple[Route, ...]:
        """The pages and their addresses."""
        app, codes, who = (
            Text("身份验证器", "Authenticator app"),
            Text("备用码", "Recovery codes"),
            "person, just signed in",
        )
        return (
            Route("GET", APP, self.app, who, app, page=True, tag="pages"),
            Route("POST", APP, self.confirm_app, who, app, page=True, tag="pages"),
            Route("GET", f"{APP}/picture.svg", self.picture, who, app, page=True, tag="pages"),
            Route("GET", f"{APP}/remove", self.ask_remove_app, who, app, page=True, tag="pages"),
            Route("POST", f"{APP}/remove", self.remove_app, who, app, page=True, tag="pages"),
            Route("GET", RECOVERY, self.recovery, who, codes, page=True, tag="pages"),
            Route("POST", RECOVERY, self.renew_recovery, who, codes, page=True, tag="pages"),
        )

    def _app_page(self, owner: Owner, error: Text | None = None, status: int = 200) -> HttpResponse:
        secret = self.authenticators.app_being_set_up(owner)
        if secret is None:  # a quarter of an hour has passed, or it is set up already
            return redirect(APP)
        groups = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
        return page_response(
            "idp/account/app.html",
            status=status,
            secret=groups,
            picture=f"{APP}/picture.svg",
            replaces=Factor.CODE in owner.person.authenticators,
            error=error,
        )


def _app_question(error: Text | None = None, status: int = 200) -> HttpResponse:
    return confirm_page(
        Text("移除身份验证器？", "Remove your authenticator app?"),
        Text(
            "它显示的验证码将不能再用于登录。其他设备上用过它的登录都会结束。",
            "Its codes will no longer sign you in. Sign-ins on other devices that used it end.",
        ),
        Text("移除", "Remove"),
        error,
        status,
    )
