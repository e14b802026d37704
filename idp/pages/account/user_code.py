"""The code one tells clerks (CIBA Core 1.0 §7.1, `user_code`)."""

from __future__ import annotations

from dataclasses import dataclass

from idp.authentication.own_account import Owner
from idp.authentication.own_user_code import OwnUserCode
from idp.authentication.passwords import PasswordUnusable
from idp.pages.account.addresses import USER_CODE
from idp.pages.account.door import AccountDoor, confirm_page
from idp.pages.problems import for_people
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.pages import page_response
from kernel.web.routes import Route

_REMOVE = f"{USER_CODE}/remove"


class _TypedTwice(PasswordUnusable):
    text = Text("两次输入的口令不一致。", "The code was typed in two different ways.")


@dataclass(frozen=True, slots=True)
class UserCodePages:
    """Every page asks for a strong and recent sign-in first."""

    door: AccountDoor
    code: OwnUserCode

    @for_people
    def show(self, request: HttpRequest) -> HttpResponse:
        """What it is for, and the form."""
        return self._page(self.door.owner(request))

    @for_people
    def choose(self, request: HttpRequest) -> HttpResponse:
        """A code from now on, or another one."""
        owner, form = self.door.owner(request), request.form()

        def work() -> None:
            if form.get("new", "") != form.get("again", ""):
                raise _TypedTwice
            self.code.choose(owner, form.get("new", ""))

        return self.door.change(work, lambda error, status: self._page(owner, error, status))

    @for_people
    def ask_remove(self, request: HttpRequest) -> HttpResponse:
        """Whether to do without."""
        self.door.owner(request)
        return _question()

    @for_people
    def remove(self, request: HttpRequest) -> HttpResponse:
        """Without a code from now on."""
        owner = self.door.owner(request)
        return self.door.change(lambda: self.code.remove(owner), _question)

    def routes(self) -> tuple[Route, ...]:
        """The pages and their addresses."""
        words, who = Text("窗口口令（OpenID CIBA）", "A code to tell clerks (OpenID CIBA)"), "person, just signed in"
        return (
            Route("GET", USER_CODE, self.show, who, words, page=True, tag="pages"),
            Route("POST", USER_CODE, self.choose, who, words, page=True, tag="pages"),
            Route("GET", _REMOVE, self.ask_remove, who, words, page=True, tag="pages"),
            Route("POST", _REMOVE, self.remove, who, words, page=True, tag="pages"),
        )

    def _page(self, owner: Owner, error: Text | None = None, status: int = 200) -> HttpResponse:
        return page_response("idp/account/user_code.html", status=status, error=error, chosen=self.code.exists(owner))


def _question(error: Text | None = None, status: int = 200) -> HttpResponse:
    return confirm_page(
        Text("移除窗口口令？", "Remove the code you tell clerks?"),
        Text(
            "此后任何窗口知道您的用户名就能请您在手机上确认。",
            "Any window that knows your user name can ask you to confirm on your phone again.",
        ),
        Text("移除", "Remove"),
        error,
        status,
    )
