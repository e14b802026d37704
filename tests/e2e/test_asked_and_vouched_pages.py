"""The pages of what a clerk asks a person (CIBA) and of other providers that vouch for them, by hand and eye."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from idp.model.person import NewPerson
from tests.doubles.identity_provider import PASSWORD, Provider
from tests.doubles.relying_party import RelyingParty
from tests.doubles.upstream import Upstream, upstream
from tests.e2e.conftest import ServeProvider
from tests.e2e.grounds import IDENTITY_PROVIDER, missed
from tests.e2e.looking import Look
from tests.e2e.test_agent_pages import sign_in
from tests.unit.idp.test_upstream import IDENTITY, described

REQUESTS = "/account/requests"
CIBA = {
    "grant_types": ["urn:openid:params:grant-type:ciba"],
    "redirect_uris": [],
    "backchannel_token_delivery_mode": "poll",
}


@pytest.fixture
def there() -> Iterator[Upstream]:
    with upstream() as state:
        yield state


@pytest.fixture
def provider(serve_provider: ServeProvider, there: Upstream, tmp_path: Path) -> Provider:
    running = serve_provider(upstreams=described(there, tmp_path))
    running.administration.people.add(NewPerson("chen", "小陈", PASSWORD))
    return running


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_what_is_asked_and_who_vouches_can_be_used_by_everybody(
    provider: Provider, there: Upstream, new_page: Callable[..., Page], look: Look, language: str
) -> None:
    chen = new_page(language)
    sign_in(chen, provider, "chen", REQUESTS)
    look(chen, "asked-nothing")
    window = RelyingParty(provider, **CIBA)
    provider.settle()
    window.form("/bc-authorize", {"scope": "openid profile", "login_hint": "chen", "binding_message": "A-17"})
    provider.take_up()
    chen.reload()
    look(chen, "asked")
    with chen.expect_navigation():
        chen.click(f'form[action^="{REQUESTS}/"] button.govuk-button')
    look(chen, "asked-question")
    with chen.expect_navigation():
        chen.click("button[name=decision][value=allow]")
    look(chen, "asked-answered")

    chen.goto(provider.settings.issuer + IDENTITY)
    look(chen, "vouched-offered")
    there.down.add("/.well-known/openid-configuration")
    chen.goto(f"{provider.settings.issuer}{IDENTITY}/upstream/national-id/begin")
    look(chen, "vouched-silent")
    chen.goto(f"{provider.settings.issuer}{IDENTITY}/upstream/national-id?code=c&state=s")
    look(chen, "vouched-nobody-s")
    chen.context.clear_cookies()
    chen.goto(f"{provider.settings.issuer}{IDENTITY}/upstream/national-id?code=c&state=s")
    look(chen, "vouched-signed-out")
    assert missed(provider.app, IDENTITY_PROVIDER, "asked", look.seen) == []
