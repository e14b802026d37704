"""For whom one acts: the entities, how one more is proven, and how one is ended."""

from __future__ import annotations

from dataclasses import dataclass

from idp.authentication.own_account import NothingThere, Owner
from idp.authentication.throttling import TooManyTries
from idp.pages import forms
from idp.pages.account.addresses import AGENCIES, REPRESENTATIONS
from idp.pages.account.door import AccountDoor
from idp.pages.problems import for_people
from idp.pages.proving import wait
from idp.proofing.agents import Agents
from idp.proofing.identity import NoMatch, NotOffered
from idp.proofing.representation import Representations
from idp.proofing.verifier import VerifierUnavailable
from kernel.identifiers import InvalidIdentifier
from kernel.problems import NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect, to_its_page
from kernel.web.pages import page_response
from kernel.web.routes import Route

_NO_MATCH = Text(
    "登记机关没有把您登记为这个单位的法定代表人。请检查代码后再试。",
    "The register does not name you as the legal representative under this code. Check the code and try again.",
)
_SILENT = Text(
    "登记机关暂时没有答复，请稍后再试。", "The business register does not answer right now. Try again shortly."
)
_END = f"{REPRESENTATIONS}/<representation_id>/end"


@dataclass(frozen=True, slots=True)
class RepresentationPages:
    """GET lists; POST asks the register, or ends one. Codes are posted, and stand in no address and no log."""

    door: AccountDoor
    book: Representations
    agents: Agents

    @for_people
    def show(self, request: HttpRequest) -> HttpResponse:
        """The list, and the form."""
        return self._page(self.door.owner(request))

    @for_people
    def prove(self, request: HttpRequest) -> HttpResponse:
        """The register is asked."""
        owner = self.door.owner(request)
        try:
            self.book.prove(owner, forms.field(request, "code"), request.remote_addr)
        except NotOffered:
            raise Problem(NOT_FOUND) from None
        except InvalidIdentifier as error:
            return self._page(owner, error.reason, 422)
        except NoMatch:
            return self._page(owner, _NO_MATCH, 422)
        except TooManyTries as error:
            return self._page(owner, wait(error.seconds), 429).adding(("Retry-After", str(error.seconds)))
        except VerifierUnavailable:
            return self._page(owner, _SILENT, 503).adding(("Retry-After", "30"))
        return redirect(REPRESENTATIONS)

    @for_people
    def end(self, request: HttpRequest, representation_id: str) -> HttpResponse:
        """One is ended, with all that stems from it."""
        try:
            self.book.end(self.door.owner(request), representation_id)
        except NothingThere:
            raise Problem(NOT_FOUND) from None
        return redirect(REPRESENTATIONS)

    @for_people
    def listed(self, request: HttpRequest, representation_id: str) -> HttpResponse:
        """Back to the list, where the button is: nothing was ended."""
        del representation_id
        return to_its_page(request, REPRESENTATIONS)

    def routes(self) -> tuple[Route, ...]:
        """The pages and their addresses."""
        words, who = Text("代表单位办理", "For whom I act"), "person, just signed in"
        return (
            Route("GET", REPRESENTATIONS, self.show, who, words, page=True, tag="pages"),
            Route("POST", REPRESENTATIONS, self.prove, who, words, page=True, tag="pages"),
            Route("GET", _END, self.listed, who, words, page=True, tag="pages"),
            Route("POST", _END, self.end, who, words, page=True, tag="pages"),
        )

    def _page(self, owner: Owner, error: Text | None = None, status: int = 200) -> HttpResponse:
        standing, appointed, waiting = self.book.of(owner), self.agents.of(owner), self.agents.waiting(owner)
        suspended = self.agents.suspended(owner)
        limits = [each.service_items for each in standing] + [each.service_items for each in suspended]
        limits += [each.kept.service_items for each in appointed] + [each.kept.service_items for each in waiting]
        now, person = self.agents.changes.clock.now(), owner.person.id
        return page_response(
            "idp/account/representations.html",
            status=status,
            here=REPRESENTATIONS,
            standing=standing,
            offered=self.book.offered_to(owner),
            appointed=appointed,
            waiting=waiting,
            suspended=suspended,
            named=self.agents.named(code for codes in limits for code in codes or ()),
            agencies=AGENCIES,
            to_renew=any(each.waits_for(person, now) for each in appointed),
            now=now,
            error=error,
        )
