"""The pages of representatives and agents, in both languages and widths, by hand and eye."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.doubles.identity_provider import LI, PASSWORD, SERVICE_ITEM, WANG, Provider
from tests.doubles.relying_party import RelyingParty
from tests.e2e.conftest import ServeProvider
from tests.e2e.grounds import IDENTITY_PROVIDER, missed
from tests.e2e.looking import Look
from tests.e2e.test_account_pages import otp, submit
from tests.unit.idp.test_representations import NAME, PAGE, SCOPE, SHOP


@pytest.fixture
def provider(serve_provider: ServeProvider) -> Provider:
    running = serve_provider()
    running.businesses.entries[SHOP] = (LI.value, NAME)
    return running


def sign_in(page: Page, provider: Provider, username: str, path: str) -> None:
    page.goto(provider.settings.issuer + path)
    submit(page, username=username, password=PASSWORD)
    if page.locator("#otp").count():
        submit(page, otp=otp(provider))


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_appointing_confirming_and_choosing_can_be_used_by_everybody(
    provider: Provider, new_page: Callable[..., Page], look: Look, language: str
) -> None:
    look.names = lambda: (NAME, "王小明", "李丽")
    li = new_page(language)
    sign_in(li, provider, "li", PAGE)
    submit(li, button='form[action$="/representations"] button.govuk-button', code="1")
    look(li, "representation-refused")
    submit(li, button='form[action$="/representations"] button.govuk-button', code=SHOP)
    li.locator('a[href$="/agents/new"]').click()
    look(li, "agent-new")
    submit(li)
    look(li, "agent-new-refused")
    li.check("input[name=matters][value=some]")
    submit(li, name="王小明", number=WANG.value, items=SERVICE_ITEM)
    look(li, "agent-awaited")

    wang = new_page(language)
    sign_in(wang, provider, "wang", PAGE)
    look(wang, "agent-asked")
    with wang.expect_navigation():
        wang.click("button[name=decision][value=confirm]")
    look(wang, "agent-confirmed")
    shop = RelyingParty(provider, scope=SCOPE)
    wang.goto(provider.settings.issuer + shop.authorize_url(scope=SCOPE))
    look(wang, "agent-acting")
    with wang.expect_navigation():
        wang.click('button[name=acting][value^="apt_"]')
    look(wang, "agent-consent")
    assert NAME in wang.content()
    assert missed(provider.app, IDENTITY_PROVIDER, "agents", look.seen) == []
