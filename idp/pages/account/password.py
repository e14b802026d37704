"""One's own password."""

from __future__ import annotations

from dataclasses import dataclass

from idp.authentication import password_rules
from idp.authentication.own_account import Owner, WrongCode
from idp.authentication.own_password import OwnPassword
from idp.authentication.passwords import PasswordUnusable
from idp.pages.account.addresses import PASSWORD
from idp.pages.account.door import AccountDoor
from idp.pages.problems import for_people
from idp.pages.proving import Proving
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.pages import page_response
from kernel.web.routes import Route

_WRONG = Text("现在的密码不正确。", "Your present password is wrong.")
_DIFFERENT = Text("两次输入的新密码不一致。", "The new password was typed in two different ways.")


class _TypedTwice(PasswordUnusable):
    text = _DIFFERENT


class _PresentIsWrong(PasswordUnusable):
    text = _WRONG


@dataclass(frozen=True, slots=True)
class PasswordPages:
    """Asks for a strong and recent sign-in first, and for the present password all the same."""

    door: AccountDoor
    password: OwnPassword
    proving: Proving

    @for_people
    def show(self, request: HttpRequest) -> HttpResponse:
        """The form."""
        return _page(self.door.owner(request))

    @for_people
    def change(self, request: HttpRequest) -> HttpResponse:
        """Another password, and an end to every other session."""
        owner, form = self.door.owner(request), request.form()

        def work() -> None:
            if form.get("new", "") != form.get("again", ""):
                raise _TypedTwice
            try:
                self.password.change(owner, form.get("password", ""), form.get("new", ""), self.proving.device(request))
            except WrongCode:
                raise _PresentIsWrong from None

        return self.door.change(work, lambda error, status: _page(owner, error, status))

    def routes(self) -> tuple[Route, ...]:
        """The page and its address."""
        words, who = Text("更改密码", "Change my password"), "person, just signed in"
        return (
            Route("GET", PASSWORD, self.show, who, words, page=True, tag="pages"),
            Route("POST", PASSWORD, self.change, who, words, page=True, tag="pages"),
        )


def _page(owner: Owner, error: Text | None = None, status: int = 200) -> HttpResponse:
    least = password_rules.least(alone=password_rules.is_alone(owner.person.authenticators))
    return page_response(
        "idp/account/password.html",
        status=status,
        error=error,
        least=least,
        username=owner.person.username,
        wrong_field="password" if error is _WRONG else "new",
    )
