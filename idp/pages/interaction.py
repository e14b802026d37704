"""The pages between an authorization request and its answer. Each post answers with a redirect to the next step."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from idp.clients.directory import ClientDirectory
from idp.consent.events import Decisions
from idp.consent.page import ConsentPage, ConsentPages
from idp.endpoints.addresses import INTERACTION
from idp.endpoints.authorization_request import is_registered
from idp.errors import InvalidAuthorizationDetailsError, OAuthError, TemporarilyUnavailableError
from idp.interaction.asked import Asked, Proof
from idp.interaction.flow import AuthorizationFlow
from idp.interaction.presence import Presence
from idp.interaction.steps import SignedInPerson, Step
from idp.model.authorization import AuthorizationRequest
from idp.model.session import Interaction
from idp.pages import forms
from idp.pages.account.addresses import PASSKEY_SET_UP
from idp.pages.problems import CATALOGUE_UNAVAILABLE, INTERACTION_GONE, REGISTER_SILENT, for_people
from idp.pages.proving import OPTIONS, STEPS, WITH, Place, Proving
from idp.resource.metadata import ResourceUnavailable, UnknownInCatalogue
from idp.tokens.mandates import Mandates
from kernel.problems import Problem
from kernel.text import Text
from kernel.web.bound_forms import forms_are_for
from kernel.web.http import HttpRequest, HttpResponse, redirect, to_its_page
from kernel.web.pages import page_response
from kernel.web.routes import Route


@dataclass(frozen=True, slots=True)
class InteractionPages:
    """GET shows the step that comes next; POST takes one step."""

    flow: AuthorizationFlow
    presence: Presence
    proving: Proving
    consent: ConsentPages
    decisions: Decisions
    directory: ClientDirectory
    mandates: Mandates

    @for_people
    def show(self, request: HttpRequest, interaction_id: str) -> HttpResponse:
        """The page of the next step, or the answer to the client when there is none."""
        interaction = self._open(request, interaction_id)
        try:
            present = self.presence.of(request, self.flow.client(interaction.request))
            step = self.flow.step(interaction, present)
            if step is Step.DONE and present is not None:
                return self.flow.allow(interaction, present)
            if step is Step.CONSENT and present is not None:
                return self._consent_page(interaction, present)
            if step is Step.ACTING and present is not None:
                return self._acting_page(interaction, present)
            if step is Step.ACCOUNT and present is not None:
                return self._account_page(interaction, present)
            return self.proving.page(request, self._place(interaction), self._asked(request, interaction))
        except OAuthError as error:
            return self.flow.refuse(interaction, error)

    @for_people
    def account(self, request: HttpRequest, interaction_id: str) -> HttpResponse:
        """The account chooser's answer. It counts only where the chooser is the step that comes next."""
        interaction = self._open(request, interaction_id)
        try:
            present = self.presence.of(request, self.flow.client(interaction.request))
            if present is not None:
                forms_are_for(present.person.id)
            if self.flow.step(interaction, present) is Step.ACCOUNT:
                self.flow.choose(interaction, another=forms.field(request, forms.ACCOUNT) == forms.ANOTHER)
        except OAuthError as error:
            return self.flow.refuse(interaction, error)
        return redirect(f"{INTERACTION}/{interaction.id}")

    @for_people
    def acting(self, request: HttpRequest, interaction_id: str) -> HttpResponse:
        """For whom the person acts: themselves, or an entity of their own. It counts only where that is asked."""
        interaction = self._open(request, interaction_id)
        try:
            present = self.presence.of(request, self.flow.client(interaction.request))
            if present is not None:
                forms_are_for(present.person.id)
            step = self.flow.step(interaction, present)
            chosen = forms.field(request, forms.ACTING)
            if step is Step.ACTING and present is not None and self._may_choose(interaction, present, chosen):
                self.flow.act_for(interaction, chosen)
        except TemporarilyUnavailableError:  # nobody said no: a terminal or clerk who waits is not refused for it
            raise Problem(REGISTER_SILENT, headers=(("Retry-After", "30"),)) from None
        except OAuthError as error:
            return self.flow.refuse(interaction, error)
        return redirect(f"{INTERACTION}/{interaction.id}")

    @for_people
    def take(self, request: HttpRequest, interaction_id: str, step: str) -> HttpResponse:
        """One step of proving who one is."""
        interaction = self._open(request, interaction_id)
        try:
            return self.proving.take(request, self._place(interaction), self._asked(request, interaction), step)
        except OAuthError as error:
            return self.flow.refuse(interaction, error)

    @for_people
    def again(self, request: HttpRequest, interaction_id: str, step: str) -> HttpResponse:
        """Back to the page of whatever step comes next."""
        return to_its_page(request, f"{INTERACTION}/{interaction_id}", **({WITH: step} if step in STEPS else {}))

    @for_people
    def passkey_options(self, request: HttpRequest, interaction_id: str) -> HttpResponse:
        """What the browser's passkey dialogue is called with."""
        return self.proving.options(request, self._asked(request, self._open(request, interaction_id)))

    @for_people
    def decide(self, request: HttpRequest, interaction_id: str) -> HttpResponse:
        """The consent step. It counts only where it is the step that comes next (A11)."""
        interaction = self._open(request, interaction_id)
        asked = interaction.request
        try:
            client = self.flow.client(asked)
            present = self.presence.of(request, client)
            if present is not None:
                forms_are_for(present.person.id)
            if present is None or self.flow.step(interaction, present) is not Step.CONSENT:
                return redirect(f"{INTERACTION}/{interaction.id}")
            allowed = forms.field(request, forms.DECISION) == forms.ALLOW
            page = self._words(interaction, present)
            if allowed and forms.field(request, forms.SEEN) != _seen(page, interaction, present):
                # The words are others by now, or whom the person acts for: nobody read these. No is no to either.
                return redirect(f"{INTERACTION}/{interaction.id}")
            redeemed_by = self.flow.redeemed_by(asked)
            made = self.decisions.of(interaction, client, page, present, allowed, redeemed_by)
            if not allowed:
                return self.flow.deny(interaction, made.events)
            return self.flow.allow(interaction, present, made.events, made.consents)
        except OAuthError as error:
            return self.flow.refuse(interaction, error)

    def routes(self) -> tuple[Route, ...]:
        """The pages and their addresses."""
        address = f"{INTERACTION}/<interaction_id>"
        step, browser = (
            Text("登录与授权的下一步", "The next step of signing in and agreeing"),
            "the browser that began it",
        )
        return (
            Route("GET", address, self.show, browser, step, page=True, tag="pages"),
            *(
                Route("POST", f"{address}/{name}", partial(self.take, step=name), browser, step, page=True, tag="pages")
                for name in STEPS
            ),
            Route("POST", f"{address}/account", self.account, browser, step, page=True, tag="pages"),
            Route("POST", f"{address}/acting", self.acting, browser, step, page=True, tag="pages"),
            Route("POST", f"{address}/{OPTIONS}", self.passkey_options, browser, step, page=True, tag="pages"),
            Route("POST", f"{address}/consent", self.decide, browser, step, page=True, tag="pages"),
            *(
                Route("GET", f"{address}/{name}", partial(self.again, step=name), browser, step, page=True, tag="pages")
                for name in (*STEPS, "account", "acting", "consent")
            ),
        )

    def _open(self, request: HttpRequest, interaction_id: str) -> Interaction:
        interaction = self.flow.find(request, interaction_id)
        if interaction is None or not self._can_be_answered(interaction.request):
            raise Problem(INTERACTION_GONE)
        return interaction

    def _can_be_answered(self, asked: AuthorizationRequest) -> bool:
        """An address that was struck out meanwhile gets no answer any more, not even that there is none."""
        client = self.directory.enabled(asked.client_id)
        return client is not None and (asked.answered_elsewhere or is_registered(asked.redirect_uri, client))

    def _asked(self, request: HttpRequest, interaction: Interaction) -> Asked:
        """What this browser's person has yet to show; a new sign-in where nothing is missing. Raises OAuthError."""
        present = self.presence.of(request, self.flow.client(interaction.request))
        step = self.flow.step(interaction, present)
        if step is Step.SIGN_IN or present is None:
            return Asked(Proof.SIGN_IN)
        return self.flow.missing(interaction, present) or Asked(Proof.SIGN_IN)

    def _place(self, interaction: Interaction) -> Place:
        client, address = self.flow.client(interaction.request), f"{INTERACTION}/{interaction.id}"
        return Place(
            back=address,
            action=lambda step: f"{address}/{step}",
            application=client.name,
            department=self.directory.organisation(client.organisation).name,
            username=interaction.request.login_hint or "",
            enrol=f"{PASSKEY_SET_UP}?back={interaction.id}",
            headers=(forms.policy_towards(interaction.request.redirect_uri),),
        )

    def _account_page(self, interaction: Interaction, present: SignedInPerson) -> HttpResponse:
        client = self.flow.client(interaction.request)
        forms_are_for(present.person.id)
        page = page_response(
            "idp/account.html",
            action=f"{INTERACTION}/{interaction.id}",
            application=client.name,
            department=self.directory.organisation(client.organisation).name,
            person=present.person,
        )
        return page.adding(forms.policy_towards(interaction.request.redirect_uri))

    def _may_choose(self, interaction: Interaction, present: SignedInPerson, chosen: str) -> bool:
        return self.mandates.may_choose(present.person.id, chosen, _matters(interaction))

    def _acting_page(self, interaction: Interaction, present: SignedInPerson) -> HttpResponse:
        client = self.flow.client(interaction.request)
        forms_are_for(present.person.id)
        page = page_response(
            "idp/acting.html",
            action=f"{INTERACTION}/{interaction.id}",
            application=client.name,
            department=self.directory.organisation(client.organisation).name,
            person=present.person.name,
            standing=[each for each in self.mandates.of(present.person.id) if each.covers(_matters(interaction))],
        )
        return page.adding(forms.policy_towards(interaction.request.redirect_uri))

    def _consent_page(self, interaction: Interaction, present: SignedInPerson) -> HttpResponse:
        words = self._words(interaction, present)
        forms_are_for(present.person.id)
        page = page_response(
            "idp/consent.html",
            action=f"{INTERACTION}/{interaction.id}",
            page=words,
            seen=_seen(words, interaction, present),
            person=present.person.name,
            acting=self.mandates.find(present.person.id, interaction.request.acting or ""),
            terminal=interaction.request.device is not None,
            away=interaction.request.backchannel is not None,
            binding_message=interaction.request.binding_message,
        )
        return page.adding(forms.policy_towards(interaction.request.redirect_uri))

    def _words(self, interaction: Interaction, present: SignedInPerson) -> ConsentPage:
        """What is asked, in words. Without words nobody is asked (raises Problem, InvalidAuthorizationDetailsError)."""
        asked = interaction.request
        try:
            return self.consent.of(asked, self.flow.client(asked), present.remembered)
        except UnknownInCatalogue:
            raise InvalidAuthorizationDetailsError(
                "The exchange's catalogue does not know what is asked for."
            ) from None
        except ResourceUnavailable:
            raise Problem(CATALOGUE_UNAVAILABLE, headers=(("Retry-After", "5"),)) from None


def _seen(page: ConsentPage, interaction: Interaction, present: SignedInPerson) -> str:
    return page.seen(interaction.id, present.person.id, interaction.request.acting)


def _matters(interaction: Interaction) -> tuple[str, ...]:
    """The service items evidence is asked for: an agent acts only in matters of theirs."""
    return tuple(detail.service_item for detail in interaction.request.details)
