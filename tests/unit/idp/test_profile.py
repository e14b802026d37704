"""Profiles a client is held to: baseline for everybody, the FAPI 2.0 Security Profile where it is registered."""

from __future__ import annotations

from typing import Any

import pytest

from idp.administration.errors import AdministrationError
from tests.doubles.browser import Browser, parameters
from tests.doubles.identity_provider import Provider
from tests.doubles.relying_party import CALLBACK, ProofKey, RelyingParty


@pytest.fixture
def party(provider: Provider) -> RelyingParty:
    return RelyingParty(provider, tongban_profile="fapi2")


def test_fapi2_implies_pushed_requests_and_bound_tokens(party: RelyingParty, provider: Provider) -> None:
    """FAPI 2.0 Security Profile §5.3.2.1 and §5.3.2.2."""
    assert party.registered["require_pushed_authorization_requests"] is True
    assert party.registered["dpop_bound_access_tokens"] is True
    back = parameters(Browser(provider).get(party.authorize_url()).headers["Location"])
    assert back["error"] == "invalid_request"
    assert party.redeem(Browser(provider).walk(party.pushed_url())["code"]).json["error"] == "invalid_dpop_proof"


@pytest.mark.parametrize(
    "contradiction",
    [
        {"token_endpoint_auth_method": "client_secret_basic"},
        {"token_endpoint_auth_method": "none", "grant_types": ["authorization_code"]},
        {"require_pushed_authorization_requests": False},
        {"dpop_bound_access_tokens": False},
        {"redirect_uris": [CALLBACK, "http://localhost:8000/cb"]},
        {"tongban_profile": "fapi3"},
    ],
)
def test_metadata_that_contradict_the_profile_are_refused(provider: Provider, contradiction: dict[str, Any]) -> None:
    with pytest.raises(AdministrationError):
        RelyingParty(provider, **({"tongban_profile": "fapi2"} | contradiction))


@pytest.mark.parametrize("of", ["id_token", "userinfo", "authorization", "introspection"])
@pytest.mark.parametrize("profile", ["fapi2", "fapi2-message-signing"])
def test_5_4_1_weak_algorithms_are_refused_where_others_may_have_them(
    provider: Provider, profile: str, of: str
) -> None:
    """The provider has such a key, for clients that are held to no profile."""
    provider.keys.ensure(["ES256", "RS256"])
    weak = {f"{of}_signed_response_alg": "RS256"}
    assert weak.items() <= RelyingParty(provider, **weak).registered.items()
    with pytest.raises(AdministrationError, match="ES256, EdDSA, PS256"):
        RelyingParty(provider, tongban_profile=profile, **weak)


def test_a_refresh_token_of_fapi2_stays(either_provider: Provider) -> None:
    """§5.3.2.1: no rotation; what ends the session ends it all the same."""
    provider, party = either_provider, RelyingParty(either_provider, tongban_profile="fapi2")
    key = ProofKey(provider)
    browser = Browser(provider)
    first = party.redeem(browser.walk(party.pushed_url(key))["code"], key).json
    for _ in range(3):
        again = party.refresh(first["refresh_token"], key)
        assert again.status_code == 200, again.text
        assert "refresh_token" not in again.json
        provider.clock.advance(60)
    assert provider.events("TokenReused") == []
    assert party.refresh(first["refresh_token"]).json["error"] == "invalid_grant"
    browser.submit(browser.get("/logout"))
    assert party.refresh(first["refresh_token"], key).json["error"] == "invalid_grant"


def test_the_baseline_rotates(provider: Provider) -> None:
    """RFC 9700 §4.14.2."""
    party = RelyingParty(provider)
    first = party.tokens()["refresh_token"]
    assert party.refresh(first).json["refresh_token"] != first
