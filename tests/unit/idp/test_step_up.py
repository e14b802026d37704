"""The step-up challenge at userinfo, end to end (RFC 9470)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.browser import Browser
from tests.doubles.identity_provider import ISSUER, Provider, provider_at
from tests.doubles.relying_party import RelyingParty


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Provider]:
    """A provider whose userinfo endpoint wants two factors."""
    with provider_at(f"sqlite:///{tmp_path / 'idp.sqlite3'}", tmp_path, userinfo_level=3) as running:
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
