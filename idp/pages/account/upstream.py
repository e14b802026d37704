"""Raising one's level at another provider: the way there, and what the answer brought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from idp.authentication.own_account import Owner
from idp.federation.answer import AnswerUnsound, CredentialsRefused, UpstreamRefused, WorthNothing
from idp.federation.published import UpstreamSilent
from idp.federation.visits import Traveller
from idp.federation.witnesses import UnknownUpstream, VisitUnknown, Witnesses
from idp.interaction.visitor import Visitor
from idp.pages.account.addresses import IDENTITY, UPSTREAM
from idp.pages.account.door import AccountDoor, owner_of
from idp.pages.account.identity import WORDS, IdentityPages
from idp.pages.problems import for_people
from idp.proofing.identity import Identities, NotOffered
from kernel.identifiers import InvalidIdentifier
from kernel.logging import logger
from kernel.problems import NOT_FOUND, Fault, Problem, ProblemKind
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.routes import Route

_TOLD: Mapping[type[Exception], tuple[Text, int]] = {
    VisitUnknown: (
        Text("这次核验已用过、已过期，或不是从您的账户开始的。请重新开始。",
             "This visit was used already, is too old, or did not begin in your account. Begin again."),
        400,
    ),
    UpstreamRefused: (
        Text("核验没有完成，您的等级没有变化。如需核验，请重新开始。",
             "The check was not completed, and your level stays as it is. Begin again if you wish."),
        422,
    ),
    AnswerUnsound: (
        Text("对方的答复不可信，没有采用，您的等级没有变化。请重新开始；若再次出现，请联系管理机构。",
             "The answer could not be trusted and was not used; your level stays as it is. Begin again, and if it "
             "happens once more, tell the authority."),
        422,
    ),
    WorthNothing: (
        Text("对方这次的认证强度不够，或没有给出姓名和公民身份号码，您的等级没有变化。",
             "The sign-in there was too weak, or it gave no name and citizen number; your level stays as it is."),
        422,
    ),
    InvalidIdentifier: (
        Text("对方给出的公民身份号码不正确，您的等级没有变化。请联系该服务。",
             "The citizen number it gave is not valid; your level stays as it is. Ask that provider."),
        422,
    ),
    UpstreamSilent: (
        Text("对方暂时没有答复，您的等级没有变化。请稍后再试。",
             "The other provider does not answer right now; your level stays as it is. Try again shortly."),
        503,
    ),
    CredentialsRefused: (
        Text("这项服务目前无法使用，原因在我们这边，管理机构已收到告警。您的等级没有变化；请改用本页的其他办法，或带证件到窗口。",
             "This provider cannot be used at present, and the fault is ours; the authority has been alerted. "
             "Your level stays as it is: use another way on this page, or bring your document to a window."),
        503,
    ),
    **{kind: (words, 422) for kind, words in WORDS.items()},
}  # fmt: skip


VISIT_OVER = ProblemKind(
    "upstream.visit-over",
    400,
    Fault.CITIZEN,
    Text("您已退出登录，核验没有采用", "You signed out on the way, and nothing was used"),
    Text("请重新登录，然后从账户页面重新开始核验。", "Sign in again, and begin the check anew in your account."),
)


@dataclass(frozen=True, slots=True)
class UpstreamPages:
    """There and back. What goes wrong is told on the page of one's level, and has changed nothing."""

    door: AccountDoor
    witnesses: Witnesses
    identities: Identities
    identity: IdentityPages

    @for_people
    def begin(self, request: HttpRequest, name: str) -> HttpResponse:
        """Off to the other provider; who goes has just signed in as strongly as they can."""
        visitor = self.door.changing(request)
        owner = owner_of(visitor)
        if not self.identities.is_for(owner):
            raise Problem(NOT_FOUND)
        try:
            return redirect(self.witnesses.begin(name, _traveller(visitor)))
        except UnknownUpstream:
            raise Problem(NOT_FOUND) from None
        except UpstreamSilent as trouble:
            return self._told(owner, name, trouble)

    @for_people
    def back(self, request: HttpRequest, name: str) -> HttpResponse:
        """Home again, with an answer in the address: it is used here and never shown.

        Whoever signed out on the way is not asked to sign in and come back: that would carry code and state into the
        address of the sign-in page, and on into another session (RFC 9700 §4.2.4).
        """
        visitor = self.door.present(request)
        if visitor is None:
            raise Problem(VISIT_OVER)
        owner = owner_of(visitor)
        try:
            statement = self.witnesses.back(name, _traveller(visitor), request.parameters())
            self.identities.testify(owner, statement, name)
        except (UnknownUpstream, NotOffered):
            raise Problem(NOT_FOUND) from None
        except tuple(_TOLD) as trouble:
            return self._told(owner, name, trouble)
        return redirect(IDENTITY)

    def routes(self) -> tuple[Route, ...]:
        """Both addresses; the second is the redirect_uri registered at the other provider."""
        words = Text("由其他身份服务核验身份", "One's level, raised by another provider")
        return (
            Route(
                "GET", f"{UPSTREAM}/<name>/begin", self.begin, "person, just signed in", words, page=True, tag="pages"
            ),
            Route("GET", f"{UPSTREAM}/<name>", self.back, "person", words, page=True, tag="pages"),
        )

    def _told(self, owner: Owner, name: str, trouble: Exception) -> HttpResponse:
        text, status = next(told for kind, told in _TOLD.items() if isinstance(trouble, kind))
        reason = trouble.reason if isinstance(trouble, AnswerUnsound) else type(trouble).__name__
        logger("idp.federation").warning("upstream raised no level", upstream=name, reason=reason)
        page = self.identity.page(owner, text, status, at="upstreams")
        return page.adding(("Retry-After", "30")) if isinstance(trouble, UpstreamSilent) else page


def _traveller(visitor: Visitor) -> Traveller:
    return Traveller(visitor.person.id, visitor.session.id)
