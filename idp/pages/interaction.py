"""The pages between an authorization request and its answer. Each post answers with a redirect to the next step."""

from __future__ import annotations

from dataclasses import dataclass

from idp.authentication.passwords import HashingBusy
from idp.authentication.sign_in import NotSignedIn, SignIn
from idp.authentication.throttling import TooManyTries
from idp.clients.directory import ClientDirectory
from idp.consent.events import Decisions
from idp.consent.page import ConsentPage, ConsentPages
from idp.endpoints.addresses import INTERACTION
from idp.errors import InvalidAuthorizationDetailsError, OAuthError
from idp.interaction import cookies
from idp.interaction.cookies import Cookies
from idp.interaction.flow import AuthorizationFlow
from idp.interaction.presence import Presence
from idp.interaction.steps import SignedInPerson, Step, next_step
from idp.model.session import Interaction
from idp.pages import forms
from idp.pages.problems import CATALOGUE_UNAVAILABLE, INTERACTION_GONE, for_people
from idp.resource.metadata import ResourceUnavailable, UnknownInCatalogue
from kernel.problems import Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import page_response
from kernel.web.routes import Route

WRONG_PASSWORD = Text("用户名或密码不正确。", "The user name or the password is wrong.")
WRONG_CODE = Text("验证码不正确，或已经用过。", "The code is wrong, or was used already.")
BUSY = Text("正在登录的人很多，请稍后再试。", "Many people are signing in right now. Try again shortly.")


def wait(seconds: int) -> Text:
    """How long to wait before the next try."""
    return Text(
        f"尝试次数过多，请等待 {seconds} 秒后再试。", f"Too many tries. Wait {seconds} seconds, then try again."
    )


@dataclass(frozen=True, slots=True)
class InteractionPages:
    """GET shows the step that comes next; POST takes one step."""

    flow: AuthorizationFlow
    presence: Presence
    sign_in: SignIn
    consent: ConsentPages
    decisions: Decisions
    directory: ClientDirectory
    cookies: Cookies

    @for_people
    def show(self, request: HttpRequest, interaction_id: str) -> HttpResponse:
        """The page of the next step, or the answer to the client when there is none."""
        interaction = self._open(request, interaction_id)
        try:
            present = self.presence.of(request, self.flow.client(interaction.request))
            step = next_step(interaction.request, interaction.started_at, present)
            if step is Step.DONE and present is not None:
                return self.flow.allow(interaction, present)
            if step is Step.CONSENT and present is not None:
                return self._consent_page(interaction, present)
            if step is Step.ACCOUNT and present is not None:
                return self._account_page(interaction, present)
            return self._step_page(interaction, step)
        except OAuthError as error:
            return self.flow.refuse(interaction, error)

    @for_people
    def account(self, request: HttpRequest, interaction_id: str) -> HttpResponse:
        """The account chooser's answer. It counts only where the chooser is the step that comes next."""
        interaction = self._open(request, interaction_id)
        try:
            present = self.presence.of(request, self.flow.client(interaction.request))
            if next_step(interaction.request, interaction.started_at, present) is Step.ACCOUNT:
                self.flow.choose(interaction, another=forms.field(request, forms.ACCOUNT) == forms.ANOTHER)
        except OAuthError as error:
            return self.flow.refuse(interaction, error)
        return redirect(f"{INTERACTION}/{interaction.id}")

    @for_people
    def password(self, request: HttpRequest, interaction_id: str) -> HttpResponse:
        """The password step."""
        interaction = self._open(request, interaction_id)
        username, password = forms.field(request, forms.USERNAME), forms.field(request, forms.PASSWORD)
        before = self.presence.session(request)
        try:
            cookie = self.sign_in.with_password(username, password, request.remote_addr, before)
        except (NotSignedIn, TooManyTries, HashingBusy) as error:
            return self._again(interaction, Step.PASSWORD, error, WRONG_PASSWORD, username)
        return self._onwards(interaction, cookie)

    @for_people
    def code(self, request: HttpRequest, interaction_id: str) -> HttpResponse:
        """The one-time-code step, for whoever has taken the password step."""
        interaction = self._open(request, interaction_id)
        session = self.presence.session(request)
        if session is None:
            return redirect(f"{INTERACTION}/{interaction.id}")
        try:
            cookie = self.sign_in.with_code(session, forms.field(request, forms.CODE), request.remote_addr)
        except (NotSignedIn, TooManyTries) as error:
            return self._again(interaction, Step.CODE, error, WRONG_CODE)
        return self._onwards(interaction, cookie)

    @for_people
    def decide(self, request: HttpRequest, interaction_id: str) -> HttpResponse:
        """The consent step. It counts only where it is the step that comes next (A11)."""
        interaction = self._open(request, interaction_id)
        asked = interaction.request
        try:
            client = self.flow.client(asked)
            present = self.presence.of(request, client)
            if present is None or next_step(asked, interaction.started_at, present) is not Step.CONSENT:
                return redirect(f"{INTERACTION}/{interaction.id}")
            allowed = forms.field(request, forms.DECISION) == forms.ALLOW
            page = self._words(interaction, present)
            made = self.decisions.of(interaction.id, asked, client, page, present, allowed)
            if not allowed:
                return self.flow.deny(interaction, made.events)
            return self.flow.allow(interaction, present, made.events, made.consents)
        except OAuthError as error:
            return self.flow.refuse(interaction, error)

    def routes(self) -> tuple[Route, ...]:
        """The pages and their addresses."""
        address = f"{INTERACTION}/<interaction_id>"
        step = Text("登录与授权的下一步", "The next step of signing in and agreeing")
        return (
            Route("GET", address, self.show, "the browser that began it", step, page=True, tag="pages"),
            Route(
                "POST", f"{address}/password", self.password, "the browser that began it", step, page=True, tag="pages"
            ),
            Route(
                "POST", f"{address}/account", self.account, "the browser that began it", step, page=True, tag="pages"
            ),
            Route("POST", f"{address}/otp", self.code, "the browser that began it", step, page=True, tag="pages"),
            Route("POST", f"{address}/consent", self.decide, "the browser that began it", step, page=True, tag="pages"),
        )

    def _open(self, request: HttpRequest, interaction_id: str) -> Interaction:
        interaction = self.flow.find(request, interaction_id)
        if interaction is None or self.directory.enabled(interaction.request.client_id) is None:
            raise Problem(INTERACTION_GONE)
        return interaction

    def _onwards(self, interaction: Interaction, cookie: str) -> HttpResponse:
        """Back to `show`, under the session's new cookie."""
        return redirect(f"{INTERACTION}/{interaction.id}", (self.cookies.set(cookies.SESSION, cookie),))

    def _again(
        self, interaction: Interaction, step: Step, error: Exception, wrong: Text, username: str = ""
    ) -> HttpResponse:
        """The same step once more, saying why without saying more."""
        if isinstance(error, TooManyTries):
            page = self._step_page(interaction, step, wait(error.seconds), 429, username)
            return page.adding(("Retry-After", str(error.seconds)))
        if isinstance(error, HashingBusy):
            return self._step_page(interaction, step, BUSY, 503, username).adding(("Retry-After", "2"))
        return self._step_page(interaction, step, wrong, 422, username)

    def _step_page(
        self, interaction: Interaction, step: Step, error: Text | None = None, status: int = 200, username: str = ""
    ) -> HttpResponse:
        client = self.flow.client(interaction.request)
        page = page_response(
            f"idp/{step.value}.html",
            status=status,
            action=f"{INTERACTION}/{interaction.id}",
            application=client.name,
            department=self.directory.organisation(client.organisation).name,
            username=username or interaction.request.login_hint or "",
            error=error,
        )
        return page.adding(forms.policy_towards(interaction.request.redirect_uri))

    def _account_page(self, interaction: Interaction, present: SignedInPerson) -> HttpResponse:
        client = self.flow.client(interaction.request)
        page = page_response(
            "idp/account.html",
            action=f"{INTERACTION}/{interaction.id}",
            application=client.name,
            department=self.directory.organisation(client.organisation).name,
            person=present.person,
        )
        return page.adding(forms.policy_towards(interaction.request.redirect_uri))

    def _consent_page(self, interaction: Interaction, present: SignedInPerson) -> HttpResponse:
        page = page_response(
            "idp/consent.html",
            action=f"{INTERACTION}/{interaction.id}",
            page=self._words(interaction, present),
            person=present.person.name,
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
