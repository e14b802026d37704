"""The identity provider's pages in a real browser: both languages, phone and desktop, with and without scripts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from urllib.parse import parse_qsl

import pyotp
import pytest
from playwright.sync_api import Page

from tests.doubles.identity_provider import PASSWORD, TOTP_SECRET, Provider
from tests.doubles.relying_party import RelyingParty, details, public_client
from tests.e2e.grounds import IDENTITY_PROVIDER, missed
from tests.e2e.looking import Look


@pytest.fixture
def provider(serve_provider: Callable[..., Provider]) -> Provider:
    """A provider that answers at its own issuer address."""
    return serve_provider()


@pytest.fixture
def party(provider: Provider) -> RelyingParty:
    """A website at another origin (localhost is not 127.0.0.1)."""
    back = provider.settings.issuer.replace("127.0.0.1", "localhost") + "/"
    return public_client(provider, redirect_uris=[back], post_logout_redirect_uris=[back])


def begin(party: RelyingParty) -> str:
    """The address a department sends the browser to."""
    [back] = party.registered["redirect_uris"]
    pushed = party.pushed_url(
        redirect_uri=back, acr_values="urn:tongban:loa:3", authorization_details=details(), scope="openid profile"
    )
    return party.provider.settings.issuer + pushed


def submit(page: Page, **fields: str) -> None:
    for name, value in fields.items():
        page.fill(f"#{name}", value)
    with page.expect_navigation():
        page.click("form .govuk-button:not(.govuk-password-input__toggle)")


@pytest.mark.parametrize(("language", "scripts"), [("zh-CN", True), ("en", True), ("en", False)])
def test_a_person_walks_through_every_page(
    provider: Provider, party: RelyingParty, new_page: Callable[..., Page], look: Look, language: str, scripts: bool
) -> None:
    page, seen = new_page(language, scripts=scripts), look.seen
    look = partial(look, scripts=scripts)
    page.goto(begin(party))
    look(page, "interaction-sign-in")
    submit(page, username="wang", password="wrong")
    assert page.title().startswith(("错误：", "Error: "))
    look(page, "interaction-sign-in-wrong")
    submit(page, username="wang", password=PASSWORD)
    look(page, "interaction-code")
    submit(page, otp="000000")
    look(page, "interaction-code-wrong")
    provider.clock.advance(30)
    submit(page, otp=pyotp.TOTP(TOTP_SECRET).at(provider.clock.now()))
    look(page, "interaction-consent")
    assert page.locator("html").get_attribute("lang") == language
    with page.expect_navigation():
        page.click("button[name=decision][value=allow]")
    assert page.url.startswith("http://localhost:")
    assert "code=" in page.url

    page.goto(provider.settings.issuer + "/")
    look(page, "home")
    page.goto(provider.settings.issuer + "/logout")
    look(page, "logout")
    submit(page)
    look(page, "logged-out")
    page.goto(provider.settings.issuer + "/authorize?client_id=unknown")
    look(page, "authorize-refused")
    assert "invalid_request" in page.content()
    page.goto(provider.settings.issuer + "/interaction/unknown")
    look(page, "interaction-unknown")
    assert missed(provider.app, IDENTITY_PROVIDER, "sign-in", seen) == []


@pytest.mark.parametrize(("language", "scripts"), [("zh-CN", True), ("zh-CN", False), ("en", False)])
def test_a_sign_out_that_another_site_posts_finds_the_session(
    provider: Provider, new_page: Callable[..., Page], look: Look, language: str, scripts: bool
) -> None:
    """SameSite=Lax keeps the cookie back from another site's POST; a page of ours sends the request on."""
    page = new_page(language, scripts=scripts)
    page.goto(provider.settings.issuer + "/account")
    submit(page, username="wang", password=PASSWORD)
    there = provider.settings.issuer.replace("127.0.0.1", "localhost")  # another site
    page.route(f"{there}/*", lambda route: route.fulfill(body=leaving(route.request.url), content_type="text/html"))

    def leaving(at: str) -> str:
        path = "/logout?sent-on=1" if at.endswith("marked") else "/logout"
        return f'<form method="post" action="{provider.settings.issuer}{path}"><button>out</button></form>'

    page.goto(f"{there}/marked")  # as if a page of ours had sent it on
    page.click("button")
    look(page, "logout-unseen", scripts=scripts)
    assert provider.events("SignedOut") == []
    page.goto(f"{there}/leaving")
    page.click("button")
    if not scripts:
        look(page, "sent-on", scripts=scripts)
        submit(page)
    page.wait_for_url("**/logout?sent-on=1")
    look(page, "logout-sent-on", scripts=scripts)
    submit(page)
    assert len(provider.events("SignedOut")) == 1


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_form_that_was_shown_to_somebody_else_changes_nothing(
    provider: Provider, new_page: Callable[..., Page], look: Look, language: str
) -> None:
    """ADR 0103: the person in front is told that another one is signed in by now."""
    page, at = new_page(language), f"{provider.settings.issuer}/account/security/channels/new"
    page.goto(at)
    submit(page, username="li", password=PASSWORD)
    another = page.context.new_page()
    another.goto(f"{provider.settings.issuer}/logout")
    submit(another)
    another.goto(at)
    submit(another, username="wang", password=PASSWORD)
    submit(another, otp=pyotp.TOTP(TOTP_SECRET).at(provider.clock.now()))
    submit(page, contact="li@example.org")
    look(page, "form-of-another")
    assert page.locator("h1").inner_text() == (
        "You are signed in as somebody else now" if language == "en" else "现在登录的已经不是同一个人"
    )
    assert provider.events("ContactAdded") == []


@pytest.mark.parametrize(("language", "width", "scripts"), [("zh-CN", 390, True), ("en", 1200, False)])
def test_an_answer_travels_as_a_form(
    provider: Provider, party: RelyingParty, new_page: Callable[..., Page], axe: Callable[[Page], None],
    language: str, width: int, scripts: bool,
) -> None:  # fmt: skip
    """The account chooser and the form_post page; the form goes by itself, or by its button where scripts are off."""
    page = new_page(language, width, scripts=scripts)
    [back] = party.registered["redirect_uris"]
    asked = {"redirect_uri": back, "response_mode": "form_post", "state": '"><b>'}
    page.goto(provider.settings.issuer + party.authorize_url(redirect_uri=back))
    submit(page, username="li", password=PASSWORD)
    with page.expect_navigation():
        page.click("button[name=decision][value=allow]")
    provider.clock.advance(1)
    page.goto(provider.settings.issuer + party.authorize_url(**asked, prompt="select_account"))
    if scripts:
        axe(page)
    assert "li" in page.content()
    with page.expect_request(lambda sent: sent.method == "POST" and sent.url == back) as posted:
        page.click("button[name=account][value=this]")
        if not scripts:
            page.click("#form-post button")
    carried = dict(parse_qsl(posted.value.post_data or ""))
    assert carried.keys() == {"code", "state", "iss"}
    assert carried["state"] == asked["state"]


def test_the_keyboard_alone_is_enough(provider: Provider, party: RelyingParty, page: Page) -> None:
    page.goto(begin(party))
    page.focus("#username")
    page.keyboard.type("wang")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.focus("#otp")
    provider.clock.advance(30)
    page.keyboard.type(pyotp.TOTP(TOTP_SECRET).at(provider.clock.now()))
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.focus("button[name=decision][value=allow]")
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "error=access_denied" in page.url


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_person_answers_a_terminal_on_the_phone(
    provider: Provider, new_page: Callable[..., Page], look: Look, language: str
) -> None:
    """RFC 8628 §3.3: type the code, sign in, see whose terminal it is, agree."""
    grant = "urn:ietf:params:oauth:grant-type:device_code"
    terminal = public_client(provider, grant_types=[grant], redirect_uris=[])
    asked = terminal.form("/device_authorization", {"scope": "openid profile"}).json
    page = new_page(language, 390)
    page.goto(provider.settings.issuer + "/device")
    look(page, "device")
    submit(page, user_code="BBBB-BBBB")
    assert page.title().startswith(("错误：", "Error: "))
    look(page, "device-unknown-code")
    page.goto(asked["verification_uri_complete"])
    assert page.input_value("#user_code") == asked["user_code"]
    submit(page)
    submit(page, username="wang", password=PASSWORD)
    look(page, "device-consent")
    assert page.locator(".govuk-warning-text").count() == 1
    with page.expect_navigation():
        page.click("button[name=decision][value=allow]")
    look(page, "device-done")
    assert missed(provider.app, IDENTITY_PROVIDER, "terminal", look.seen) == []
    polled = terminal.form("/token", {"grant_type": grant, "device_code": asked["device_code"]})
    assert polled.status_code == 200
