"""Making one's own account: a form, a code, done. No scripts.

The application's secret stands in the address after the first step; alone it is worth nothing, because the code went
to the telephone or the mailbox.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from idp.authentication.own_account import WrongCode
from idp.authentication.password_rules import ALONE
from idp.authentication.passwords import HashingBusy, PasswordUnusable
from idp.authentication.throttling import TooManyTries
from idp.interaction.visitor import DEMANDS, SIGN_IN, Errand
from idp.model import contact
from idp.model.contact import ContactKind, InvalidContact
from idp.model.signing_up import Applicant
from idp.pages import forms
from idp.pages.problems import for_people
from idp.pages.proving import BUSY, WRONG_CODE, wait
from idp.proofing.registration import ApplicationGone, BadName, NameTaken, Registrations
from kernel.problems import Fault, Problem, ProblemKind
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import page_response
from kernel.web.routes import Route

SIGN_UP = "/sign-up"
_ONE = f"{SIGN_UP}/<secret>"
GONE = ProblemKind(
    "signing-up.gone",
    404,
    Fault.CITIZEN,
    Text("这次注册已经完成或过期", "This registration was finished or has lapsed"),
    Text("请登录，或重新注册。", "Sign in, or start again."),
)
_WORDS: Mapping[type[Exception], tuple[str, Text]] = {
    WrongCode: ("otp", WRONG_CODE),
    NameTaken: ("username", Text("这个用户名已被使用，请换一个。", "This user name is taken. Choose another.")),
    BadName: (
        "username",
        Text("请填写姓名，和 2 至 100 个字符的用户名。", "Give your name, and a user name of 2 to 100 characters."),
    ),
    InvalidContact: ("contact", Text("请填写电话号码或邮件地址。", "Enter a telephone number or an e-mail address.")),
}
_KEPT = ("username", "name", "contact")
Again = Callable[[str, Text, int], HttpResponse]


class _TypedTwice(PasswordUnusable):
    text = Text("两次输入的密码不一致。", "The password was typed in two different ways.")


@dataclass(frozen=True, slots=True)
class SigningUpPages:
    """GET shows the step that comes next; POST takes one."""

    registrations: Registrations

    @for_people
    def show(self, request: HttpRequest) -> HttpResponse:
        """The form."""
        del request
        return _form({})

    @for_people
    def begin(self, request: HttpRequest) -> HttpResponse:
        """A code is sent, whether or not the user name is free."""
        sent = request.form()

        def work() -> HttpResponse:
            secret = self.registrations.begin(_applicant(sent), request.remote_addr)
            return redirect(f"{SIGN_UP}/{secret}")

        return _step(work, lambda field, error, status: _form(sent, field, error, status))

    @for_people
    def step(self, request: HttpRequest, secret: str) -> HttpResponse:
        """The form for the code, or for another user name."""
        del request
        return self._page(secret)

    @for_people
    def take(self, request: HttpRequest, secret: str) -> HttpResponse:
        """The code, or another user name."""
        sent, address = request.form(), request.remote_addr

        def work() -> HttpResponse:
            if self._find(secret)[0]:
                _same(sent)
                username, password = sent.get("username", ""), sent.get("password", "")
                self.registrations.rename(secret, username, password, address)
            else:
                self.registrations.confirm(secret, sent.get(forms.CODE, ""), address)
            return page_response(
                "idp/signing_up/done.html",
                sign_in=f"{SIGN_IN}?for={Errand.ACCOUNT.value}&next={DEMANDS[Errand.ACCOUNT].below}",
            )

        return _step(work, lambda field, error, status: self._page(secret, field, error, status))

    @for_people
    def again(self, request: HttpRequest, secret: str) -> HttpResponse:
        """Another code."""

        def work() -> HttpResponse:
            self.registrations.send_again(secret, request.remote_addr)
            return redirect(f"{SIGN_UP}/{secret}")

        return _step(work, lambda field, error, status: self._page(secret, field, error, status))

    def routes(self) -> tuple[Route, ...]:
        """The pages and their addresses."""
        words = Text("注册账户", "Making an account of one's own")
        return (
            Route("GET", SIGN_UP, self.show, "anyone", words, page=True, tag="pages"),
            Route("POST", SIGN_UP, self.begin, "anyone", words, page=True, tag="pages"),
            Route("GET", _ONE, self.step, "whoever began", words, page=True, tag="pages"),
            Route("POST", _ONE, self.take, "whoever began", words, page=True, tag="pages"),
            Route("GET", f"{_ONE}/again", self.step, "whoever began", words, page=True, tag="pages"),
            Route("POST", f"{_ONE}/again", self.again, "whoever began", words, page=True, tag="pages"),
        )

    def _find(self, secret: str) -> tuple[bool, str]:
        """Whether the address is confirmed, and the address as it may be shown."""
        found, channel = self.registrations.find(secret)
        return found.confirmed_at is not None, channel.contact.masked

    def _page(self, secret: str, field: str = "", error: Text | None = None, status: int = 200) -> HttpResponse:
        try:
            confirmed, masked = self._find(secret)
        except ApplicationGone:
            raise Problem(GONE) from None
        return page_response(
            "idp/signing_up/name.html" if confirmed else "idp/signing_up/code.html",
            status=status,
            action=f"{SIGN_UP}/{secret}",
            masked=masked,
            least=ALONE,
            wrong_field=field,
            error=error,
        )


def _applicant(sent: Mapping[str, str]) -> Applicant:
    _same(sent)
    value = sent.get("contact", "")
    kind = ContactKind.EMAIL if "@" in value else ContactKind.PHONE
    return Applicant(
        sent.get("username", ""), sent.get("name", ""), sent.get("password", ""), contact.parse(kind, value)
    )


def _same(sent: Mapping[str, str]) -> None:
    if sent.get("password", "") != sent.get("again", ""):
        raise _TypedTwice("not the same")


def _step(work: Callable[[], HttpResponse], again: Again) -> HttpResponse:
    try:
        return work()
    except ApplicationGone:
        raise Problem(GONE) from None
    except TooManyTries as error:
        return again("", wait(error.seconds), 429).adding(("Retry-After", str(error.seconds)))
    except HashingBusy:
        return again("", BUSY, 503).adding(("Retry-After", "2"))
    except PasswordUnusable as error:
        return again("password", error.text, 422)
    except tuple(_WORDS) as error:
        return again(*_WORDS[type(error)], 422)


def _form(sent: Mapping[str, str], field: str = "", error: Text | None = None, status: int = 200) -> HttpResponse:
    kept = {name: sent.get(name, "") for name in _KEPT}
    return page_response(
        "idp/signing_up/form.html", status=status, sent=kept, least=ALONE, wrong_field=field, error=error
    )
