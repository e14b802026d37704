"""Passkeys in a real browser with its virtual authenticator, and every account page in both languages and widths."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyotp
import pytest
from playwright.sync_api import CDPSession, Page

from tests.doubles.identity_provider import PASSWORD, TOTP_SECRET, Provider, provider_at
from tests.doubles.relying_party import RelyingParty, public_client
from tests.e2e.grounds import IDENTITY_PROVIDER, missed
from tests.e2e.looking import Look


@pytest.fixture
def provider(serve_provider: Callable[..., Provider]) -> Provider:
    """A provider at an address which is a name: browsers know passkeys for names alone."""
    return serve_provider("localhost")


@pytest.fixture
def party(provider: Provider) -> RelyingParty:
    """A website at another origin (127.0.0.1 is not localhost)."""
    back = provider.settings.issuer.replace("localhost", "127.0.0.1") + "/"
    return public_client(provider, redirect_uris=[back], post_logout_redirect_uris=[back])


def virtual_authenticator(page: Page) -> tuple[CDPSession, str]:
    """A platform authenticator with resident keys whose user is always verified (WebAuthn Level 3 §11)."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable", {"enableUI": False})
    added = session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    return session, added["authenticatorId"]


def submit(page: Page, button: str = "form:not([data-passkey]) button.govuk-button", **fields: str) -> None:
    for name, value in fields.items():
        page.fill(f"#{name}", value)
    with page.expect_navigation():
        page.locator(f"{button}:not(.govuk-password-input__toggle)").first.click()


def otp(provider: Provider) -> str:
    provider.clock.advance(30)
    return pyotp.TOTP(TOTP_SECRET).at(provider.clock.now())


def sign_in(page: Page, provider: Provider, path: str) -> None:
    """Password and code, where the account pages ask for them."""
    page.goto(provider.settings.issuer + path)
    submit(page, username="wang", password=PASSWORD)
    if page.locator("#otp").count():
        submit(page, otp=otp(provider))


def pressed(page: Page) -> None:
    """Press the passkey button and go where it leads."""
    with page.expect_navigation():
        page.click("form[data-passkey] button")


def begin(party: RelyingParty, **changes: str) -> str:
    [back] = party.registered["redirect_uris"]
    return party.provider.settings.issuer + party.authorize_url(redirect_uri=back, **changes)


def test_a_passkey_from_setting_up_to_signing_in_nameless_and_as_second_factor(
    provider: Provider, party: RelyingParty, new_page: Callable[..., Page], axe: Callable[[Page], None]
) -> None:
    page = new_page()
    session, authenticator = virtual_authenticator(page)
    sign_in(page, provider, "/account/security/passkeys/new")
    axe(page)
    page.fill("#name", "办公电脑")
    pressed(page)
    assert "办公电脑" in page.content()
    axe(page)
    kept = session.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})["credentials"]
    assert [each["isResidentCredential"] for each in kept] == [True]
    assert kept[0]["rpId"] == "localhost"

    # As second factor: the password first, then this person's own passkey.
    page.context.clear_cookies()
    session.send("WebAuthn.setAutomaticPresenceSimulation", {"authenticatorId": authenticator, "enabled": False})
    page.goto(begin(party, acr_values="urn:tongban:loa:3"))  # else the field signs the person in by itself
    submit(page, username="wang", password=PASSWORD)
    axe(page)
    session.send("WebAuthn.setAutomaticPresenceSimulation", {"authenticatorId": authenticator, "enabled": True})
    pressed(page)
    assert page.locator("button[name=decision]").count() == 2

    # Nameless: the field offers it by itself (conditional mediation), nothing has to be typed or pressed.
    page.context.clear_cookies()
    with page.expect_navigation(url="**/interaction/*"):
        page.goto(begin(party))
    page.wait_for_selector("button[name=decision]")
    with page.expect_navigation():
        page.click("button[name=decision][value=allow]")
    assert "code=" in page.url


def test_another_origin_gets_no_signature_for_ours(
    provider: Provider, party: RelyingParty, new_page: Callable[..., Page]
) -> None:
    """The browser itself keeps the promise: a page elsewhere that knows our options is refused by it."""
    page = new_page()
    virtual_authenticator(page)
    sign_in(page, provider, "/account/security/passkeys/new")
    pressed(page)
    page.goto(provider.settings.issuer.replace("localhost", "127.0.0.1") + "/healthz")
    outcome = page.evaluate(
        """async () => {
          const publicKey = { challenge: new Uint8Array(32), rpId: "localhost", userVerification: "required" };
          try { await navigator.credentials.get({ publicKey }); return "signed"; } catch (error) { return error.name; }
        }"""
    )
    assert outcome == "SecurityError"


PAGES = (
    "/account",
    "/account/security",
    "/account/sessions",
    "/account/security/password",
    "/account/security/passkeys/new",
    "/account/security/app",
    "/account/security/app/remove",
    "/account/security/recovery-codes",
    "/account/security/user-code",
    "/account/security/channels/new",
    "/account/sessions/others/end",
)
NEW = "violet tram over granite"


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_account_page_can_be_used_by_everybody(
    provider: Provider, new_page: Callable[..., Page], look: Look, language: str
) -> None:
    page, base = new_page(language), provider.settings.issuer
    sign_in(new_page(language), provider, "/account")  # elsewhere
    page.goto(f"{base}/account/security/recovery-codes")
    look(page, "account-sign-in")
    sign_in(page, provider, "/account/security/recovery-codes")
    submit(page)
    look(page, "recovery-codes-shown")
    for path in PAGES:
        page.goto(base + path)
        look(page, path.strip("/").replace("/", "-"))
    page.goto(f"{base}/account/sessions")
    page.locator("main .govuk-summary-card a[href$='/end']").first.click()
    look(page, "session-end")
    refusals(page, base, look)
    channel(page, base, look)
    second_factors(page, provider, look)
    passkey(page, provider, look)
    assert missed(provider.app, IDENTITY_PROVIDER, "account", look.seen) == []


def refusals(page: Page, base: str, look: Look) -> None:
    """What is said of what cannot be taken."""
    page.goto(f"{base}/account/security/password")
    submit(page, password="wrong", new="short", again="short")
    look(page, "password-refused")
    page.goto(f"{base}/account/security/app")
    submit(page, otp="000000")
    look(page, "app-wrong-code")
    page.goto(f"{base}/account/security/user-code")
    submit(page, new="short", again="shorter")
    look(page, "user-code-refused")
    submit(page, new=NEW, again=NEW)
    page.goto(f"{base}/account/security/user-code/remove")
    look(page, "user-code-remove")


def channel(page: Page, base: str, look: Look) -> None:
    """A mailbox that is not confirmed yet."""
    page.goto(f"{base}/account/security/channels/new")
    submit(page, contact="nowhere")
    look(page, "channel-refused")
    submit(page, contact="wang@example.org")
    look(page, "channel")
    at = page.url
    submit(page, otp="000000")
    look(page, "channel-wrong-code")
    for ending in ("again", "codes", "remove"):
        page.goto(f"{at}/{ending}")
        look(page, f"channel-{ending}")


def second_factors(page: Page, provider: Provider, look: Look) -> None:
    """Codes to the telephone count from now on; what is said of wrong ones, and of a wrong recovery code."""
    page.goto(f"{provider.settings.issuer}/account/security")
    page.locator('a[href*="/channels/chn_"]').first.click()
    submit(page)
    look(page, "phone")
    page.locator('a[href$="/remove"]').click()
    look(page, "phone-remove")
    page.context.clear_cookies(name=re.compile("sso"))
    page.goto(f"{provider.settings.issuer}/account/security/password")
    submit(page, username="wang", password=PASSWORD)
    page.click("a[href$='with=phone']")
    look(page, "second-factor-phone")
    submit(page)
    look(page, "second-factor-phone-sent")
    submit(page, otp="000000")
    look(page, "second-factor-phone-wrong-code")
    page.click("a[href$='with=recovery']")
    submit(page, otp="wrong")
    look(page, "second-factor-recovery-wrong-code")
    page.click("a[href$='with=otp']")
    submit(page, otp=otp(provider))


def passkey(page: Page, provider: Provider, look: Look) -> None:
    """Made, renamed, removed."""
    virtual_authenticator(page)
    page.goto(f"{provider.settings.issuer}/account/security/passkeys/new")
    with page.expect_navigation():
        page.evaluate("document.querySelector('form[data-passkey]').submit()")
    look(page, "passkey-refused")
    pressed(page)
    for ending in ("", "/remove"):
        page.goto(f"{provider.settings.issuer}/account/security")
        page.locator(f'a[href*="/passkeys/pky_"]{"[href$=remove]" if ending else ""}').first.click()
        if "/sign-in" in page.url:  # the account is now as strong as its passkey, and so is what a change needs
            assert not page.locator("[data-passkey-problem]").is_visible()
            look(page, "second-factor-passkey")
            pressed(page)
        look(page, f"passkey{ending.replace('/', '-')}")


def test_a_dialogue_that_is_not_completed_says_so_and_may_be_tried_again(
    provider: Provider, party: RelyingParty, new_page: Callable[..., Page], axe: Callable[[Page], None]
) -> None:
    page = new_page("en", 390)
    virtual_authenticator(page)  # it holds no passkey
    page.goto(begin(party))
    assert not page.locator("[data-passkey-problem]").is_visible()
    page.click("form[data-passkey] button")
    page.wait_for_selector("[data-passkey-problem]:not([hidden])")
    axe(page)
    submit(page, username="wang", password=PASSWORD)
    assert page.locator("button[name=decision]").count() == 2


def test_without_scripts_the_password_path_is_whole(
    provider: Provider, party: RelyingParty, new_page: Callable[..., Page]
) -> None:
    page = new_page(scripts=False)
    page.goto(begin(party, acr_values="urn:tongban:loa:3"))
    assert not page.locator("form[data-passkey]").is_visible()
    submit(page, username="wang", password=PASSWORD)
    submit(page, otp=otp(provider))
    with page.expect_navigation():
        page.click("button[name=decision][value=allow]")
    assert "code=" in page.url


def test_staff_without_a_passkey_see_how_to_set_one_up(
    one_database_url: str,
    tmp_path: Path,
    new_page: Callable[..., Page],
    axe: Callable[[Page], None],
    serve_app: Callable[[Any], str],
) -> None:
    page = new_page()
    changes = {"issuer": "http://localhost:8400", "staff_passkey": "required"}
    with provider_at(one_database_url, tmp_path / "strict", **changes) as strict:
        base = serve_app(strict.app)
        page.goto(f"{base}/sign-in?for=admin&next=/admin")
        submit(page, username="officer", password=PASSWORD)
        assert page.locator('a[href="/account/security/passkeys/new"]').count() == 1
        axe(page)
