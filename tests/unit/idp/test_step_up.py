"""The step-up challenge at userinfo, end to end (RFC 9470)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.doubles.browser import Browser
from tests.doubles.identity_provider import ISSUER, Provider
from tests.doubles.provider_fixtures import Opened
from tests.doubles.relying_party import RelyingParty


@pytest.fixture
def strict(opened: Opened) -> Iterator[Provider]:
    """A provider whose userinfo endpoint wants two factors."""
    with opened(userinfo_level=3) as running:
        yield running


def userinfo(party: RelyingParty, token: str) -> Any:
    return party.http.get("/userinfo", headers={"Authorization": f"Bearer {token}"}, base_url=ISSUER)


def test_the_challenge_says_which_sign_in_would_do_and_repeating_with_it_succeeds(strict: Provider) -> None:
    """RFC 9470 §3 and §4."""
    party, browser = RelyingParty(strict), Browser(strict)
    answer = userinfo(party, party.tokens(browser)["access_token"])
    assert (answer.status_code, answer.json["error"]) == (401, "insufficient_user_authentication")
    challenge = answer.headers.getlist("WWW-Authenticate")[0]
    assert challenge.startswith('Bearer error="insufficient_user_authentication"')
    acr_values = re.search(r'acr_values="([^"]+)"', challenge)[1]
    tokens = party.tokens(browser, acr_values=acr_values)
    assert userinfo(party, tokens["access_token"]).json["acr"] == acr_values == "urn:tongban:loa:3"


def test_a_bad_token_is_not_told_about_levels(strict: Provider) -> None:
    party = RelyingParty(strict)
    assert userinfo(party, "x").json["error"] == "invalid_token"


def test_without_a_demand_every_sign_in_will_do(provider: Provider) -> None:
    party = RelyingParty(provider)
    assert userinfo(party, party.tokens()["access_token"]).status_code == 200


@pytest.fixture
def recent(opened: Opened) -> Iterator[Provider]:
    """A provider whose userinfo endpoint wants a sign-in of the last five minutes."""
    with opened(userinfo_max_age_minutes=5) as running:
        yield running


def test_a_sign_in_of_long_ago_is_challenged_with_max_age_and_a_new_one_succeeds(recent: Provider) -> None:
    """RFC 9470 §3 `max_age`, §4: the request repeated with it makes the person sign in again."""
    party, browser = RelyingParty(recent), Browser(recent)
    first = party.tokens(browser)
    assert userinfo(party, first["access_token"]).status_code == 200
    recent.clock.advance(5 * 60 + 1)
    late = party.refresh(first["refresh_token"]).json["access_token"]  # a fresh token, of the same sign-in
    answer = userinfo(party, late)
    assert (answer.status_code, answer.json["error"]) == (401, "insufficient_user_authentication")
    challenges = answer.headers.getlist("WWW-Authenticate")
    assert [each.partition(" ")[0] for each in challenges] == ["Bearer", "DPoP"]
    assert all('max_age="300"' in each and "acr_values" not in each for each in challenges)
    assert 'algs="ES256' in challenges[1]  # RFC 9449 §7.1
    again = party.tokens(browser, max_age="300")["access_token"]
    assert userinfo(party, again).status_code == 200


def test_level_and_freshness_are_asked_for_together(opened: Opened) -> None:
    settings = {"userinfo_max_age_minutes": 5, "userinfo_level": 3}
    with opened(**settings) as provider:
        party, browser = RelyingParty(provider), Browser(provider)
        token = party.tokens(browser)["refresh_token"]
        provider.clock.advance(301)
        challenge = userinfo(party, party.refresh(token).json["access_token"]).headers["WWW-Authenticate"]
        assert 'acr_values="urn:tongban:loa:3"' in challenge
        assert 'max_age="300"' in challenge
