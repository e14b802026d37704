"""The way back into an account: asked for, stopped, finished. No scripts; nothing happens by opening a link alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from idp.authentication import devices
from idp.authentication.devices import Device
from idp.authentication.passwords import HashingBusy, PasswordUnusable
from idp.authentication.throttling import TooManyTries
from idp.interaction import cookies
from idp.interaction.cookies import Cookies
from idp.pages import forms
from idp.pages.problems import for_people
from idp.pages.proving import BUSY, wait
from idp.proofing.recovery import FactorsChanged, LinkGone, Recoveries
from idp.proofing.recovery_asking import RECOVER, RecoveryDoor
from kernel.entropy import token
from kernel.problems import Fault, Problem, ProblemKind
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.pages import page_response
from kernel.web.routes import Route

_STOP, _LINK = f"{RECOVER}/stop/<secret>", f"{RECOVER}/link/<secret>"
GONE = ProblemKind(
    "recovery.gone",
    404,
    Fault.CITIZEN,
    Text("此链接已使用、已停止或已过期", "This link was used, was stopped, or has lapsed"),
    Text("如仍无法登录，请重新申请，或带证件到窗口。", "If you still cannot sign in, ask again, or go to a window."),
)
_CHANGED = Text(
    "您的登录方式刚有变化，请查看下面将移除的登录方式，再次提交。",
    "Your ways of signing in have just changed. Look below at what will be removed, and send the form again.",
)
_DIFFERENT = Text("两次输入的密码不一致。", "The password was typed in two different ways.")
_ASKED = (
    Text("如果有这个账户，我们已发出通知", "If there is such an account, its owner has been told"),
    Text(
        "通知已发到该账户所有已确认的联系方式。为防冒用，等候期过后才会发出设置新密码的链接；期间登录或点击通知中的链接即可停止。"
        "收不到通知时，请带证件到窗口。原有的第二种登录方式保持不变；如已丢失，请改到窗口找回。",
        "A notice went to every confirmed telephone and mailbox of it. So that nobody takes an account over, the link "
        "for a new password follows only after a delay; signing in, or the link in the notice, stops it. "
        "If no notice arrives, bring your document to a window. Second factors stay as they are: if they are lost, "
        "recover the account at a window instead.",
    ),
)
_STOPPED = (
    Text("已停止找回", "The recovery was stopped"),
    Text("账户没有变化。", "Nothing about the account has changed."),
)
_DONE = (
    Text("新密码已设置", "The new password is set"),
    Text(
        "您已在所有设备上退出。请用新密码登录；原有的其他登录方式仍然有效，更改登录方式时仍会要求使用。如已丢失，请带证件到窗口找回。"
        "实名等级最高为二级，重新核验身份后恢复。",
        "You are signed out everywhere. Sign in with the new password. Your other ways of signing in are as they were, "
        "and are still asked for when you change how you sign in: if they are lost, bring your document to a window. "
        "The level of assurance is 2 at most until your identity is proven again.",
    ),
)
_DONE_AT_WINDOW = (
    _DONE[0],
    Text(
        "您已在所有设备上退出，原有的其他登录方式已全部移除。请用新密码登录，在账户中心添加新的通行密钥或身份验证器，并检查联系方式是否都是您的。"
        "实名等级最高为二级，重新核验身份后恢复。",
        "You are signed out everywhere, and every other way of signing in was removed. Sign in with the new password, "
        "add a new passkey or app in your account, and look whether every telephone and mailbox there is yours. "
        "The level of assurance is 2 at most until your identity is proven again.",
    ),
)

_DONE_AND_DISABLED = (
    _DONE[0],
    Text(
        "账户原有的其他登录方式已全部移除，但账户仍处于停用状态，须由管理员恢复。恢复后请用新密码登录，添加新的通行密钥或身份验证器，"
        "并检查联系方式是否都是您的。实名等级最高为二级，重新核验身份后恢复。",
        "Every other way of signing in was removed. The account is still disabled: an administrator has to enable it. "
        "Then sign in with the new password, add a new passkey or app, and look whether every telephone and mailbox is "
        "yours. The level of assurance is 2 at most until your identity is proven again.",
    ),
)


@dataclass(frozen=True, slots=True)
class RecoveryPages:
    """GET shows a form; POST does one thing."""

    door: RecoveryDoor
    recoveries: Recoveries
    cookies: Cookies

    @for_people
    def show(self, request: HttpRequest) -> HttpResponse:
        """The form."""
        del request
        return page_response("idp/recovery/ask.html", error=None)

    @for_people
    def ask(self, request: HttpRequest) -> HttpResponse:
        """The same answer for every name."""
        try:
            self.door.ask(forms.field(request, forms.USERNAME), request.remote_addr)
        except TooManyTries as error:
            again = page_response("idp/recovery/ask.html", status=429, error=wait(error.seconds))
            return again.adding(("Retry-After", str(error.seconds)))
        return _said(_ASKED)

    @for_people
    def ask_stop(self, request: HttpRequest, secret: str) -> HttpResponse:
        """Whether to stop it: programs that open links stop nothing."""
        del request
        try:
            self.recoveries.find_to_stop(secret)
        except LinkGone:
            raise Problem(GONE) from None
        return page_response("idp/recovery/stop.html", action=f"{RECOVER}/stop/{secret}")

    @for_people
    def stop(self, request: HttpRequest, secret: str) -> HttpResponse:
        """Stopped."""
        del request
        try:
            self.recoveries.stop(secret)
        except LinkGone:
            raise Problem(GONE) from None
        return _said(_STOPPED)

    @for_people
    def open(self, request: HttpRequest, secret: str) -> HttpResponse:
        """The form for a new password."""
        del request
        return self._form(secret)

    @for_people
    def finish(self, request: HttpRequest, secret: str) -> HttpResponse:
        """A new password; the browser it was set with is one of the person's from now on."""
        sent, name = request.form(), token(self.recoveries.entropy)
        try:
            if sent.get("new", "") != sent.get("again", ""):
                return self._form(secret, _DIFFERENT, 422)
            done = self._done(secret)
            self.recoveries.finish(secret, sent.get("new", ""), name)
        except LinkGone:
            raise Problem(GONE) from None
        except PasswordUnusable as error:
            return self._form(secret, error.text, 422)
        except FactorsChanged:
            return self._form(secret, _CHANGED, 409)
        except HashingBusy:
            return self._form(secret, BUSY, 503).adding(("Retry-After", "2"))
        device = Device(request.remote_addr, self.cookies.read(request, cookies.DEVICE)).carrying(name)
        return _said(done).adding(self.cookies.keep(cookies.DEVICE, device, devices.KEPT.days))

    def routes(self) -> tuple[Route, ...]:
        """The pages and their addresses."""
        words, holder = Text("找回账户", "Recovering an account"), "whoever holds the link"
        return (
            Route("GET", RECOVER, self.show, "anyone", words, page=True, tag="pages"),
            Route("POST", RECOVER, self.ask, "anyone", words, page=True, tag="pages"),
            Route("GET", _STOP, self.ask_stop, holder, words, page=True, tag="pages"),
            Route("POST", _STOP, self.stop, holder, words, page=True, tag="pages"),
            Route("GET", _LINK, self.open, holder, words, page=True, tag="pages"),
            Route("POST", _LINK, self.finish, holder, words, page=True, tag="pages"),
        )

    def _done(self, secret: str) -> tuple[Text, Text]:
        """What is said once the recovery of a link is finished. Raises LinkGone."""
        found = self.recoveries.find(secret)
        if self.recoveries.stays_disabled(found):
            return _DONE_AND_DISABLED
        return _DONE_AT_WINDOW if found.at_window else _DONE

    def _form(self, secret: str, error: Text | None = None, status: int = 200) -> HttpResponse:
        try:
            found = self.recoveries.find(secret)
            least, disabled = self.recoveries.least(found), self.recoveries.stays_disabled(found)
        except LinkGone:
            raise Problem(GONE) from None
        return page_response(
            "idp/recovery/password.html",
            status=status,
            at_window=found.at_window,
            disabled=disabled,
            removed=Counter(each.words for each in self.recoveries.removes(found)),
            action=f"{RECOVER}/link/{secret}",
            least=least,
            error=error,
        )


def _said(words: tuple[Text, Text]) -> HttpResponse:
    return page_response("idp/recovery/said.html", title=words[0], words=words[1])
