"""Every entry of what people do themselves names who and by which command, in the members administrators' entries have
(`actor`, `command`), by the account's identifier and nothing personal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from idp.authentication.devices import Device
from idp.authentication.sessions import Limits, Sessions
from idp.model.assurance import Factor
from idp.store.sessions import end_of_person
from idp.store.tables import person
from kernel.entropy import SystemEntropy
from tests.doubles.account import Account
from tests.doubles.browser import Browser
from tests.doubles.identity_provider import WANG, Provider
from tests.doubles.relying_party import RelyingParty, detail, details

LIMITS = Limits(timedelta(hours=1), timedelta(hours=9))


def told(provider: Provider, name: str) -> tuple[Any, Any]:
    facts = provider.events(name)[-1]["facts"]
    return facts.get("actor"), facts.get("command")


@pytest.mark.parametrize(
    ("basis", "decision", "event"),
    [
        ("agreed", "allow", "ConsentGiven"),
        ("agreed", "deny", "ConsentWithheld"),
        ("rules-3", "allow", "NoticeShown"),
    ],
)
def test_what_is_answered_on_the_page_of_consent(provider: Provider, basis: str, decision: str, event: str) -> None:
    asked = details(detail(legal_basis=basis))
    party = RelyingParty(provider)
    Browser(provider).walk(party.pushed_url(authorization_details=asked), decision=decision)
    assert told(provider, event) == (provider.person("wang").id, "consent")


def test_signing_in_and_out(provider: Provider, browser: Browser) -> None:
    tokens = RelyingParty(provider).tokens(browser)
    browser.get(f"/logout?id_token_hint={tokens['id_token']}")
    wang = provider.person("wang").id
    assert told(provider, "SignedIn") == (wang, "sign-in")
    assert told(provider, "SignedOut") == (wang, "sign-out")


def test_signing_in_where_somebody_else_was(either_provider: Provider) -> None:
    """Their session ends with an entry about them, once, and only where it had not ended already."""
    provider, browser = either_provider, Browser(either_provider)
    wang, li = (provider.person(name).id for name in ("wang", "li"))
    party = RelyingParty(provider)
    browser.walk(party.authorize_url())
    sessions = Sessions(provider.database, provider.ledger, LIMITS, provider.clock, SystemEntropy())
    [before] = sessions.of_person(wang)
    provider.clock.advance(1)
    browser.walk(party.authorize_url(prompt="login"), username="li")
    [entry] = provider.events("SignedOut")
    assert entry["request"] == before.id
    assert entry["subject"] == provider.events("SignedIn")[0]["subject"]
    assert entry["facts"] == {"person": wang, "actor": li, "command": "sign-in"}
    Browser(provider).walk(party.authorize_url())
    [before] = sessions.of_person(wang)
    provider.database.write(
        lambda connection: end_of_person(connection, wang, provider.clock.now())
    )  # as recovery does
    sessions.signed_in(provider.person("li"), Factor.PASSWORD, None, before, Device("203.0.113.7", None, ""))
    assert len(sessions.of_person(li)) == 2
    assert provider.events("SignedOut") == [entry]


def test_signing_in_where_somebody_was_whose_seal_does_not_open(provider: Provider) -> None:
    """Their keys were replaced, say: whoever comes next is not kept out, and their session ends.

    Be it still in use, or idle; and by their own signing out.
    """
    party, (browser, idle, leaving) = RelyingParty(provider), [Browser(provider) for _ in range(3)]
    for each in (browser, idle, leaving):
        each.walk(party.authorize_url())
    spoilt = update(person).where(person.c.username == "wang").values(subject_sealed=bytes(64))
    provider.database.write(lambda connection: connection.execute(spoilt))
    assert browser.parameters_of(browser.get(party.authorize_url(prompt="none")))["error"] == "login_required"
    assert "password" in browser.follow(browser.get("/account")).text
    assert browser.walk(party.authorize_url(), username="li")["code"]
    assert "您已退出登录" in leaving.submit(leaving.get("/logout")).text
    provider.clock.advance(3600)
    assert idle.walk(party.authorize_url(), username="li")["code"]
    wang, li = (provider.person(name).id for name in ("wang", "li"))
    displaced, left = {"person": wang, "actor": li, "command": "sign-in"}, {"actor": wang, "command": "sign-out"}
    assert [each["facts"] for each in provider.events("SignedOut")] == [displaced, left, displaced]
    assert all("subject" not in each for each in provider.events("SignedOut"))


def test_the_authenticator_app(provider: Provider) -> None:
    account = Account(provider, "wang")
    page = account.open("/account/security/app/remove")
    account.browser.submit(page)
    assert told(provider, "AuthenticatorRemoved") == (provider.person("wang").id, "own-account")


def test_who_only_tried_is_named_as_nobody(provider: Provider) -> None:
    """A wrong password is typed by anybody: the account is named, and no actor."""
    browser = Browser(provider)
    page = browser.follow(browser.get(RelyingParty(provider).authorize_url()))
    for _ in range(3):
        page = browser.submit(page, username="wang", password="wrong and wrong again")
        provider.clock.advance(600)
    facts = provider.events("SignInFailed")[-1]["facts"]
    assert facts["person"] == provider.person("wang").id
    assert "actor" not in facts
    assert WANG.value not in repr(provider.events())
    assert "王小明" not in repr(provider.events())
