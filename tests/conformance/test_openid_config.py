"""The OpenID Provider Config plan: what discovery says, and whether it is so.

`oidcc-config-certification-test-plan`.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from werkzeug.test import Client

from tests.doubles.browser import Browser, carried
from tests.doubles.identity_provider import ISSUER, Provider
from tests.doubles.provider_fixtures import Opened
from tests.doubles.relying_party import RelyingParty, by_secret, claims_of, public_client

REQUIRED = {
    *("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "response_types_supported"),
    *("subject_types_supported", "id_token_signing_alg_values_supported"),
}
REGISTERED = REQUIRED | {
    # OpenID Connect Discovery 1.0 §3, RFC 8414 §2
    *("userinfo_endpoint", "registration_endpoint", "introspection_endpoint", "revocation_endpoint"),
    *("scopes_supported", "response_modes_supported", "grant_types_supported", "code_challenge_methods_supported"),
    *("acr_values_supported", "claims_supported", "ui_locales_supported", "claims_parameter_supported"),
    *("request_parameter_supported", "request_uri_parameter_supported", "userinfo_signing_alg_values_supported"),
    *(f"{what}_endpoint_auth_methods_supported" for what in ("token", "introspection", "revocation")),
    *(f"{what}_endpoint_auth_signing_alg_values_supported" for what in ("token", "introspection", "revocation")),
    "request_object_signing_alg_values_supported",
    # and JARM §4, RFC 9701 §7
    *("authorization_signing_alg_values_supported", "introspection_signing_alg_values_supported"),
    *(
        f"{what}_encryption_{name}_values_supported"
        for what in ("request_object", "id_token", "userinfo", "authorization", "introspection")
        for name in ("alg", "enc")
    ),
    # RFC 9126 §5, RFC 9101 §10.5, RFC 9207 §3, RFC 9396 §10
    *("pushed_authorization_request_endpoint", "require_pushed_authorization_requests"),
    *("require_signed_request_object", "authorization_response_iss_parameter_supported"),
    "authorization_details_types_supported",
    # RFC 8705 §3.3 and §5, RFC 9449 §5.1, RFC 8628 §4
    *("tls_client_certificate_bound_access_tokens", "mtls_endpoint_aliases", "dpop_signing_alg_values_supported"),
    "device_authorization_endpoint",
    # CIBA Core 1.0 §4
    *("backchannel_authentication_endpoint", "backchannel_token_delivery_modes_supported"),
    "backchannel_authentication_request_signing_alg_values_supported",
    "backchannel_user_code_parameter_supported",
    # Initiating User Registration 1.0 §4
    "prompt_values_supported",
    # RP-Initiated, Back-Channel and Front-Channel Logout 1.0
    "end_session_endpoint",
    *(f"{way}_logout_{what}" for way in ("backchannel", "frontchannel") for what in ("supported", "session_supported")),
}
"""Names in the IANA registry of authorization server metadata, and in the specifications that are not registered."""
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
    assert {name for name in metadata if not name.startswith("tongban_")} <= REGISTERED


def addresses(metadata: dict[str, Any]) -> list[str]:
    return [value for name, value in metadata.items() if name.endswith(("_endpoint", "_uri"))]


def test_endpoints_are_https_except_on_loopback(opened: Opened) -> None:
    """All of them; the issuer of the other tests is on loopback."""
    issuer, certificates = "https://id.example", "https://certificates.example"
    with opened(issuer=issuer, mtls_origin=certificates, trusted_proxies=("127.0.0.1",)) as provider:
        told = Client(provider.app).get("/.well-known/openid-configuration", base_url=issuer).json
    assert len(addresses(told)) > 5
    assert all(each.startswith(f"{issuer}/") for each in addresses(told))
    assert all(each.startswith(f"{certificates}/") for each in told["mtls_endpoint_aliases"].values())


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
    by_name = party.tokens(scope="openid", claims='{"id_token":{"name":null}}')
    assert claims_of(by_name["id_token"])["name"] == "王小明"
    assert metadata["request_parameter_supported"] is True
    assert "code" in Browser(provider).walk(party.signed_url())
    assert metadata["request_uri_parameter_supported"] is False
    back = carried(Browser(provider).get(party.authorize_url(request_uri="https://market.example/r")))
    assert back is not None
    assert back["error"] == "request_uri_not_supported"
    for mode in metadata["response_modes_supported"]:
        back = Browser(provider).walk(party.authorize_url(response_mode=mode))
        said = claims_of(back["response"]) if mode.endswith("jwt") else back
        assert said["code"]
        assert said["iss"] == ISSUER
    assert metadata["authorization_response_iss_parameter_supported"] is True


def test_announced_ways_to_authenticate_exist(metadata: dict[str, Any], provider: Provider) -> None:
    methods = set(metadata["token_endpoint_auth_methods_supported"])
    assert {"private_key_jwt", "client_secret_basic", "client_secret_post", "none"} <= methods
    for party in (RelyingParty(provider), by_secret(provider), public_client(provider)):
        assert party.tokens()["id_token"]
