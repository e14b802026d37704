"""Who guesses waits; the rightful owner does not (SP 800-63B-4 §3.2.2, ADR 0018)."""

from __future__ import annotations

from typing import Any

import pytest

from idp.authentication.throttling import Throttle, TooManyTries
from idp.opening import derived
from tests.doubles.account import Account
from tests.doubles.authenticator import Authenticator
from tests.doubles.browser import Browser
from tests.doubles.identity_provider import NAMED, PASSWORD, Provider
from tests.doubles.provider_fixtures import Opened
from tests.doubles.relying_party import RelyingParty
from tests.unit.idp.test_passkeys import show
from tests.unit.idp.test_recovery import DELAY, NEW, ask, link, set_password, told

MINUTE, HOUR, DAY = 60, 3600, 86400


def sign_in(browser: Browser, username: str, password: str) -> Any:
    """What the first step answers, in the middle of somebody's sign-in."""
    page = browser.follow(browser.get(RelyingParty(browser.provider).authorize_url()))
    return browser.submit(page, username=username, password=password)


def guesses(provider: Provider, number: int, account: str = "", address: str = "") -> Any:
    """So many failures in a row, each after its wait: at one account from everywhere, or from one address at many."""
    throttle = Throttle(provider.database, provider.clock, derived(provider.keys, "throttle"))
    for each in range(number):
        whom, where = account or f"name{each}", address or f"198.51.{each}.9"
        while True:
            try:
                throttle.reserve(whom, where)
                break
            except TooManyTries as early:
                provider.clock.advance(early.seconds)
    return throttle


def wait(throttle: Throttle, account: str) -> int:
    """How long somebody at another address would have to wait; nothing is counted when they would."""
    try:
        throttle.reserve(account, "192.0.2.200")
    except TooManyTries as early:
        return early.seconds
    return 0


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(3, 0), (4, 2), (12, 512), (13, 15 * MINUTE), (49, 15 * MINUTE), (50, HOUR), (99, HOUR), (100, DAY), (120, DAY)],
)
def test_each_failure_at_an_account_waits_longer_up_to_a_day(
    either_provider: Provider, failures: int, seconds: int
) -> None:
    """SP 800-63B-4 §3.2.2: no more than 100 in a row. A guess a day after that is none."""
    throttle = guesses(either_provider, failures, account="wang")
    assert wait(throttle, "wang") == (seconds + 1 if seconds else 0)


def test_tries_that_were_given_back_buy_no_more_than_there_were(provider: Provider) -> None:
    throttle = guesses(provider, 0)
    throttle.reserve_one("user code of wang", "clerk")
    for _ in range(9):
        throttle.not_tried("user code of wang", "clerk")
    for _ in range(4):
        throttle.reserve_one("user code of wang", "clerk")
    with pytest.raises(TooManyTries):
        throttle.reserve_one("user code of wang", "clerk")


def test_after_recovery_the_owner_does_not_wait_for_what_strangers_guessed(either_provider: Provider) -> None:
    """On the device where the password was set, on any other, and while the strangers go on."""
    provider = either_provider
    ask(provider)
    told(provider)
    provider.clock.advance(DELAY)
    guesses(provider, 14, account="wang")
    path, browser = link(provider, "link"), Browser(provider, address="192.0.2.5")
    assert browser.submit(browser.get(path), new=NEW, again=NEW).status_code == 200
    assert sign_in(Browser(provider, address="192.0.2.6"), "wang", NEW).status_code == 200
    assert wait(guesses(provider, 14, account="wang"), "wang") > 0
    assert sign_in(browser, "wang", NEW).status_code == 200


def test_a_recovery_that_did_not_finish_forgets_nothing(provider: Provider) -> None:
    ask(provider)
    told(provider)
    provider.clock.advance(DELAY)
    throttle = guesses(provider, 14, account="wang")
    path = link(provider, "link")
    assert set_password(provider, path, "short").status_code == 422
    assert wait(throttle, "wang") > 0


def test_who_shares_an_address_does_not_keep_a_known_device_waiting(either_provider: Provider) -> None:
    """A whole office, a whole mobile network is one address; somebody in it guesses at names nobody has."""
    provider = either_provider
    owner = Account(provider, "wang")
    owner.open("/account")
    owner.browser.client.delete_cookie("idp-sso", domain="127.0.0.1")
    throttle = guesses(provider, 40, address=owner.browser.address)
    with pytest.raises(TooManyTries):
        throttle.reserve("another", owner.browser.address)
    assert sign_in(owner.browser, "wang", PASSWORD).status_code == 200
    with pytest.raises(TooManyTries):  # the owner's success is not the neighbour's
        throttle.reserve("another", owner.browser.address)


def test_a_known_device_has_a_count_of_its_own_and_buys_no_guesses_at_others(provider: Provider) -> None:
    owner = Account(provider, "wang")
    owner.open("/account")
    owner.browser.client.delete_cookie("idp-sso", domain="127.0.0.1")
    assert [sign_in(owner.browser, "wang", "guess").status_code for _ in range(5)] == [422] * 4 + [429]
    guesses(provider, 40, address=owner.browser.address)
    assert sign_in(owner.browser, "li", PASSWORD).status_code == 429


def test_nobody_keeps_a_passkey_waiting(opened: Opened) -> None:
    """Neither by names nor by answers that are none, from the same address: it cannot be guessed."""
    with opened(issuer=NAMED) as provider:
        passkey = Account(provider, "wang").add_passkey(Authenticator(NAMED))
        stranger, owner, url = Browser(provider), Browser(provider), RelyingParty(provider).authorize_url()
        page = stranger.follow(stranger.get(url))
        form = stranger.passkey_form(page)
        junk = [stranger.post(form.action, {**form.fields, "credential": "junk"}).status_code for _ in range(8)]
        assert junk == [422] * 8
        guesses(provider, 40, address=owner.address)
        assert sign_in(stranger, "wang", PASSWORD).status_code == 429
        assert show(owner, owner.follow(owner.get(url)), passkey).status_code == 200


@pytest.mark.parametrize("username", ["wang", "nobody"])
def test_a_long_wait_names_who_need_not_and_a_short_one_does_not(provider: Provider, username: str) -> None:
    guesses(provider, 4, account=username)
    short = sign_in(Browser(provider, address="192.0.2.7"), username, "guess")
    guesses(provider, 10, account=username)
    long = sign_in(Browser(provider, address="192.0.2.7"), username, "guess")
    assert (short.status_code, long.status_code) == (429, 429)
    assert ("通行密钥，不必等待" in short.text, "通行密钥，不必等待" in long.text) == (False, True)
    assert 'href="/recover"' in long.text
