"""The pages and posts by which people prove who they are, the same ones wherever they stand.

A place (an authorization request, or a page of our own) says where its forms go; what was shown is checked here, and a
good step leads back to the place under the session's new cookie.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from idp.authentication import devices
from idp.authentication.devices import Device
from idp.authentication.passkeys import Passkeys
from idp.authentication.passwords import HashingBusy
from idp.authentication.sent_codes import SentCodes
from idp.authentication.sign_in import NotSignedIn, Proved, SignIn
from idp.authentication.throttling import TooManyTries
from idp.interaction import cookies
from idp.interaction.asked import Asked, Proof
from idp.interaction.cookies import Cookies
from idp.interaction.presence import Presence
from idp.model.assurance import PHISHING_RESISTANT, Factor
from idp.model.session import Session
from idp.pages import forms
from idp.pages.account.addresses import PASSKEY_SET_UP
from kernel.entropy import token
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, json_response, redirect
from kernel.web.pages import page_response

WRONG_PASSWORD = Text("用户名或密码不正确。", "The user name or the password is wrong.")
WRONG_CODE = Text("验证码不正确，或已经用过。", "The code is wrong, or was used already.")
WRONG_PASSKEY = Text(
    "无法用这个通行密钥登录，请换一种方式。", "This passkey did not sign you in. Use another way of signing in."
)
BUSY = Text("正在登录的人很多，请稍后再试。", "Many people are signing in right now. Try again shortly.")
SENT = Text("验证码已发出，5 分钟内有效。", "A code was sent. It is valid for 5 minutes.")

STEPS = ("password", "otp", "passkey", "phone", "phone-code", "recovery")
OPTIONS = "passkey/options"
WITH = "with"
"""Which of the second factors the page shows, by the name of its step."""
Step = Callable[[], Proved | None]
_WORTH_ANOTHER_WAY = 60
"""Seconds of waiting from which it is said who need not wait."""
_METHODS = {"otp": Factor.CODE, "phone": Factor.PHONE, "recovery": Factor.RECOVERY}
"""What a second factor is called in addresses, in the order of our preference."""


def wait(seconds: int) -> Text:
    """How long to wait before the next try."""
    return Text(
        f"尝试次数过多，请等待 {seconds} 秒后再试。", f"Too many tries. Wait {seconds} seconds, then try again."
    )


def _wait_to_sign_in(seconds: int) -> Text:
    """The same, and who need not wait: for names nobody has, too."""
    said = wait(seconds)
    if seconds <= _WORTH_ANOTHER_WAY:
        return said
    return Text(
        f"{said.zh}在您登录过的设备上，或用通行密钥，不必等待。您也可以找回账户（“忘记密码”），或带证件到窗口。",
        f"{said.en} A device you signed in on before and a passkey need not wait. You can also recover the account "
        "(“I cannot sign in”), or bring your document to a window.",
    )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a proof is asked for. ``action`` gives the address of a step's form; ``back`` is the page itself."""

    back: str
    action: Callable[[str], str]
    application: Text | None = None
    department: Text | None = None
    username: str = field(default="", repr=False)
    enrol: str = PASSKEY_SET_UP
    """Where somebody with nothing to show sets up a passkey."""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong with a step, and with which status it is said."""

    text: Text
    status: int
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Proving:
    """Shows the proof that is asked for, and takes its steps."""

    presence: Presence
    sign_in: SignIn
    passkeys: Passkeys
    sent_codes: SentCodes
    cookies: Cookies

    def page(self, request: HttpRequest, place: Place, asked: Asked) -> HttpResponse:
        """The page that asks. ``?with=`` chooses among the second factors."""
        return self._page(place, asked, self.presence.session(request), request.parameters().get(WITH, ""))

    def take(self, request: HttpRequest, place: Place, asked: Asked, step: str) -> HttpResponse:
        """One step: onwards under new cookies, or the page once more, saying why without saying more."""
        session = self.presence.session(request)
        taken = self._steps(request, session, asked).get(step)
        if taken is None:  # the step of another page: somebody pressed "back", or signed out meanwhile
            return redirect(place.back)
        try:
            proved = taken()
        except (NotSignedIn, TooManyTries, HashingBusy) as error:
            problem, username = _problem(error, step), forms.field(request, forms.USERNAME)
            return self._page(place, asked, session, step, problem, username)
        if proved is None:
            return self._page(place, asked, session, step, sent=True)
        return redirect(place.back, self.signed_in(proved))

    def options(self, request: HttpRequest, asked: Asked) -> HttpResponse:
        """What the browser's passkey dialogue is called with: the person's own passkeys once they are known."""
        browser = self.cookies.read(request, cookies.BROWSER) or token(self.sign_in.entropy)
        session = None if asked.proof is Proof.SIGN_IN else self.presence.session(request)
        options = self.passkeys.request_options(browser, None if session is None else session.person)
        return json_response(options, headers=(self.cookies.set(cookies.BROWSER, browser),))

    def signed_in(self, proved: Proved) -> tuple[tuple[str, str], ...]:
        """The headers a good step answers with."""
        session = self.cookies.set(cookies.SESSION, proved.session)
        if proved.device is None:
            return (session,)
        return (session, self.cookies.keep(cookies.DEVICE, proved.device, devices.KEPT.days))

    def device(self, request: HttpRequest) -> Device:
        """Where a request comes from."""
        kind = devices.kind_of(request.headers.get("user-agent", ""))
        return Device(request.remote_addr, self.cookies.read(request, cookies.DEVICE), kind)

    def _steps(self, request: HttpRequest, session: Session | None, asked: Asked) -> dict[str, Step]:
        """Every step by its name: whoever was here before, a password may be given again, by somebody else too."""
        first = self._first_steps(request, session or self.presence.unended(request))
        if session is None:
            return first
        second = self._second_steps(request, session)
        return {**second, **first} if asked.proof is Proof.SIGN_IN else {**first, **second}

    def _first_steps(self, request: HttpRequest, before: Session | None) -> dict[str, Step]:
        device, sign_in, form = self.device(request), self.sign_in, request.form()
        name, secret = form.get(forms.USERNAME, ""), form.get(forms.PASSWORD, "")
        return {
            "password": lambda: sign_in.with_password(name, secret, device, before),
            "passkey": lambda: sign_in.with_passkey(form.get("credential", ""), self._browser(request), device, before),
        }

    def _second_steps(self, request: HttpRequest, session: Session) -> dict[str, Step]:
        device, sign_in, form = self.device(request), self.sign_in, request.form()
        code, answer = form.get(forms.CODE, ""), form.get("credential", "")

        def send() -> None:
            sign_in.send_code(session, device)

        return {
            "otp": lambda: sign_in.with_code(session, code, device),
            "phone": send,
            "phone-code": lambda: sign_in.with_sent_code(session, code, device),
            "recovery": lambda: sign_in.with_recovery_code(session, code, device),
            "passkey": lambda: sign_in.with_second_passkey(session, answer, self._browser(request), device),
        }

    def _browser(self, request: HttpRequest) -> str:
        return self.cookies.read(request, cookies.BROWSER) or ""

    def _page(
        self,
        place: Place,
        asked: Asked,
        session: Session | None,
        method: str,
        problem: Problem | None = None,
        username: str = "",
        *,
        sent: bool = False,
    ) -> HttpResponse:
        second = self._second(asked, session, method, sent=sent)
        page = page_response(
            f"idp/{asked.proof.value.replace('-', '_')}.html",
            status=problem.status if problem else 200,
            place=place,
            passkeys=self._passkeys_help(asked),
            error=problem.text if problem else None,
            username=username or place.username,
            second=second,
        )
        return page.adding(*place.headers, *(problem.headers if problem else ()))

    def _passkeys_help(self, asked: Asked) -> bool:
        """Whether the page offers a passkey: where browsers know them, and where one would be enough."""
        helpful = asked.proof is Proof.SIGN_IN or bool(asked.choices & PHISHING_RESISTANT)
        return helpful and self.passkeys.ceremonies.possible

    def _second(self, asked: Asked, session: Session | None, method: str, *, sent: bool) -> dict[str, object]:
        """What the page of the second factor shows: one way, links to the others."""
        offered = [name for name, factor in _METHODS.items() if factor in asked.choices]
        named = method.removesuffix("-code")
        chosen = named if named in offered else next(iter(offered), "")
        phone = self.sent_codes.phone(session.person) if session is not None and "phone" in offered else None
        return {
            "method": chosen,
            "others": [name for name in offered if name != chosen],
            "phone": phone.contact.masked if phone else "",
            "sent": sent or method == "phone-code",
            "notice": SENT if sent else None,
        }


def _problem(error: Exception, step: str) -> Problem:
    if isinstance(error, TooManyTries):
        said = _wait_to_sign_in(error.seconds) if step == "password" else wait(error.seconds)
        return Problem(said, 429, (("Retry-After", str(error.seconds)),))
    if isinstance(error, HashingBusy):
        return Problem(BUSY, 503, (("Retry-After", "2"),))
    return Problem({"password": WRONG_PASSWORD, "passkey": WRONG_PASSKEY}.get(step, WRONG_CODE), 422)
