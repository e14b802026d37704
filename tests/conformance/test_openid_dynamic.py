"""Checks of the OpenID Provider Dynamic plan (code flow), each named after its module.

Every client here registers itself over HTTP; the provider is known by its discovery document alone.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from idp.clients.keys import REFETCH_SECONDS
from kernel.jose import verify, verifying_keys
from tests.doubles.browser import Browser
from tests.doubles.identity_provider import ISSUER, Provider
from tests.doubles.relying_party import CALLBACK, RelyingParty, claims_of, header_of, key_pair
from tests.doubles.self_registered import SelfRegistered, register

JWKS_URI, SECTOR = "https://market.example/jwks", "https://market.example/sector"
WITH_QUERY = f"{CALLBACK}?foo=bar"


def discovered(party: RelyingParty) -> dict[str, Any]:
    return dict(party.http.get("/.well-known/openid-configuration").json)


def verified(party: RelyingParty, token: str, alg: str) -> None:
    keys = verifying_keys(party.http.get(urlsplit(discovered(party)["jwks_uri"]).path).json)
    assert header_of(token)["alg"] == alg
    now = party.provider.clock.now()
    assert verify(token, keys, typ="JWT", issuer=ISSUER, audience=party.id, now=now, max_age=600).claims["sub"]


def test_oidcc_discovery_endpoint_verification(provider: Provider) -> None:
    said = discovered(SelfRegistered(provider))
    assert said["registration_endpoint"] == f"{ISSUER}/register"
    assert said["claims_supported"]
    assert {"authorization_code", "refresh_token"} <= set(said["grant_types_supported"])


def test_oidcc_server(provider: Provider) -> None:
    party = SelfRegistered(provider)
    tokens = party.tokens()
    verified(party, tokens["id_token"], "ES256")
    assert party.registered["id_token_signed_response_alg"] == "ES256"  # left out, a library would expect RS256


@pytest.mark.parametrize("of", ["id_token", "userinfo", "authorization", "introspection"])
def test_what_there_is_no_key_for_is_not_registered(provider: Provider, of: str) -> None:
    """OpenID Connect Dynamic Client Registration 1.0 §3.3: discovery names what can be had, and nothing else can."""
    refused = register(provider, **{f"{of}_signed_response_alg": "RS256"})
    assert (refused.status_code, refused.json["error"]) == (400, "invalid_client_metadata")


def test_oidcc_ensure_client_assertion_with_iss_aud_succeeds(provider: Provider) -> None:
    party = SelfRegistered(provider)
    code, own = party.code(), party.assertion(aud=ISSUER)
    assert party.redeem(code, client_assertion=own).status_code == 200


def test_oidcc_ensure_redirect_uri_in_authorization_request(provider: Provider, browser: Browser) -> None:
    answer = browser.get(SelfRegistered(provider).authorize_url(redirect_uri=None))
    assert (answer.status_code, answer.headers.get("Location")) == (400, None)


def test_oidcc_idtoken_rs256(provider: Provider) -> None:
    """With ``signing_algorithms = ["ES256", "RS256"]``."""
    provider.keys.ensure(["ES256", "RS256"])
    party = SelfRegistered(provider, id_token_signed_response_alg="RS256")
    verified(party, party.tokens()["id_token"], "RS256")


def test_oidcc_idtoken_unsigned(provider: Provider) -> None:
    assert register(provider, id_token_signed_response_alg="none").json["error"] == "invalid_client_metadata"


def test_oidcc_redirect_uri_query_ok(provider: Provider, browser: Browser) -> None:
    party = SelfRegistered(provider, redirect_uris=[WITH_QUERY])
    back = browser.walk(party.authorize_url(redirect_uri=WITH_QUERY))
    assert back["foo"] == "bar"
    assert party.redeem(back["code"], redirect_uri=WITH_QUERY).status_code == 200


@pytest.mark.parametrize("asked", [f"{CALLBACK}?foo=bar"])
def test_oidcc_redirect_uri_query_added(provider: Provider, browser: Browser, asked: str) -> None:
    answer = browser.get(SelfRegistered(provider).authorize_url(redirect_uri=asked))
    assert (answer.status_code, answer.headers.get("Location")) == (400, None)


@pytest.mark.parametrize("asked", [f"{CALLBACK}?foo=baz", f"{CALLBACK}?bar=foo", CALLBACK])
def test_oidcc_redirect_uri_query_mismatch(provider: Provider, browser: Browser, asked: str) -> None:
    party = SelfRegistered(provider, redirect_uris=[WITH_QUERY])
    answer = browser.get(party.authorize_url(redirect_uri=asked))
    assert (answer.status_code, answer.headers.get("Location")) == (400, None)


def test_oidcc_redirect_uri_regfrag(provider: Provider) -> None:
    answer = register(provider, redirect_uris=[f"{CALLBACK}#fragment"])
    assert answer.status_code == 400
    assert answer.mimetype == "application/json"
    assert answer.json["error"] in ("invalid_redirect_uri", "invalid_client_metadata")


def test_oidcc_refresh_token(provider: Provider) -> None:
    party = SelfRegistered(provider)
    first = party.tokens()
    fresh = party.refresh(first["refresh_token"]).json
    assert fresh["access_token"] != first["access_token"]
    if "id_token" in fresh:
        assert claims_of(fresh["id_token"])["sub"] == claims_of(first["id_token"])["sub"]


def test_oidcc_refresh_token_rp_key_rotation(provider: Provider) -> None:
    """The client signs with one key, publishes another, and refreshes with that."""
    key, public = key_pair()
    provider.departments.published[JWKS_URI] = {"keys": [public]}
    party = SelfRegistered(provider, key, jwks_uri=JWKS_URI)
    tokens = party.tokens()
    party.key, public = key_pair()
    provider.departments.published[JWKS_URI] = {"keys": [public]}
    provider.clock.advance(REFETCH_SECONDS)
    assert party.refresh(tokens["refresh_token"]).status_code == 200


def test_oidcc_registration_jwks_uri(provider: Provider) -> None:
    key, public = key_pair()
    provider.departments.published[JWKS_URI] = {"keys": [public]}
    party = SelfRegistered(provider, key, jwks_uri=JWKS_URI)
    assert party.registered["jwks_uri"] == JWKS_URI
    assert party.tokens()["id_token"]


def consent_page(provider: Provider, browser: Browser, **metadata: Any) -> str:
    """What the person reads before agreeing."""
    party = SelfRegistered(provider, **metadata)
    page = browser.follow(browser.get(party.authorize_url()))
    return browser.submit(page, username="wang", password="correct horse battery").text


def test_oidcc_registration_policy_uri(provider: Provider, browser: Browser) -> None:
    address = "https://market.example/privacy"
    assert f'href="{address}"' in consent_page(provider, browser, policy_uri=address)


def test_oidcc_registration_tos_uri(provider: Provider, browser: Browser) -> None:
    address = "https://market.example/terms"
    assert f'href="{address}"' in consent_page(provider, browser, tos_uri=address)


def test_oidcc_registration_sector_uri(provider: Provider) -> None:
    provider.departments.published[SECTOR] = [CALLBACK, "https://market.example/other"]
    party = SelfRegistered(provider, sector_identifier_uri=SECTOR, subject_type="pairwise")
    assert party.registered["sector_identifier_uri"] == SECTOR


@pytest.mark.parametrize("document", [["https://another.example/cb"], {}, [], None])
def test_oidcc_registration_sector_bad(provider: Provider, document: Any) -> None:
    provider.departments.published[SECTOR] = document
    answer = register(provider, sector_identifier_uri=SECTOR, jwks={"keys": [key_pair()[1]]})
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_client_metadata")


def test_oidcc_server_rotate_keys(provider: Provider) -> None:
    party = SelfRegistered(provider)
    before = header_of(party.tokens()["id_token"])["kid"]
    provider.keys.rotate("jws")
    provider.clock.advance(49 * 3600)
    token = party.tokens()["id_token"]
    assert header_of(token)["kid"] != before
    verified(party, token, "ES256")


def test_oidcc_userinfo_rs256(provider: Provider) -> None:
    """With ``signing_algorithms = ["ES256", "RS256"]``."""
    provider.keys.ensure(["ES256", "RS256"])
    party = SelfRegistered(provider, userinfo_signed_response_alg="RS256")
    tokens = party.tokens()
    answer = party.http.get("/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert answer.mimetype == "application/jwt"
    assert header_of(answer.text)["alg"] == "RS256"
    assert claims_of(answer.text)["sub"] == claims_of(tokens["id_token"])["sub"]
