"""The account's first page, its security page, and where it is signed in."""

from __future__ import annotations

from dataclasses import dataclass

from idp.authentication import devices
from idp.authentication.own_account import NothingThere
from idp.authentication.own_channels import OwnChannels
from idp.authentication.own_sessions import OwnSessions
from idp.authentication.own_user_code import OwnUserCode
from idp.authentication.passkeys import Passkeys
from idp.authentication.recovery_codes import RecoveryCodes
from idp.model.assurance import Factor
from idp.model.session import Session
from idp.pages.account.addresses import ACCOUNT, SECURITY, SESSIONS
from idp.pages.account.door import AccountDoor, confirm_page, owner_of
from idp.pages.problems import for_people
from idp.pages.proving import Proving
from kernel.problems import NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import page_response
from kernel.web.routes import Route

_END = f"{SESSIONS}/<session_id>/end"
_END_OTHERS = f"{SESSIONS}/others/end"


@dataclass(frozen=True, slots=True)
class OverviewPages:
    """Looking, and signing out elsewhere: neither needs more than a sign-in."""

    door: AccountDoor
    passkeys: Passkeys
    recovery_codes: RecoveryCodes
    user_code: OwnUserCode
    channels: OwnChannels
    sessions: OwnSessions
    proving: Proving

    @for_people
    def account(self, request: HttpRequest) -> HttpResponse:
        """What is known of the person, and the ways on."""
        visitor = self.door.visitor(request)
        return page_response("idp/account/overview.html", person=visitor.person, here=ACCOUNT)

    @for_people
    def security(self, request: HttpRequest) -> HttpResponse:
        """Every way of signing in and every channel."""
        visitor = self.door.visitor(request)
        person = visitor.person
        return page_response(
            "idp/account/security.html",
            here=SECURITY,
            person=person,
            passkeys=self.passkeys.of_person(person.id),
            passkeys_possible=self.passkeys.ceremonies.possible,
            has_app=Factor.CODE in person.authenticators,
            codes_left=self.recovery_codes.left(person.id),
            user_code=self.user_code.exists(owner_of(visitor)),
            channels=self.channels.of(owner_of(visitor)),
        )

    @for_people
    def list(self, request: HttpRequest) -> HttpResponse:
        """Where the person is signed in."""
        visitor = self.door.visitor(request)
        live = [(each, devices.words(each.device)) for each in self.sessions.of(owner_of(visitor))]
        return page_response("idp/account/sessions.html", here=SESSIONS, sessions=live, current=visitor.session.id)

    @for_people
    def ask_end(self, request: HttpRequest, session_id: str) -> HttpResponse:
        """Whether to sign out there."""
        words = devices.words(self._session(request, session_id).device)
        return confirm_page(
            Text("在那台设备上退出？", "Sign out there?"),
            Text(f"{words.zh}上的登录将结束。", f"The sign-in on {words.en} will end."),
            Text("退出那台设备", "Sign out there"),
        )

    @for_people
    def end(self, request: HttpRequest, session_id: str) -> HttpResponse:
        """Sign out there: everything allowed in that session ends with it."""
        self.sessions.end(owner_of(self.door.visitor(request)), self._session(request, session_id))
        return redirect(SESSIONS)

    @for_people
    def ask_end_others(self, request: HttpRequest) -> HttpResponse:
        """Whether to sign out everywhere else."""
        self.door.visitor(request)
        return confirm_page(
            Text("在其他所有设备上退出？", "Sign out everywhere else?"),
            Text("除本浏览器外，所有登录都将结束。", "Every sign-in but this browser's will end."),
            Text("全部退出", "Sign out everywhere else"),
        )

    @for_people
    def end_others(self, request: HttpRequest) -> HttpResponse:
        """Sign out everywhere but here."""
        visitor = self.door.visitor(request)
        self.sessions.end_others(owner_of(visitor), visitor.session.id, self.proving.device(request))
        return redirect(SESSIONS)

    def routes(self) -> tuple[Route, ...]:
        """The pages and their addresses."""
        whole, safe = Text("我的账户", "My account"), Text("登录与安全", "Signing in and security")
        there = Text("登录中的设备", "Where I am signed in")
        return (
            Route("GET", ACCOUNT, self.account, "person", whole, page=True, tag="pages"),
            Route("GET", SECURITY, self.security, "person", safe, page=True, tag="pages"),
            Route("GET", SESSIONS, self.list, "person", there, page=True, tag="pages"),
            Route("GET", _END_OTHERS, self.ask_end_others, "person", there, page=True, tag="pages"),
            Route("POST", _END_OTHERS, self.end_others, "person", there, page=True, tag="pages"),
            Route("GET", _END, self.ask_end, "person", there, page=True, tag="pages"),
            Route("POST", _END, self.end, "person", there, page=True, tag="pages"),
        )

    def _session(self, request: HttpRequest, session_id: str) -> Session:
        """One of the visitor's own sessions. Raises Problem (resource.not-found)."""
        try:
            return self.sessions.find(owner_of(self.door.visitor(request)), session_id)
        except NothingThere:
            raise Problem(NOT_FOUND) from None
