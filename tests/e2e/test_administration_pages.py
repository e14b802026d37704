"""Administration, enrolment and the list of consents in a real browser: both languages, phone and desktop, axe-core."""

from __future__ import annotations

from collections.abc import Callable

import pyotp
import pytest
from playwright.sync_api import Page

from tests.doubles.administrators import appoint, person_id
from tests.doubles.browser import Browser
from tests.doubles.identity_provider import MARKET, PASSWORD, TOTP_SECRET, Provider
from tests.doubles.relying_party import PERMITS, RelyingParty, by_secret, detail, details, public_client
from tests.e2e.grounds import IDENTITY_PROVIDER, missed
from tests.e2e.looking import Look, stored_words

BUTTON = "form[method=post] button.govuk-button:not(.govuk-password-input__toggle)"


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


RECORDED = {"城市管理局", "市场监督管理局"}
"""Events show what the ledger says of names as it was recorded, in both languages."""


class Walker:
    """Looks at one page after the other."""

    def __init__(self, page: Page, provider: Provider, look: Look, scripts: bool) -> None:
        look.names = lambda: stored_words(provider.database) | RECORDED
        self.page, self.provider, self.base = page, provider, provider.settings.issuer
        self._look, self._scripts = look, scripts

    def look(self, name: str) -> None:
        self._look(self.page, name, scripts=self._scripts)

    def go(self, path: str, name: str = "") -> None:
        """Open a page, and look at it where it is named."""
        answer = self.page.goto(self.base + path)
        assert answer is not None
        assert answer.status == 200, path
        if name:
            self.look(name)

    def send(self, button: str = BUTTON, /, **fields: str) -> None:
        for field, value in fields.items():
            self.page.fill(f"#{field}", value)
        with self.page.expect_navigation():
            self.page.click(button)

    def follow(self, link: str, name: str = "") -> None:
        """Press a link, and look where it leads."""
        with self.page.expect_navigation():
            self.page.locator(link).first.click()
        if name:
            self.look(name)

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
    walker = Walker(new_page(language, scripts=scripts), provider, look, scripts)
    newcomer(walker)
    walker.sign_in("system")
    walker.look("home")
    clients(walker, by_secret(provider, scope="openid").id)
    invitation = other_registers(walker)
    keys(walker)

    walker.sign_in("security")
    people(walker, person_id(provider, "wang"))
    proposal = offices(walker, person_id(provider, "clerk"))

    walker.sign_in("guard")
    walker.go("/admin/proposals", "proposals")
    walker.go(proposal, "proposal")
    walker.send("button[value=confirm]")
    walker.look("confirmed")
    walker.go(invitation)
    walker.send("button[value=confirm]")
    walker.look("invitation-token")
    walker.go("/admin/invitations", "invitations")
    walker.follow("tbody a", "invitation")
    walker.follow("main a[href$=withdraw]", "invitation-withdraw")
    walker.send()
    assert walker.page.url == f"{walker.base}/admin/invitations"

    walker.sign_in("audit")
    walker.go("/admin/events", "events")
    assert missed(provider.app, IDENTITY_PROVIDER, "administration", look.seen) == []


def newcomer(walker: Walker) -> None:
    """Whoever holds a link makes their account."""
    walker.go(f"/enrol/{provider_link(walker.provider)}", "enrol")
    walker.send()
    walker.look("enrol-refused")
    secret = walker.page.locator("main code").inner_text().replace(" ", "")
    code = pyotp.TOTP(secret).at(walker.provider.clock.now())
    walker.send(username="newcomer", name="新职员", password=PASSWORD, otp=code, organisation=MARKET,
                organisation_zh="市场监督管理局", organisation_en="Market regulation")  # fmt: skip
    walker.look("enrolled")


def clients(walker: Walker, client: str) -> None:
    """From registration to the end, with what can be done between."""
    at = f"/admin/clients/{client}"
    walker.go("/admin/clients", "clients")
    walker.go(at, "client")
    walker.go("/admin/clients/new", "client-new")
    walker.send()
    walker.look("client-refused")
    walker.go(f"{at}/edit", "client-edit")
    walker.send(jwks="{")
    walker.look("client-edit-refused")
    walker.go(f"{at}/secret", "client-secret")
    walker.send()
    walker.look("client-secret-shown")
    walker.go(f"{at}/disable", "client-disable")
    walker.send()
    walker.look("client-disabled")


def other_registers(walker: Walker) -> str:
    """Invitations, resource servers, departments and rules; where the proposed invitation is."""
    walker.go("/admin/invitations/new", "invitation-new")
    walker.send(hours="many")
    walker.look("invitation-refused")
    for box in ("#scope-openid", "#grant-authorization_code"):
        walker.page.check(box)
    walker.send(hours="24")
    invitation = walker.page.url.removeprefix(walker.base)

    walker.go("/admin/resources/new", "resource-new")
    walker.send()
    walker.look("resource-refused")
    walker.send(resource=PERMITS, scopes="permits:read | 读取 | Read")
    walker.look("resource")
    walker.follow("main a[href$=edit]", "resource-edit")
    walker.send(scopes="permits:read")
    walker.look("resource-edit-refused")
    walker.go("/admin/resources", "resources")
    walker.follow("tbody a")
    walker.follow("main a[href$=disable]", "resource-disable")
    walker.send()
    walker.look("resource-disabled")

    walker.go("/admin/organisations", "organisations")
    walker.go("/admin/organisations/new", "organisation-new")
    walker.send()
    walker.look("organisation-refused")
    walker.go("/admin/policies", "policies")
    return invitation


def keys(walker: Walker) -> None:
    """The next key, and a proposal to end one."""
    walker.go("/admin/keys", "keys")
    walker.follow("main a[href*='/keys/rotate/']", "key-rotate")
    walker.send()
    assert walker.page.url == f"{walker.base}/admin/keys"
    walker.follow("tbody a[href$=revoke]", "key-revoke")
    walker.send()
    walker.look("key-proposal")


def people(walker: Walker, person: str) -> None:
    """One account, found by its name."""
    at = f"/admin/people/{person}"
    walker.go("/admin/people", "people")
    walker.send(username="nobody-of-that-name")
    walker.look("people-nobody")
    walker.go(at, "person")
    walker.go(f"{at}/end-sessions", "person-end-sessions")
    walker.send()
    walker.go(f"{at}/disable", "person-disable")
    walker.send()
    walker.look("person-disabled")
    walker.go(f"{at}/enable", "person-enable")
    walker.send()
    assert walker.page.url == f"{walker.base}{at}"


def offices(walker: Walker, clerk: str) -> str:
    """Where the proposal is to give somebody an administrator's office; and an invitation to staff."""
    walker.go(f"/admin/people/{person_id(walker.provider, 'wang')}/roles")
    walker.page.check("#role-window-clerk")
    walker.send()
    walker.look("roles-refused")
    walker.go(f"/admin/people/{clerk}/roles", "roles")
    walker.page.check("#role-audit-administrator")
    walker.send()
    walker.look("proposed")
    proposal = walker.page.url.removeprefix(walker.base)
    walker.go("/admin/people/invite", "invite")
    walker.page.check("#role-provider-officer")
    walker.send(organisation=MARKET)
    walker.look("invited")
    return proposal


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
    assert missed(provider.app, IDENTITY_PROVIDER, "consents", look.seen) == []


def provider_link(provider: Provider) -> str:
    """A link whose holder also names the organisation, while the offices of the founding are all held."""
    act = provider.administration.enrolments.inviting(("provider-officer",), None)
    provider.administration.people.records.make(act.name, act.facts, act.change)
    told = act.afterwards()
    assert told is not None
    return told.secret
