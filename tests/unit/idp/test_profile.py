"""Profiles a client is held to: baseline for everybody, the FAPI 2.0 Security Profile where it is registered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, select

from idp.administration.errors import AdministrationError
from idp.store import families, sessions
from idp.store.tables import family, refresh
from idp.tokens.issuer import TokenIssuer
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


def held(provider: Provider) -> tuple[RelyingParty, ProofKey, str]:
    """A client of FAPI 2.0, its key, and the refresh token of a sign-in."""
    party, key = RelyingParty(provider, tongban_profile="fapi2"), ProofKey(provider)
    answer = party.redeem(Browser(provider).walk(party.pushed_url(key))["code"], key)
    return party, key, answer.json["refresh_token"]


def test_a_refresh_token_of_fapi2_that_is_used_lives_as_long_as_its_session(either_provider: Provider) -> None:
    """`refresh_idle_minutes` counts what is unused (ADR 0015): every ten minutes for as long as the session lasts."""
    provider = either_provider
    party, key, token = held(provider)
    sweeper = provider.sweeper()
    for _ in range(12 * 6 - 1):
        provider.clock.advance(600)
        sweeper.sweep()
        assert party.refresh(token, key).status_code == 200
    provider.clock.advance(600)
    assert party.refresh(token, key).json["error"] == "invalid_grant"


def test_a_refresh_token_of_fapi2_ends_unused(either_provider: Provider) -> None:
    """Four hours after its last use, neither earlier nor later."""
    party, key, token = held(either_provider)
    for _ in range(2):
        either_provider.clock.advance(240 * 60 - 5)
        assert party.refresh(token, key).status_code == 200
    either_provider.clock.advance(240 * 60)
    assert party.refresh(token, key).json["error"] == "invalid_grant"


@pytest.mark.parametrize("end", ["revoked", "signed out", "disabled"])
def test_what_ended_meanwhile_is_not_prolonged(
    either_provider: Provider, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    """Whatever was read before: the statement that prolongs decides."""
    provider = either_provider
    party, key, token = held(provider)
    provider.clock.advance(600)
    now, mint = provider.clock.now(), TokenIssuer.mint
    row = select(refresh.c.expires_at, family.c.id, family.c.session).join(family)
    with provider.database.read() as connection:
        before = connection.execute(row).one()

    def ended_meanwhile(self: TokenIssuer, *given: Any) -> Any:
        ends: dict[str, Callable[[Connection], object]] = {
            "revoked": lambda connection: families.revoke(connection, before.id, now),
            "signed out": lambda connection: sessions.end(connection, before.session, now),
        }
        if end == "disabled":
            provider.administration.people.disable("wang")
        else:
            provider.database.write(ends[end])
        return mint(self, *given)

    with monkeypatch.context() as racing:
        racing.setattr(TokenIssuer, "mint", ended_meanwhile)
        assert party.refresh(token, key).json["error"] == "invalid_grant"
    with provider.database.read() as connection:
        assert connection.execute(row).one().expires_at == before.expires_at


def test_the_baseline_rotates(provider: Provider) -> None:
    """RFC 9700 §4.14.2."""
    party = RelyingParty(provider)
    first = party.tokens()["refresh_token"]
    assert party.refresh(first).json["refresh_token"] != first
