"""Whatever a client registers itself with: once it is admitted, nothing that it then asks for is a server error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc.jwk import RSAKey
from werkzeug.test import Client, TestResponse

from kernel import jose
from tests.cases import sized
from tests.doubles.browser import Browser, carried
from tests.doubles.certificates import PROXY, Authority
from tests.doubles.identity_provider import ISSUER, PASSWORD, provider_at
from tests.doubles.relying_party import CALLBACK, ENTROPY, RelyingParty, key_pair
from tests.unit.idp.test_client_registration import invited, register

KEY, PUBLIC = key_pair()
TO_EC = {name: value for name, value in jose.generate_p256(ENTROPY).items() if name in {"kty", "crv", "x", "y"}}
TO_RSA = RSAKey.import_key(generate_private_key(65537, 2048).public_key()).as_dict(private=False)
KEYS = st.lists(
    st.sampled_from(
        [
            PUBLIC,
            {**TO_EC, "use": "enc", "alg": "ECDH-ES", "kid": "ec"},
            {**TO_EC, "use": "enc", "kid": "ec-any"},
            {**TO_RSA, "use": "enc", "alg": "RSA-OAEP-256", "kid": "rsa"},
            {**TO_RSA, "use": "sig", "alg": "PS256", "kid": "ps"},
            {**TO_EC, "x": "AA"},
            {"kty": "oct", "k": "AAAA"},
        ]
    ),
    max_size=4,
)
SIGNED = st.sampled_from(["ES256", "EdDSA", "PS256", "RS256", "none", "HS256"])
ENCRYPTED = st.sampled_from(["ECDH-ES", "ECDH-ES+A256KW", "RSA-OAEP-256", "RSA1_5", "dir"])
CONTENT = st.sampled_from(["A128CBC-HS256", "A256CBC-HS512", "A128GCM", "A256GCM", "XC20P"])
ANSWERS = ("id_token", "userinfo", "authorization", "introspection")
MEMBERS: Mapping[str, st.SearchStrategy[Any]] = {
    **{f"{answer}_signed_response_alg": SIGNED for answer in ANSWERS},
    **{f"{answer}_encrypted_response_alg": ENCRYPTED for answer in ANSWERS},
    **{f"{answer}_encrypted_response_enc": CONTENT for answer in ANSWERS},
    "request_object_signing_alg": SIGNED,
    "request_object_encryption_alg": ENCRYPTED,
    "request_object_encryption_enc": CONTENT,
    "token_endpoint_auth_method": st.sampled_from(
        ["client_secret_basic", "private_key_jwt", "none", "tls_client_auth", "self_signed_tls_client_auth"]
    ),
    "grant_types": st.lists(
        st.sampled_from(["authorization_code", "refresh_token", "client_credentials", "implicit"]), max_size=3
    ),
    "response_types": st.sampled_from([["code"], [], ["code", "token"]]),
    "scope": st.sampled_from(["openid", "openid profile", "profile", "openid cases", ""]),
    "jwks": st.builds(lambda keys: {"keys": keys}, KEYS),
    "jwks_uri": st.sampled_from(["https://market.example/jwks", "http://127.0.0.1/jwks", "x"]),
    "application_type": st.sampled_from(["web", "native", "x"]),
    "subject_type": st.sampled_from(["pairwise", "public"]),
    "sector_identifier_uri": st.sampled_from(["https://market.example/sector", ""]),
    "default_max_age": st.one_of(st.integers(-1, 2**70), st.text(max_size=3)),
    "default_acr_values": st.lists(st.text(max_size=40), max_size=2),
    "require_auth_time": st.booleans(),
    "require_signed_request_object": st.booleans(),
    "require_pushed_authorization_requests": st.booleans(),
    "dpop_bound_access_tokens": st.booleans(),
    "tls_client_certificate_bound_access_tokens": st.booleans(),
    "backchannel_logout_uri": st.sampled_from(["https://market.example/out", CALLBACK + "#x", "\x00"]),
    "frontchannel_logout_uri": st.sampled_from(["https://market.example/front", "https://elsewhere.example/"]),
    "tongban_profile": st.sampled_from(["baseline", "fapi2", "fapi2-message-signing"]),
    "client_name": st.text(max_size=20),
    "contacts": st.one_of(st.lists(st.text(max_size=20), max_size=2), st.integers()),
}
REGISTRATION = st.sets(st.sampled_from(sorted(MEMBERS)), max_size=9).flatmap(
    lambda names: st.fixed_dictionaries({name: MEMBERS[name] for name in sorted(names)})
)
REQUEST = st.fixed_dictionaries(
    {},
    optional={
        "response_mode": st.sampled_from(["query", "form_post", "jwt", "query.jwt", "form_post.jwt", "fragment"]),
        "prompt": st.sampled_from(["none", "consent", "login", "select_account"]),
        "max_age": st.sampled_from(["0", "1", "100000", "x"]),
        "acr_values": st.sampled_from(["urn:tongban:loa:2", "urn:tongban:loa:4", "x"]),
        "claims": st.sampled_from(['{"userinfo":{"name":null}}', '{"id_token":{"acr":{"essential":true}}}', "{"]),
    },
)
EXAMPLES = sized(150, 5_000)
"""Every registration makes the provider read its clients anew, so that many more would mostly test that."""


@pytest.fixture(scope="module")
def browser(make_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Somebody who is signed in, at a provider of their own."""
    folder = tmp_path_factory.mktemp("clients")
    certificates = {"trusted_proxies": (PROXY,), "client_authorities": Authority.make().write(folder)}
    with provider_at(make_database(), folder, **certificates) as provider:
        RelyingParty(provider).tokens(browser := Browser(provider))
        yield browser


def test_whatever_a_client_registers_what_it_asks_for_is_answered(
    browser: Browser, record_property: Callable[[str, object], None]
) -> None:
    came: dict[str, int] = {}

    @settings(max_examples=EXAMPLES)
    @given(metadata=REGISTRATION, asked=REQUEST)
    def live(metadata: dict[str, Any], asked: dict[str, str]) -> None:
        reached = lived(browser, metadata, asked)
        came[reached] = came.get(reached, 0) + 1

    live()
    record_property("cases", sum(came.values()))
    assert came.keys() >= {"refused", "registered", "code", "tokens"}, came  # each of them is a part of what is shown


def lived(browser: Browser, metadata: dict[str, Any], asked: dict[str, str]) -> str:
    """Register, ask, answer every page, redeem, use: how far it came. Every answer on the way was one."""
    made = answered(register(browser.provider, invited(browser.provider), **metadata))
    if made.status_code != 201:
        assert made.status_code == 400, made.text
        assert made.json["error"] in {"invalid_client_metadata", "invalid_redirect_uri"}, made.text
        return "refused"
    party = self_registered(browser, dict(made.json))
    scope = party.registered.get("scope") or "openid"
    pushed = party.push(scope=scope, **asked)
    url = party.authorize_url(scope=scope, **asked)
    if answered(pushed).status_code == 201:
        url = f"/authorize?client_id={party.id}&request_uri={pushed.json['request_uri']}"
    code = walked(browser, url).get("code")
    if code is None:
        return "registered"
    tokens = answered(party.redeem(code))
    if tokens.status_code != 200:
        return "code"
    bearer = {"Authorization": f"Bearer {tokens.json['access_token']}"}
    answered(party.http.get("/userinfo", headers=bearer, base_url=ISSUER))
    answered(party.form("/introspect", {"token": tokens.json["access_token"]}))
    answered(party.refresh(tokens.json.get("refresh_token", "x")))
    answered(party.form("/revoke", {"token": tokens.json["access_token"]}))
    return "tokens"


def walked(browser: Browser, url: str) -> dict[str, str]:
    """What the client is sent back with, after every page; nothing where a page ends it."""
    page = answered(browser.follow(browser.get(url)))
    for _ in range(6):
        back = carried(page)
        if back is not None or page.status_code != 200:
            return back or {}
        page = answered(browser.submit(page, **browser._answers(page, "wang", PASSWORD, "allow", None)))
    raise AssertionError("the pages do not end")


def answered(response: TestResponse) -> TestResponse:
    assert response.status_code < 500, (response.request.path, response.text)
    return response


def self_registered(browser: Browser, shown: dict[str, Any]) -> RelyingParty:
    """The client that registered itself, authenticating as it said it would."""
    party = object.__new__(RelyingParty)
    party.provider, party.always, party.http = browser.provider, {}, Client(browser.provider.app)
    party.registered, party.id, party.secret = shown, shown["client_id"], shown.get("client_secret")
    party.key = KEY if shown["token_endpoint_auth_method"] == "private_key_jwt" else None
    return party
