"""One's own level of assurance: what it rests on, and how it is raised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from idp.authentication.own_account import Owner
from idp.authentication.throttling import TooManyTries
from idp.federation.witnesses import Witnesses
from idp.model.proofing import Method
from idp.model.upstream import Upstream
from idp.pages import forms
from idp.pages.account.addresses import IDENTITY, UPSTREAM
from idp.pages.account.door import AccountDoor
from idp.pages.problems import for_people
from idp.pages.proving import wait
from idp.proofing.identity import AnotherNumber, HeldByAnother, Identities, NoMatch, NotOffered
from idp.proofing.verifier import VerifierUnavailable
from kernel.identifiers import InvalidIdentifier
from kernel.problems import NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import page_response
from kernel.web.routes import Route

METHODS: Mapping[Method, Text] = {
    Method.SELF_DECLARED: Text("自行申报", "Declared by yourself"),
    Method.OPERATOR: Text("由管理机构登记", "Entered by the authority"),
    Method.REGISTER: Text("与人口库核对一致", "Matched with the civil register"),
    Method.RECOVERY: Text("找回账户后保留", "Kept when the account was recovered"),
    Method.UPSTREAM: Text("由其他身份服务核验", "Vouched for by another provider"),
    Method.WINDOW: Text("窗口核验证件", "Document checked at a window"),
}
WORDS: Mapping[type[Exception], Text] = {
    NoMatch: Text(
        "姓名与公民身份号码核对不一致。请检查后再试，或到窗口办理。",
        "Name and citizen number do not belong together. Check them and try again, or ask at a window.",
    ),
    HeldByAnother: Text(
        "您已有一个账户使用这个号码。请找回那个账户，或到窗口办理；不必再开一个。",
        "You have another account with this number already. Recover that one, or ask at a window.",
    ),
    AnotherNumber: Text(
        "这个账户已核验为另一个号码。请到窗口办理。",
        "This account was proven with another number. Ask at a window.",
    ),
}
_SILENT = Text("人口库暂时没有答复，请稍后再试。", "The civil register does not answer right now. Try again shortly.")


@dataclass(frozen=True, slots=True)
class IdentityPages:
    """GET shows the level; POST asks the register. Name and number are posted, and stand in no address and no log."""

    door: AccountDoor
    identities: Identities
    witnesses: Witnesses

    @for_people
    def show(self, request: HttpRequest) -> HttpResponse:
        """The level, what it rests on, and the form."""
        return self.page(self.door.owner(request))

    @for_people
    def prove(self, request: HttpRequest) -> HttpResponse:
        """The register is asked."""
        owner, name, number = self.door.owner(request), forms.field(request, "name"), forms.field(request, "number")
        try:
            self.identities.prove(owner, name, number, request.remote_addr)
        except NotOffered:
            raise Problem(NOT_FOUND) from None
        except InvalidIdentifier as error:
            return self.page(owner, error.reason, 422, name)
        except TooManyTries as error:
            again = self.page(owner, wait(error.seconds), 429, name)
            return again.adding(("Retry-After", str(error.seconds)))
        except VerifierUnavailable:
            return self.page(owner, _SILENT, 503, name).adding(("Retry-After", "30"))
        except tuple(WORDS) as error:
            return self.page(owner, WORDS[type(error)], 422, name)
        return redirect(IDENTITY)

    def routes(self) -> tuple[Route, ...]:
        """The page and its address."""
        words, who = Text("实名等级与身份核验", "My level of assurance, and how it is raised"), "person, just signed in"
        return (
            Route("GET", IDENTITY, self.show, who, words, page=True, tag="pages"),
            Route("POST", IDENTITY, self.prove, who, words, page=True, tag="pages"),
        )

    def page(
        self, owner: Owner, error: Text | None = None, status: int = 200, name: str = "", at: str = "number"
    ) -> HttpResponse:
        """The level, what it rests on, and the ways to raise it; ``at`` names the part an error is about."""
        return page_response(
            "idp/account/identity.html",
            status=status,
            here=IDENTITY,
            level=owner.person.assurance,
            proofs=[(METHODS[each.method], each.level, each.at) for each in self.identities.proofs(owner)],
            offered=self.identities.offered_to(owner),
            upstreams=[(f"{UPSTREAM}/{each.name}/begin", each.title) for each in self._upstreams(owner)],
            name=name,
            error=error,
            at=at,
        )

    def _upstreams(self, owner: Owner) -> list[Upstream]:
        return self.witnesses.offered() if self.identities.is_for(owner) else []
