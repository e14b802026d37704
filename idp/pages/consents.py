"""What a person agreed to and was told, and the one place where they take it back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from idp.clients.directory import ClientDirectory
from idp.consent.withdrawal import ConsentBook
from idp.interaction.visitor import Errand, Visitors
from idp.model.consent import Consent
from idp.pages import forms
from idp.pages.problems import for_people
from kernel.problems import NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import page_response
from kernel.web.routes import Route

CONSENTS = "/account/consents"
WITHDRAW = f"{CONSENTS}/<client_id>/withdraw"


@dataclass(frozen=True, slots=True)
class Holder:
    """A client with what it was allowed: who asks, whether anything still holds, each consent and notice."""

    client_id: str
    application: Text
    department: Text
    holding: tuple[Consent, ...]


@dataclass(frozen=True, slots=True)
class ConsentListPages:
    """The list, the question whether to withdraw, and the withdrawal."""

    visitors: Visitors
    book: ConsentBook
    directory: ClientDirectory

    @for_people
    def show(self, request: HttpRequest) -> HttpResponse:
        """Consents in force by application, then what is past, then notices."""
        visitor = self.visitors.required(request, Errand.ACCOUNT)
        answers = self.book.of_person(visitor.person.id)
        return page_response(
            "idp/consents.html",
            holders=self._holders(answers.in_force),
            past=self._named(answers.past.shown),
            older_past=answers.past.older,
            notices=self._named(answers.notices.shown),
            older_notices=answers.notices.older,
            withdrawn=self._just_withdrawn(request, answers.past.shown),
            list_address=CONSENTS,
        )

    @for_people
    def ask(self, request: HttpRequest, client_id: str) -> HttpResponse:
        """Whether to withdraw; nothing happens until the button is pressed."""
        visitor = self.visitors.required(request, Errand.ACCOUNT)
        holder = self._holder(visitor.person.id, client_id)
        return page_response("idp/withdraw.html", holder=holder, action=request.path, list_address=CONSENTS)

    @for_people
    def withdraw(self, request: HttpRequest, client_id: str) -> HttpResponse:
        """The button. Pressing it again finds nothing left to withdraw."""
        visitor = self.visitors.required(request, Errand.ACCOUNT)
        if forms.field(request, forms.DECISION) != "withdraw":
            return redirect(CONSENTS)
        holder = self._holder(visitor.person.id, client_id)
        self.book.withdraw(visitor.person.id, holder.client_id, visitor.reference)
        return redirect(f"{CONSENTS}?{urlencode({'withdrawn': holder.client_id})}")

    def routes(self) -> tuple[Route, ...]:
        """The pages and their addresses."""
        listed = Text("我的同意与告知", "What I agreed to and was told")
        taken_back = Text("撤回同意", "Withdrawing consent")
        return (
            Route("GET", CONSENTS, self.show, "person", listed, page=True, tag="pages"),
            Route("GET", WITHDRAW, self.ask, "person", taken_back, page=True, tag="pages"),
            Route("POST", WITHDRAW, self.withdraw, "person", taken_back, page=True, tag="pages"),
        )

    def _holder(self, person_id: str, client_id: str) -> Holder:
        """Raises Problem (resource.not-found) for a client that holds nothing of this person's."""
        for holder in self._holders(self.book.in_force(person_id)):
            if holder.client_id == client_id:
                return holder
        raise Problem(NOT_FOUND)

    def _holders(self, in_force: Iterable[Consent]) -> list[Holder]:
        held: dict[str, list[Consent]] = {}
        for each in in_force:
            held.setdefault(each.client_id, []).append(each)
        return [Holder(client_id, *self._names(client_id), tuple(mine)) for client_id, mine in held.items()]

    def _named(self, every: Iterable[Consent]) -> list[tuple[Text, Text, Consent]]:
        return [(*self._names(each.client_id), each) for each in every]

    def _names(self, client_id: str) -> tuple[Text, Text]:
        """Application and department, of a client disabled meanwhile, too."""
        client = self.directory.known(client_id)
        if client is None:
            return Text(client_id, client_id), Text("", "")
        return client.name, self.directory.organisation(client.organisation).name

    def _just_withdrawn(self, request: HttpRequest, past: Iterable[Consent]) -> Text | None:
        asked = request.parameters().get("withdrawn")
        if asked is None or not any(each.client_id == asked and each.withdrawn_at for each in past):
            return None
        return self._names(asked)[0]
