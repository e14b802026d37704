"""What a person is told and asked: who, what, why, by which right; each answer recorded, none pretended."""

from __future__ import annotations

from typing import Any

import pytest

from tests.doubles.browser import Browser, form_of, parameters
from tests.doubles.identity_provider import PASSWORD, Provider
from tests.doubles.relying_party import RelyingParty, detail, details


def at_consent(party: RelyingParty, browser: Browser, language: str = "zh", **changes: Any) -> Any:
    """The consent page of a pushed request."""
    url = party.pushed_url(**({"scope": "openid"} | changes))
    page = browser.submit(browser.follow(browser.get(url)), username="wang", password=PASSWORD)
    return browser.get(form_of(page).action.rsplit("/", 1)[0], **{"Accept-Language": language})


def test_a_statutory_use_is_a_notice_and_recorded_as_one(either_provider: Provider) -> None:
    party, browser = RelyingParty(either_provider), Browser(either_provider)
    page = at_consent(party, browser, authorization_details=details())
    for words in (
        "请知悉",
        "开办餐馆",
        "户口簿",
        "公安局",
        "市场监督管理局",
        "姓名",
        "住址",
        "办法第三条",
        "无须您同意",
    ):
        assert words in page.text, words
    assert {"decision"} <= form_of(page).names
    browser.submit(page, decision="allow")
    assert "code" in parameters(browser.left_for or "")
    [shown] = either_provider.events("NoticeShown")
    assert shown["facts"]["allowed"] is True
    assert "subject" in shown
    assert either_provider.events("ConsentWithheld") == []


def test_a_use_by_consent_asks_and_records_the_answer(provider: Provider) -> None:
    party = RelyingParty(provider)
    asked = details(detail(legal_basis="agreed"))
    for decision, name, outcome in (("allow", "ConsentGiven", "code"), ("deny", "ConsentWithheld", "error")):
        browser = Browser(provider)
        page = at_consent(party, browser, "en", authorization_details=asked)
        assert "Do you agree?" in page.text
        assert "only if you agree" in page.text
        browser.submit(page, decision=decision)
        assert outcome in parameters(browser.left_for or "")
        recorded = [event for event in provider.events(name) if "detail" in event["facts"]]
        assert [event["facts"]["allowed"] for event in recorded] == [decision == "allow"]


def test_a_notice_can_still_be_declined(provider: Provider) -> None:
    party, browser = RelyingParty(provider), Browser(provider)
    browser.submit(at_consent(party, browser, authorization_details=details()), decision="deny")
    assert parameters(browser.left_for or "")["error"] == "access_denied"
    assert provider.events("NoticeShown")[0]["facts"]["allowed"] is False


@pytest.mark.parametrize("decision", ["", "yes", "ALLOW", "allow "])
def test_anything_but_allow_is_no(provider: Provider, decision: str) -> None:
    party, browser = RelyingParty(provider), Browser(provider)
    browser.submit(at_consent(party, browser), decision=decision)
    assert parameters(browser.left_for or "")["error"] == "access_denied"


def test_nobody_agrees_to_what_has_no_words(provider: Provider) -> None:
    party, browser = RelyingParty(provider), Browser(provider)
    for unknown in (
        detail(legal_basis="unheard-of"),
        detail(evidence=[{"type": "unheard-of", "fields": ["a"]}]),
        detail(evidence=[{"type": "household-register", "fields": ["unheard-of"]}]),
    ):
        back = browser.walk(party.pushed_url(scope="openid", authorization_details=details(unknown)))
        assert back["error"] == "invalid_authorization_details"


def test_an_exchange_that_does_not_answer_is_a_page_to_reload(provider: Provider) -> None:
    party, browser = RelyingParty(provider), Browser(provider)
    provider.exchange.reachable = False
    page = browser.follow(browser.get(party.pushed_url(scope="openid", authorization_details=details())))
    page = browser.submit(page, username="wang", password=PASSWORD)
    assert (page.status_code, page.mimetype) == (503, "text/html")
    provider.exchange.reachable = True
    assert "code" in browser.walk(party.pushed_url(scope="openid", authorization_details=details()))


def test_yes_no_questions_are_shown_as_such(provider: Provider) -> None:
    party, browser = RelyingParty(provider), Browser(provider)
    asked = details(detail(evidence=[{"type": "household-register", "predicates": ["is-local"]}]))
    page = at_consent(party, browser, authorization_details=asked)
    assert "只回答是或否" in page.text
    assert "将提供的内容" not in page.text


def test_other_words_than_those_that_were_read_are_shown_first(provider: Provider, browser: Browser) -> None:
    party = RelyingParty(provider)
    page = browser.follow(browser.get(party.authorize_url()))
    page = browser.submit(page, username="wang", password=PASSWORD)
    clients = provider.administration.clients
    clients.update(party.id, clients.show(party.id) | {"client_name#zh-CN": "另一网站"})
    provider.settle()
    page = browser.submit(page, decision="allow")
    assert "另一网站" in page.text
    assert not provider.events("ConsentGiven")
    provider.clock.advance(60)
    browser.submit(page, decision="allow")
    assert "code" in browser.sent_back()


def test_plain_scopes_are_in_words_and_remembered(party: RelyingParty, browser: Browser) -> None:
    page = browser.submit(browser.follow(browser.get(party.authorize_url())), username="wang", password=PASSWORD)
    assert "您的姓名和实名等级" in page.text
    assert "王小明" in page.text
    assert "openid" not in page.text
    browser.submit(page, decision="allow")
    assert "code" in parameters(browser.get(party.authorize_url()).headers["Location"])
    assert browser.provider.events("ConsentGiven")[0]["facts"]["scope"] == "openid profile"


def test_what_was_declined_is_not_remembered(party: RelyingParty, browser: Browser) -> None:
    browser.walk(party.authorize_url(), decision="deny")
    back = parameters(browser.get(party.authorize_url(prompt="none")).headers["Location"])
    assert back["error"] == "consent_required"


def test_no_entry_holds_a_name_or_a_number(provider: Provider) -> None:
    party, browser = RelyingParty(provider), Browser(provider)
    browser.walk(party.pushed_url(scope="openid profile", authorization_details=details()))
    everything = repr(provider.events())
    assert "王小明" not in everything
    assert "500199" not in everything
