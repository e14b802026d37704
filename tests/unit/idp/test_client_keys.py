"""Keys under `jwks_uri`: fetched when needed, never more than once a minute, never from where they must not be."""

from __future__ import annotations

from typing import Any

import pytest

from idp.clients.keys import FRESH_SECONDS, REFETCH_SECONDS, STALE_SECONDS
from idp.clients.reach import GuardedReach
from kernel.outbound import OutboundFailed, OutboundRefused
from tests.doubles.identity_provider import Provider
from tests.doubles.relying_party import RelyingParty, key_pair

JWKS_URI = "https://market.example/jwks"


def published(provider: Provider) -> RelyingParty:
    key, public = key_pair()
    provider.departments.published[JWKS_URI] = {"keys": [public]}
    party = RelyingParty(provider, token_endpoint_auth_method="none", grant_types=["authorization_code"])
    party.registered = provider.register(
        redirect_uris=["https://market.example/callback"],
        grant_types=["authorization_code", "client_credentials"],
        scope="openid profile cases introspect",
        token_endpoint_auth_method="private_key_jwt",
        jwks_uri=JWKS_URI,
    )
    party.id, party.key = party.registered["client_id"], key
    return party


def status(party: RelyingParty, **header: Any) -> int:
    assertion = party.assertion(header=header) if header else party.assertion()
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    fields = {"token": "x", "client_assertion_type": kind, "client_assertion": assertion}
    return party.http.post("/introspect", data=fields).status_code


def test_a_published_key_authenticates_and_is_fetched_once(provider: Provider) -> None:
    party = published(provider)
    assert [status(party) for _ in range(3)] == [200, 200, 200]
    assert provider.departments.fetched == [JWKS_URI]


def test_f4_unknown_keys_cause_one_fetch_a_minute(provider: Provider) -> None:
    party = published(provider)
    assert status(party) == 200
    provider.clock.advance(REFETCH_SECONDS)
    assert [status(party, kid=f"unknown-{number}") for number in range(20)] == [401] * 20
    assert len(provider.departments.fetched) == 2


def test_a_rotated_key_is_found_within_a_minute(provider: Provider) -> None:
    party = published(provider)
    assert status(party) == 200
    party.key, public = key_pair()
    provider.departments.published[JWKS_URI] = {"keys": [public]}
    assert status(party) == 401
    provider.clock.advance(REFETCH_SECONDS)
    assert status(party) == 200


def test_a_key_that_is_no_longer_published_stops_counting(provider: Provider) -> None:
    party = published(provider)
    assert status(party) == 200
    provider.departments.published[JWKS_URI] = {"keys": [key_pair()[1]]}
    provider.clock.advance(FRESH_SECONDS)
    assert status(party) == 401


def test_keys_outlive_a_short_absence_and_no_longer_one(provider: Provider) -> None:
    party = published(provider)
    assert status(party) == 200
    provider.departments.published[JWKS_URI] = OutboundFailed("away")
    provider.clock.advance(FRESH_SECONDS)
    assert status(party) == 200
    provider.clock.advance(STALE_SECONDS)
    assert status(party) == 401


@pytest.mark.parametrize(
    "document",
    [None, [], {}, {"keys": "x"}, {"keys": [7, {"kty": "oct", "k": "AAAA"}, {**key_pair()[1], "alg": "RS256"}]}],
)
def test_what_is_no_key_set_authenticates_nobody(provider: Provider, document: Any) -> None:
    party = published(provider)
    provider.departments.published[JWKS_URI] = document
    assert status(party) == 401


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/jwks",
        "https://[::1]/jwks",
        "https://10.1.2.3/jwks",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:10.0.0.1]/jwks",
        "https://2130706433/jwks",
        "http://127.0.0.1/jwks",
        "http://example.org/jwks",
        "file:///etc/passwd",
        "ftp://example.org/jwks",
    ],
)
def test_f1_addresses_that_lead_inward_are_never_called(url: str) -> None:
    reach = GuardedReach(private=False, loopback=False)
    with pytest.raises(OutboundRefused):
        reach.json(url)
    with pytest.raises(OutboundRefused):
        reach.post(url, {"logout_token": "x"})


def test_f1_private_networks_are_reached_only_where_the_operator_says_so() -> None:
    reach = GuardedReach(private=True, loopback=False)
    with pytest.raises(OutboundRefused):
        reach.json("https://169.254.169.254/latest/meta-data")
    with pytest.raises(OutboundRefused):
        reach.json("https://127.0.0.1/jwks")
