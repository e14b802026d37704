"""What the account pages have in common: whose account it is, and what can go wrong with a change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from idp.authentication.own_account import (
    LastStrongFactor,
    NothingThere,
    Owner,
    PasswordMustBeLonger,
    PasswordOfUnknownLength,
    WrongCode,
)
from idp.authentication.own_channels import TooManyChannels
from idp.authentication.password_rules import ALONE
from idp.authentication.passwords import HashingBusy, PasswordUnusable
from idp.authentication.throttling import TooManyTries
from idp.authentication.webauthn_ceremonies import PasskeyRefused
from idp.interaction.visitor import Errand, Visitor, Visitors
from idp.model.contact import InvalidContact
from idp.pages.account.addresses import SECURITY
from idp.pages.proving import BUSY, WRONG_CODE, wait
from kernel.problems import NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.bound_forms import forms_are_for
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import page_response

_WORDS: Mapping[type[Exception], Text] = {
    WrongCode: WRONG_CODE,
    LastStrongFactor: Text(
        "这是您唯一不会被仿冒网站骗走的登录方式，工作人员须至少保留一个。请先添加另一个通行密钥。",
        "This is your only way of signing in that no imitation can take, and staff keep at least one. "
        "Add another passkey first.",
    ),
    PasswordMustBeLonger: Text(
        f"移除后只剩密码，密码须至少 {ALONE} 个字符。请先把密码改为这样的密码。",
        f"Only your password would be left, which then needs at least {ALONE} characters. Change it to such a one "
        "first.",
    ),
    PasswordOfUnknownLength: Text(
        "移除后只剩密码，而它是否够长还不得而知。请先退出，用密码登录一次，或更改密码。",
        "Only your password would be left, and whether it is long enough for that is not known yet. Sign in once with "
        "your password, or change it, first.",
    ),
    TooManyChannels: Text("联系方式已达上限，请先移除一个。", "There is no room for one more. Remove another first."),
    PasskeyRefused: Text("没有完成，请再试一次。", "That was not completed. Try again."),
    InvalidContact: Text(
        "请填写电话号码或邮件地址，例如 13800000000。", "Enter a telephone number or an e-mail address."
    ),
}
EXPECTED: tuple[type[Exception], ...] = (*_WORDS, PasswordUnusable, TooManyTries, HashingBusy)


@dataclass(frozen=True, slots=True)
class AccountDoor:
    """Lets people in to their own account."""

    visitors: Visitors

    def visitor(self, request: HttpRequest) -> Visitor:
        """Whoever is signed in, to look. Raises SignInFirst."""
        return self.visitors.required(request, Errand.ACCOUNT)

    def present(self, request: HttpRequest) -> Visitor | None:
        """Whoever is signed in, if anybody, and the page's forms are theirs; nobody is sent anywhere."""
        visitor = self.visitors.present(request)
        if visitor is not None:
            forms_are_for(visitor.person.id)
        return visitor

    def changing(self, request: HttpRequest) -> Visitor:
        """Whoever has just signed in as strongly as they can, with their session. Raises SignInFirst."""
        return self.visitors.required(request, Errand.SECURITY)

    def owner(self, request: HttpRequest) -> Owner:
        """Whoever has just signed in as strongly as they can, to change something. Raises SignInFirst."""
        visitor = self.changing(request)
        return owner_of(visitor)

    def change(
        self,
        work: Callable[[], str | None],
        again: Callable[[Text, int], HttpResponse],
        done: str = SECURITY,
    ) -> HttpResponse:
        """Make a change and go on to ``done``, or show the page again with what is wrong."""
        try:
            return redirect(work() or done)
        except NothingThere:
            raise Problem(NOT_FOUND) from None
        except EXPECTED as error:
            return _said(error, again)


def owner_of(visitor: Visitor) -> Owner:
    """A visitor as whoever changes their own account in this session."""
    return Owner(visitor.person, visitor.session.id, visitor.reference)


def confirm_page(
    title: Text, question: Text, button: Text, error: Text | None = None, status: int = 200
) -> HttpResponse:
    """Whether something is really wanted; nothing happens until the button is pressed."""
    return page_response(
        "idp/account/confirm.html", status=status, title=title, question=question, button_text=button, error=error
    )


def _said(error: Exception, again: Callable[[Text, int], HttpResponse]) -> HttpResponse:
    if isinstance(error, TooManyTries):
        return again(wait(error.seconds), 429).adding(("Retry-After", str(error.seconds)))
    if isinstance(error, HashingBusy):
        return again(BUSY, 503).adding(("Retry-After", "2"))
    if isinstance(error, PasswordUnusable):
        return again(error.text, 422)
    return again(_WORDS[type(error)], 422)
