"""A session unused here in which a department still works (ADR 0017): nobody is signed in by it, and everything that
ends sessions ends this one, too."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.doubles.account import Account
from tests.doubles.browser import Browser, form_of, parameters
from tests.doubles.identity_provider import PASSWORD, Provider
from tests.doubles.relying_party import LOGGED_OUT, RelyingParty, claims_of

OUT = "https://market.example/out"
GOOD = "violet tram over granite"


@pytest.fixture
def market(either_provider: Provider) -> RelyingParty:
    return RelyingParty(either_provider, backchannel_logout_uri=OUT)


def worked_there(market: RelyingParty, browser: Browser, username: str = "wang") -> dict[str, Any]:
    """Forty minutes at the department alone: its newest tokens, the first ID token with them."""
    tokens = first = market.redeem(browser.walk(market.authorize_url(), username=username)["code"]).json
    for _ in range(4):
        market.provider.clock.advance(10 * 60)
        market.provider.sweeper().sweep()
        tokens = market.refresh(tokens["refresh_token"]).json
    return {**first, **tokens}


def is_over(market: RelyingParty, tokens: dict[str, Any]) -> bool:
    """The department was told once, and gets nothing more."""
    market.provider.delivery().round()
    told = [url for url, _ in market.provider.departments.told]
    refused = market.refresh(tokens["refresh_token"]).status_code == 400
    assert refused is bool(told)
    return refused and told == [OUT]


def test_it_counts_as_signed_in_nowhere(market: RelyingParty) -> None:
    browser = Browser(market.provider)
    worked_there(market, browser)
    back = parameters(browser.get(market.authorize_url(prompt="none")).headers["Location"])
    assert back["error"] == "login_required"
    assert browser.get("/account").status_code == 303


@pytest.mark.parametrize("hinted", [True, False])
def test_S2_signing_out_ends_it_and_tells_the_department(market: RelyingParty, hinted: bool) -> None:
    browser = Browser(market.provider)
    tokens = worked_there(market, browser)
    if hinted:
        hint = f"id_token_hint={tokens['id_token']}&post_logout_redirect_uri={LOGGED_OUT}"
        assert browser.get(f"/logout?{hint}").headers["Location"] == LOGGED_OUT
    else:
        page = browser.get("/logout")
        assert form_of(page).action == "/logout/confirm"
        browser.submit(page)
    assert is_over(market, tokens)
    assert len(market.provider.events("SignedOut")) == 1


def test_A9_another_persons_sign_in_ends_it(market: RelyingParty) -> None:
    browser = Browser(market.provider)
    tokens = worked_there(market, browser)
    browser.walk(market.authorize_url(), username="li")
    assert is_over(market, tokens)


def test_A9_the_same_persons_sign_in_goes_on_in_it(market: RelyingParty) -> None:
    """One browser, one session: signing out ends what was allowed before and after."""
    browser = Browser(market.provider)
    tokens = worked_there(market, browser)
    again = market.tokens(browser)
    assert claims_of(again["id_token"])["sid"] == claims_of(tokens["id_token"])["sid"]
    browser.get(f"/logout?id_token_hint={again['id_token']}")
    assert is_over(market, tokens)
    assert market.refresh(again["refresh_token"]).status_code == 400


def test_S2_it_is_among_the_places_where_one_is_signed_in_and_ends_there(market: RelyingParty) -> None:
    tokens = worked_there(market, Browser(market.provider))
    here = Account(market.provider, "wang")
    page = here.open("/account/sessions")
    [there] = set(re.findall(r'href="(/account/sessions/[^"]*/end)"', page.text)) - {"/account/sessions/others/end"}
    here.browser.submit(here.open(there))
    assert is_over(market, tokens)


def test_S2_signing_out_everywhere_else_ends_it(market: RelyingParty) -> None:
    tokens = worked_there(market, Browser(market.provider))
    here = Account(market.provider, "wang")
    here.browser.submit(here.open("/account/sessions/others/end"))
    assert is_over(market, tokens)


def test_S2_a_new_password_ends_it_on_demand(market: RelyingParty) -> None:
    tokens = worked_there(market, Browser(market.provider))
    here = Account(market.provider, "wang")
    page = here.open("/account/security/password")
    assert here.browser.submit(page, password=PASSWORD, new=GOOD, again=GOOD, others="end").status_code == 200
    assert is_over(market, tokens)


def test_what_neither_browser_nor_department_uses_is_no_place_where_one_is_signed_in(either_provider: Provider) -> None:
    """Before any node has looked: it is not shown, and a sign-out in its browser is told like any other."""
    short = RelyingParty(either_provider, backchannel_logout_uri=OUT, grant_types=["authorization_code"])
    browser = Browser(either_provider)
    tokens = short.tokens(browser)
    either_provider.clock.advance(31 * 60)
    page = Account(either_provider, "wang").open("/account/sessions")
    assert set(re.findall(r'href="(/account/sessions/[^"]*/end)"', page.text)) <= {"/account/sessions/others/end"}
    browser.get(f"/logout?id_token_hint={tokens['id_token']}")
    assert [url for url, _ in either_provider.departments.told] == [OUT]
