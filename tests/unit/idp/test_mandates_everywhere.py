"""`mandate` by every grant that issues for a person, and what the register says meanwhile (ADR 0028)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.doubles.account import Account
from tests.doubles.browser import Browser
from tests.doubles.identity_provider import LI, WANG, Provider, citizen
from tests.doubles.relying_party import RelyingParty, claims_of
from tests.security.test_token_exchange import GRANTS, exchange
from tests.unit.idp.test_ciba import Window, signed_in, with_requests
from tests.unit.idp.test_device_flow import Terminal, enter
from tests.unit.idp.test_representations import (
    NAME,
    SCOPE,
    SHOP,
    add,
    choice,
    end,
    entity,
    finish,
    tokens_for_the_shop,
)

RECHECK = timedelta(minutes=5)
REGISTERED = "openid profile mandate cases"


@pytest.fixture
def li(provider: Provider) -> Account:
    provider.businesses.entries[SHOP] = (LI.value, NAME)
    account = Account(provider, "li")
    assert add(account).status_code == 200
    return account


@pytest.fixture
def shop(li: Account) -> RelyingParty:
    return RelyingParty(li.provider, scope=REGISTERED)


def decided(li: Account, page: Any) -> Any:
    """From any page of a request that is answered elsewhere: act for the shop, and agree."""
    browser: Browser = li.browser
    while 'name="acting"' not in page.text:
        page = browser.submit(page, **browser._answers(page, "li", li.password, "allow", None))
    return browser.submit(browser.submit(page, acting=entity(page)), decision="allow")


def replaced(provider: Provider) -> None:
    """The register names somebody else from now on."""
    provider.businesses.entries[SHOP] = (WANG.value, NAME)
    provider.clock.advance(RECHECK.total_seconds())


def test_the_device_flow(li: Account) -> None:
    """RFC 8628: the terminal's token says for whom, and so does what it refreshes."""
    terminal = Terminal(li.provider, scope=REGISTERED)
    asked = terminal.ask(scope=SCOPE).json
    decided(li, enter(li.browser, asked["user_code"]))
    tokens = terminal.poll(asked["device_code"])
    assert tokens.status_code == 200, tokens.text
    said = [claims_of(tokens.json[each])["mandate"] for each in ("access_token", "id_token")]
    assert said[0]["principal"]["value"] == SHOP
    assert said[0] == said[1]
    again = terminal.refresh(tokens.json["refresh_token"])
    assert claims_of(again.json["access_token"])["mandate"] == said[0]
    end(li)
    assert terminal.refresh(again.json["refresh_token"]).json["error"] == "invalid_grant"


def test_a_terminal_polls_in_vain_once_the_mandate_has_ended(li: Account) -> None:
    terminal = Terminal(li.provider, scope=REGISTERED)
    asked = terminal.ask(scope=SCOPE).json
    decided(li, enter(li.browser, asked["user_code"]))
    end(li)
    assert terminal.poll(asked["device_code"]).json["error"] == "invalid_grant"


def test_ciba(li: Account) -> None:
    """CIBA Core 1.0: the clerk learns for whom the person on the phone acts."""
    window = Window(li.provider, scope=REGISTERED)
    asked = window.ask(scope=SCOPE, login_hint="li").json
    page = signed_in(li.browser, "li")
    decided(li, li.browser.submit(with_requests(li.browser, page)))
    tokens = window.poll(asked["auth_req_id"])
    assert tokens.status_code == 200, tokens.text
    mandate = claims_of(tokens.json["access_token"])["mandate"]
    assert (mandate["principal"]["value"], mandate["capacity"]) == (SHOP, "legal-representative")
    again = window.refresh(tokens.json["refresh_token"])
    assert claims_of(again.json["access_token"])["mandate"] == mandate
    end(li)
    assert window.refresh(again.json["refresh_token"]).json["error"] == "invalid_grant"


def test_token_exchange(li: Account) -> None:
    """RFC 8693: what comes out acts for the same entity, and nothing comes out once the right has ended."""
    provider = li.provider
    system = RelyingParty(provider, grant_types=GRANTS, scope=REGISTERED)
    website = RelyingParty(provider, grant_types=GRANTS, tongban_may_act=[system.id], scope=REGISTERED)
    answer = tokens_for_the_shop(li, website)
    out = exchange(system, answer["access_token"])
    assert out.status_code == 200, out.text
    before, after = claims_of(answer["access_token"]), claims_of(out.json["access_token"])
    assert after["mandate"] == before["mandate"]
    assert after["act"] == {"sub": system.id}
    fresh = website.refresh(answer["refresh_token"]).json["access_token"]
    replaced(provider)
    refused = exchange(system, fresh)
    assert (refused.status_code, refused.json["error"]) == (400, "invalid_grant")


def test_whoever_is_replaced_in_the_register_gets_no_token_any_more(li: Account, shop: RelyingParty) -> None:
    """The next issuance asks again: the right ends there, with live access tokens and codes, and is recorded."""
    answer, provider = tokens_for_the_shop(li, shop), li.provider
    page = choice(li.browser, shop)
    provider.businesses.entries[SHOP] = (citizen(77).value, NAME)
    again = shop.refresh(answer["refresh_token"])
    assert again.status_code == 200  # the last look counts for five minutes
    provider.clock.advance(RECHECK.total_seconds())
    refused = shop.refresh(again.json["refresh_token"])
    assert (refused.status_code, refused.json["error"]) == (400, "invalid_grant")
    provider.settle()
    assert shop.introspect(again.json["access_token"]) == {"active": False}
    [entry] = provider.events("RepresentationLapsed")
    assert entry["facts"]["person"] == provider.person("li").id
    assert (entry["facts"]["actor"], entry["facts"]["command"]) == ("provider", "register-watch")
    assert entry["subject"]
    assert "rep_" not in li.browser.submit(page, acting=entity(page)).text
    assert NAME not in li.open("/account/representations").text


def test_the_page_of_choice_asks_the_register_again(li: Account, shop: RelyingParty) -> None:
    page = choice(li.browser, shop)
    replaced(li.provider)
    again = li.browser.submit(page, acting=entity(page))
    assert 'name="acting"' in again.text
    assert "rep_" not in again.text
    assert len(li.provider.events("RepresentationLapsed")) == 1


def test_a_silent_register_lets_nothing_be_issued_and_ends_nothing(li: Account, shop: RelyingParty) -> None:
    answer, provider = tokens_for_the_shop(li, shop), li.provider
    provider.businesses.silent = True
    provider.clock.advance(RECHECK.total_seconds())
    refused = shop.refresh(answer["refresh_token"])
    assert (refused.status_code, refused.json["error"]) == (503, "temporarily_unavailable")
    assert refused.headers["Retry-After"]
    provider.businesses.silent = False
    assert shop.refresh(answer["refresh_token"]).status_code == 200
    assert provider.events("RepresentationLapsed") == []


@pytest.mark.parametrize("asker", ["device", "backchannel"])
def test_a_silent_register_refuses_nobody_who_waits(li: Account, asker: str) -> None:
    """RFC 8628 §3.5, CIBA Core 1.0 §11: the person is asked to try again, and whoever polls goes on waiting."""
    provider, browser = li.provider, li.browser
    provider.clock.advance(RECHECK.total_seconds())
    waits: Terminal | Window
    if asker == "device":
        waits = Terminal(provider, scope=REGISTERED)
        asked = waits.ask(scope=SCOPE).json
        secret, page = asked["device_code"], enter(browser, asked["user_code"])
    else:
        waits = Window(provider, scope=REGISTERED)
        secret = waits.ask(scope=SCOPE, login_hint="li").json["auth_req_id"]
        page = browser.submit(with_requests(browser, signed_in(browser, "li")))
    while 'name="acting"' not in page.text:
        page = browser.submit(page, **browser._answers(page, "li", li.password, "allow", None))
    provider.businesses.silent = True
    told = browser.submit(page, acting=entity(page))
    assert (told.status_code, told.headers["Retry-After"]) == (503, "30")
    assert waits.poll(secret).json["error"] == "authorization_pending"
    provider.businesses.silent = False
    decided(li, page)
    provider.clock.advance(10)
    tokens = waits.poll(secret)
    assert tokens.status_code == 200, tokens.text
    assert claims_of(tokens.json["access_token"])["mandate"]["principal"]["value"] == SHOP


def test_one_look_counts_for_a_while(li: Account, shop: RelyingParty) -> None:
    """A department that refreshes often does not ask the register each time."""
    answer, asked = tokens_for_the_shop(li, shop), []
    represents = li.provider.businesses.represents
    object.__setattr__(li.provider.businesses, "represents", lambda *given: asked.append(given) or represents(*given))
    refresh = answer["refresh_token"]
    for _ in range(4):
        li.provider.clock.advance(100)
        refresh = shop.refresh(refresh).json["refresh_token"]
    assert len(asked) == 1


def test_whoever_acts_for_themselves_is_never_asked_about(li: Account, shop: RelyingParty) -> None:
    page = choice(li.browser, shop)
    own = finish(li.browser, li.browser.submit(page, acting="self"), shop).json
    li.provider.businesses.silent = True
    li.provider.clock.advance(RECHECK.total_seconds())
    assert shop.refresh(own["refresh_token"]).status_code == 200
