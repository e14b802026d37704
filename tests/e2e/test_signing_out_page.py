"""Signing out in a real browser: who confirmed, who did not answer yet, and looking again without scripts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Page

from idp.logout.delivery import DELAYS
from kernel.outbound import OutboundFailed
from tests.doubles.identity_provider import PASSWORD, URBAN, Provider
from tests.doubles.relying_party import RelyingParty, public_client
from tests.e2e.grounds import IDENTITY_PROVIDER, missed
from tests.e2e.looking import Look

OUT = "https://{}.example/out"


@pytest.fixture
def provider(serve_provider: Callable[..., Provider]) -> Provider:
    """A provider that answers at its own issuer address."""
    return serve_provider()


def website(provider: Provider, name: str, at: str = "", **metadata: Any) -> RelyingParty:
    back = (at or provider.settings.issuer.replace("127.0.0.1", "localhost")) + f"/{name}"
    return public_client(provider, redirect_uris=[back], post_logout_redirect_uris=[back], **metadata)


def sign_in(page: Page, party: RelyingParty) -> str:
    """Sign in at a website; its ID token."""
    [back] = party.registered["redirect_uris"]
    page.goto(party.provider.settings.issuer + party.authorize_url(redirect_uri=back))
    if page.locator("#password").count():
        page.fill("#username", "wang")
        page.fill("#password", PASSWORD)
        with page.expect_navigation():
            page.click("form .govuk-button:not(.govuk-password-input__toggle)")
    with page.expect_navigation():
        page.click("button[name=decision][value=allow]")
    code = page.url.partition("code=")[2].partition("&")[0]
    return str(party.redeem(code, redirect_uri=back).json["id_token"])


@pytest.mark.parametrize(("language", "scripts"), [("zh-CN", True), ("en", True), ("en", False)])
def test_the_page_says_who_answered_and_can_be_looked_at_again(
    provider: Provider, new_page: Callable[..., Page], look: Look, language: str, scripts: bool
) -> None:
    page = new_page(language, scripts=scripts)
    market = website(provider, "market", backchannel_logout_uri=OUT.format("market"))
    urban = website(
        provider, "urban", backchannel_logout_uri=OUT.format("urban"), tongban_organisation=URBAN,
        client_name="Urban website", **{"client_name#zh-CN": "城市管理网站"},
    )  # fmt: skip
    untold = website(provider, "untold", client_name="Old website", **{"client_name#zh-CN": "旧网站"})
    hint = sign_in(page, market)
    sign_in(page, urban)
    sign_in(page, untold)
    provider.departments.answers[OUT.format("urban")] = OutboundFailed("away")
    [back] = market.registered["redirect_uris"]
    page.goto(f"{provider.settings.issuer}/logout?id_token_hint={hint}&post_logout_redirect_uri={back}")
    tags = [text.strip() for text in page.locator(".govuk-tag").all_inner_texts()]
    assert tags.count("尚未答复" if language == "zh-CN" else "No answer yet") == 1
    assert len(tags) == 3
    look(page, "signing-out", scripts=scripts)
    provider.departments.answers.clear()
    provider.clock.advance(DELAYS[0].total_seconds())
    provider.delivery().round()
    with page.expect_navigation():
        page.click("a[href*='/logout/status']")
    assert page.locator(".tongban-tag--near").count() == 0
    assert page.locator(f'a[href="{back}"]').count() == 1
    look(page, "signed-out", scripts=scripts)
    assert missed(provider.app, IDENTITY_PROVIDER, "signing out", look.seen) == []


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_department_that_is_told_by_the_browser(
    provider: Provider, new_page: Callable[..., Page], look: Look, serve_app: Callable[..., str], language: str
) -> None:
    """OpenID Connect Front-Channel Logout 1.0 §3: loaded in a frame, with the issuer and the session."""
    told: list[dict[str, list[str]]] = []

    def department(environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        if environ["PATH_INFO"] == "/out":
            told.append(parse_qs(environ["QUERY_STRING"]))
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [b"<!doctype html><html lang=en><title>Signed out</title>"]

    at = serve_app(department)
    page = new_page(language)
    told_there = website(provider, "market", at, frontchannel_logout_uri=f"{at}/out")
    hint = sign_in(page, told_there)
    page.goto(f"{provider.settings.issuer}/logout?id_token_hint={hint}", wait_until="networkidle")
    look(page, "signing-out-frames")
    [said] = told
    assert said["iss"] == [provider.settings.issuer]
    assert said["sid"] != [""]
