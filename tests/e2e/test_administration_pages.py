"""Administration, enrolment and the list of consents in a real browser: both languages, phone and desktop, axe-core."""

from __future__ import annotations

from collections.abc import Callable

import pyotp
import pytest
from playwright.sync_api import Page

from tests.doubles.administrators import appoint, person_id
from tests.doubles.browser import Browser
from tests.doubles.identity_provider import MARKET, PASSWORD, TOTP_SECRET, Provider
from tests.doubles.relying_party import RelyingParty, detail, details, public_client
from tests.e2e.conftest import Look

"""A folder for pictures of every page, for whoever wants to look at them."""


@pytest.fixture
def provider(serve_provider: Callable[..., Provider]) -> Provider:
    """A provider with administrators and something to administer."""
    running = serve_provider()
    appoint(running)
    return running


@pytest.fixture
def party(provider: Provider) -> RelyingParty:
    """A website with consents: one to plain scopes, one to evidence, and a notice."""
    made = public_client(provider)
    for basis in ("agreed", "rules-3"):
        asked = details(detail(legal_basis=basis))
        Browser(provider).walk(made.pushed_url(scope="openid profile", authorization_details=asked))
    return made


class Walker:
    """Looks at one page after the other."""

    def __init__(self, page: Page, provider: Provider, look: Look, scripts: bool) -> None:
        self.page, self.provider, self.base = page, provider, provider.settings.issuer
        self._look, self._scripts = look, scripts

    def look(self, name: str) -> None:
        self._look(self.page, name, scripts=self._scripts)

    def go(self, path: str, name: str) -> None:
        answer = self.page.goto(self.base + path)
        assert answer is not None
        assert answer.status == 200, path
        self.look(name)

    def send(self, selector: str = "form[method=post] button.govuk-button:not(.govuk-password-input__toggle)") -> None:
        with self.page.expect_navigation():
            self.page.click(selector)

    def sign_in(self, username: str) -> None:
        self.page.context.clear_cookies()
        self.page.goto(f"{self.base}/sign-in?for=change&next=/admin")
        self.page.fill("#username", username)
        self.page.fill("#password", PASSWORD)
        self.send()
        self.provider.clock.advance(30)
        self.page.fill("#otp", pyotp.TOTP(TOTP_SECRET).at(self.provider.clock.now()))
        self.look("sign-in-code")
        self.send()


@pytest.mark.parametrize(("language", "scripts"), [("zh-CN", True), ("en", True), ("en", False)])
def test_every_administration_page(
    provider: Provider, party: RelyingParty, new_page: Callable[..., Page], look: Look, language: str, scripts: bool
) -> None:
    link = f"/enrol/{provider_link(provider)}"
    walker = Walker(new_page(language, scripts=scripts), provider, look, scripts)
    walker.go(link, "enrol")
    wang, clerk = person_id(provider, "wang"), person_id(provider, "clerk")

    walker.sign_in("system")
    walker.look("home")
    walker.go("/admin/clients", "clients")
    walker.go(f"/admin/clients/{party.id}", "client")
    walker.go("/admin/clients/new", "client-new")
    walker.send()
    walker.look("client-refused")
    walker.go(f"/admin/clients/{party.id}/disable", "client-disable")
    walker.go("/admin/invitations", "invitations")
    walker.go("/admin/invitations/new", "invitation-new")
    walker.go("/admin/resources", "resources")
    walker.go("/admin/resources/new", "resource-new")
    walker.send()
    walker.look("resource-refused")
    walker.go("/admin/organisations", "organisations")
    walker.go("/admin/keys", "keys")
    walker.go("/admin/policies", "policies")

    walker.sign_in("security")
    walker.go("/admin/people", "people")
    walker.go(f"/admin/people/{wang}", "person")
    walker.go(f"/admin/people/{clerk}/roles", "roles")
    walker.page.check("#role-audit-administrator")
    walker.send()
    walker.look("proposed")
    proposal = walker.page.url.removeprefix(walker.base)
    walker.go("/admin/people/invite", "invite")
    walker.page.fill("#organisation", MARKET)
    walker.page.check("#role-window-clerk")
    walker.send()
    walker.look("invited")

    walker.sign_in("guard")
    walker.go("/admin/proposals", "proposals")
    walker.go(proposal, "proposal")
    walker.send("button[value=confirm]")
    walker.look("confirmed")

    walker.sign_in("audit")
    walker.go("/admin/events", "events")


@pytest.mark.parametrize(("language", "scripts"), [("zh-CN", True), ("en", True), ("en", False)])
def test_a_person_takes_consent_back(
    provider: Provider, party: RelyingParty, new_page: Callable[..., Page], look: Look, language: str, scripts: bool
) -> None:
    walker = Walker(new_page(language, scripts=scripts), provider, look, scripts)
    walker.page.goto(f"{walker.base}/account/consents")
    walker.page.fill("#username", "wang")
    walker.page.fill("#password", PASSWORD)
    walker.send()
    walker.look("consents")
    walker.go(f"/account/consents/{party.id}/withdraw", "withdraw")
    walker.send("button[value=withdraw]")
    walker.look("withdrawn")
    assert len(provider.events("ConsentWithdrawn")) == 1


def provider_link(provider: Provider) -> str:
    """A link that somebody with the office of the system's administrator no longer stands in the way of."""
    act = provider.administration.enrolments.inviting(("security-administrator",), None)
    provider.administration.people.records.make(act.name, act.facts, act.change)
    told = act.afterwards()
    assert told is not None
    return told.secret
