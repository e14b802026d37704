"""The OpenID Provider Config plan: what discovery says, and whether it is so.

`oidcc-config-certification-test-plan`.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.doubles.browser import Browser, carried
from tests.doubles.identity_provider import ISSUER, Provider
from tests.doubles.relying_party import RelyingParty, by_secret, public_client

REQUIRED = {
    *("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "response_types_supported"),
    *("subject_types_supported", "id_token_signing_alg_values_supported"),
}
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")
SCOPE = re.compile(r"[!#-\[\]-~]+")


@pytest.fixture
def metadata(party: RelyingParty) -> dict[str, Any]:
    answer = party.http.get("/.well-known/openid-configuration")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    return dict(answer.json)


def test_oidcc_discovery_endpoint_verification(metadata: dict[str, Any], party: RelyingParty) -> None:
    """OpenID Connect Discovery 1.0 §3 and §4.3: issuer, required members, and the same document for RFC 8414."""
    assert metadata["issuer"] == ISSUER
    assert not {urlsplit(metadata["issuer"]).query, urlsplit(metadata["issuer"]).fragment} - {""}
    assert metadata.keys() >= REQUIRED
    assert "code" in metadata["response_types_supported"]
    assert set(metadata["subject_types_supported"]) <= {"pairwise", "public"}
    assert party.http.get("/.well-known/oauth-authorization-server").json == metadata


def test_no_unexpected_members(metadata: dict[str, Any]) -> None:
    """Nothing is null or empty; what is ours alone says so by its prefix."""
    assert not [name for name, value in metadata.items() if value in (None, "", [])]
    assert not [name for name in metadata if not re.fullmatch(r"[a-z0-9_]+", name)]


def test_endpoints_are_https_except_on_loopback(metadata: dict[str, Any]) -> None:
    addresses = [value for name, value in metadata.items() if name.endswith(("_endpoint", "_uri"))]
    assert len(addresses) > 5
    assert all(urlsplit(each).scheme == "https" or urlsplit(each).hostname == "127.0.0.1" for each in addresses)


def test_the_key_set(metadata: dict[str, Any], party: RelyingParty) -> None:
    keys = party.http.get(metadata["jwks_uri"].removeprefix(ISSUER)).json["keys"]
    assert keys
    assert not [key for key in keys if {"d", "k", "p", "q"} & key.keys()]
    assert len({key["kid"] for key in keys}) == len(keys)
    signing = {key["alg"] for key in keys if key.get("use") == "sig"}
    assert set(metadata["id_token_signing_alg_values_supported"]) <= signing


def test_locale_and_scope_syntax(metadata: dict[str, Any]) -> None:
    assert all(LANGUAGE.fullmatch(each) for each in metadata["ui_locales_supported"])
    assert all(SCOPE.fullmatch(each) for each in metadata["scopes_supported"])
    assert "openid" in metadata["scopes_supported"]


def test_flags_are_true_to_fact(metadata: dict[str, Any], provider: Provider) -> None:
    """What is announced works, what is not is refused."""
    party = RelyingParty(provider)
    assert metadata["claims_parameter_supported"] is True
    assert party.tokens(scope="openid", claims='{"id_token":{"name":null}}')["id_token"]
    assert metadata["request_parameter_supported"] is True
    assert "code" in Browser(provider).walk(party.signed_url())
    assert metadata["request_uri_parameter_supported"] is False
    back = carried(Browser(provider).get(party.authorize_url(request_uri="https://market.example/r")))
    assert back is not None
    assert back["error"] == "request_uri_not_supported"
    for mode in metadata["response_modes_supported"]:
        back = Browser(provider).walk(party.authorize_url(response_mode=mode))
        assert ("response" if mode.endswith("jwt") else "code") in back
    assert metadata["authorization_response_iss_parameter_supported"] is True


def test_announced_ways_to_authenticate_exist(metadata: dict[str, Any], provider: Provider) -> None:
    methods = set(metadata["token_endpoint_auth_methods_supported"])
    assert {"private_key_jwt", "client_secret_basic", "client_secret_post", "none"} <= methods
    for party in (RelyingParty(provider), by_secret(provider), public_client(provider)):
        assert party.tokens()["id_token"]
