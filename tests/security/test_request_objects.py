"""A6: request objects by value (RFC 9101). What is not signed by the client, for us, and now, is no request."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from idp.endpoints.request_object import opened
from idp.errors import InvalidRequestObjectError
from idp.model.client import AuthMethod, Client
from kernel import jose
from kernel.jose import base64url
from kernel.text import Text
from tests.doubles.browser import Browser, parameters
from tests.doubles.identity_provider import ISSUER, START, Provider
from tests.doubles.relying_party import ENTROPY, RelyingParty, claims_of, key_pair, public_client, raw_jws

NOW = int(START.timestamp())
KEYS_ELSEWHERE = "https://evil.example/jwks"


def refusal(party: RelyingParty, text: str) -> list[str]:
    """What the object is answered with: sent by a browser, and pushed."""
    browser = Browser(party.provider)
    answer = browser.get(party.authorize_url(request=text))
    assert answer.status_code == 303, answer.text
    pushed = party.form("/par", {"client_id": party.id, "request": text})
    return [parameters(answer.headers["Location"])["error"], pushed.json["error"]]


def test_a_signed_request_is_the_whole_request(party: RelyingParty) -> None:
    """RFC 9101 §6.3: parameters beside it are ignored; RFC 9126 §3: the same when it is pushed."""
    url = party.signed_url(state="inside", scope="openid", max_age=900)
    back = Browser(party.provider).walk(f"{url}&state=outside&scope=openid+profile&redirect_uri=https://evil.example/")
    assert back["state"] == "inside"
    assert party.redeem(back["code"]).json["scope"] == "openid"
    fields = {"request": party.request_object(state="inside", scope="openid"), "state": "outside", "scope": "profile"}
    pushed = party.form("/par", fields).json["request_uri"]
    back = Browser(party.provider).walk(f"/authorize?client_id={party.id}&request_uri={pushed}")
    assert (back["state"], party.redeem(back["code"]).json["scope"]) == ("inside", "openid")


@pytest.mark.parametrize("uri", ["https://evil.example/request.jwt", "urn:another:request", "x"])
def test_A6_an_object_is_not_sent_beside_a_reference_to_one(party: RelyingParty, uri: str) -> None:
    """RFC 9101 §5, OpenID Connect Core 1.0 §6: the refusal goes where the signed request says."""
    browser = Browser(party.provider)
    url = f"{party.signed_url(state='inside')}&{urlencode({'request_uri': uri})}"
    back = parameters(browser.get(url).headers["Location"])
    assert (back["error"], back["state"]) == ("invalid_request", "inside")
    answer = browser.get(party.authorize_url(request="a.b.c", request_uri=uri))
    assert parameters(answer.headers["Location"])["error"] == "invalid_request_object"
    pushed = party.form("/par", {"request": party.request_object(), "request_uri": uri})
    assert pushed.json["error"] == "invalid_request"


def test_A6_an_object_is_not_sent_beside_a_pushed_request(party: RelyingParty) -> None:
    answer = Browser(party.provider).get(f"{party.pushed_url()}&request={party.request_object()}")
    assert (answer.status_code, "code" in answer.headers.get("Location", "")) == (400, False)


def test_parameters_may_be_json_in_it(party: RelyingParty) -> None:
    """RFC 9101 §4: numbers and objects stand as such."""
    asked = {"claims": {"id_token": {"name": None}}, "max_age": 900, "scope": "openid"}
    code = Browser(party.provider).walk(party.signed_url(**asked))["code"]
    assert claims_of(party.redeem(code).json["id_token"])["name"] == "王小明"


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "somebody"},
        {"iss": None},
        {"aud": [ISSUER]},
        {"aud": f"{ISSUER}/authorize"},
        {"aud": f"{ISSUER}/"},
        {"aud": None},
        {"client_id": None},
        {"client_id": "somebody"},
        {"exp": None},
        {"exp": NOW - 3600},
        {"exp": True},
        {"exp": "4000000000"},
        {"nbf": None},
        {"nbf": NOW - 3700},
        {"nbf": NOW + 60},
        {"exp": NOW + 3700},
        {"request": "x"},
        {"request_uri": "urn:ietf:params:oauth:request_uri:x"},
        {"login_hint": "a\0b"},
    ],
)
def test_A6_every_claim_is_checked(party: RelyingParty, wrong: dict[str, Any]) -> None:
    """FAPI 2.0 Message Signing §5.3.1."""
    assert refusal(party, party.request_object(**wrong)) == ["invalid_request_object"] * 2


def test_nbf_may_be_a_little_ahead(party: RelyingParty) -> None:
    now = int(party.provider.clock.now().timestamp())
    assert "code" in Browser(party.provider).walk(party.signed_url(nbf=now + 8))


def test_A6_algorithms_that_are_not_the_keys(party: RelyingParty) -> None:
    """`none`; HS256 with the public key as its secret; RS256 in the header; a key of somebody else; a key it brings."""
    assert party.key is not None
    claims = json.loads(base64url.decode(party.request_object().split(".")[1]))
    public = json.dumps(dict(party.key.jwk)).encode()
    head = base64url.encode(json.dumps({"alg": "HS256", "typ": "JWT", "kid": party.key.kid}).encode())
    unsigned = f"{head}.{base64url.encode(json.dumps(claims).encode())}"
    mac = base64url.encode(hmac.digest(public, unsigned.encode(), hashlib.sha256))
    stranger, jwk = key_pair()
    party.provider.departments.published[KEYS_ELSEWHERE] = {"keys": [jwk]}
    for text in (
        raw_jws({"alg": "none", "typ": "oauth-authz-req+jwt"}, claims, None),
        f"{unsigned}.{mac}",
        party.request_object(header={"alg": "RS256"}),
        party.request_object(key=stranger),
        party.request_object(key=stranger, header={"kid": party.key.kid}),
        party.request_object(key=stranger, header={"jwk": jwk}),
        party.request_object(key=stranger, header={"jku": KEYS_ELSEWHERE}),
        party.request_object(key=stranger, header={"x5u": KEYS_ELSEWHERE}),
        party.request_object(header={"typ": "at+jwt"}),
        party.request_object()[:-8] + 8 * "A",
        party.assertion(client_id=party.id, nbf=claims["nbf"]),
        "e30.e30.",
    ):
        assert refusal(party, text) == ["invalid_request_object"] * 2
    assert party.provider.outgoing == [], "a key is never fetched from where an object says"


def test_A6_without_a_registered_address_nobody_is_sent_anywhere(party: RelyingParty) -> None:
    """The address in an object that is not acceptable means nothing; an object may name an unregistered one, too."""
    for url in (party.signed_url(iss="x"), party.signed_url(redirect_uri="https://evil.example/")):
        answer = Browser(party.provider).get(url)
        assert (answer.status_code, answer.headers.get("Location")) == (400, None)


def test_only_the_registered_algorithm(provider: Provider) -> None:
    """`request_object_signing_alg` (OpenID Connect Dynamic Client Registration 1.0 §2)."""
    curve, edwards = key_pair(), jose.SigningKey.from_private_jwk(jose.generate_ed25519(ENTROPY), "EdDSA")
    party = RelyingParty(provider, jwks={"keys": [curve[1], dict(edwards.jwk)]}, request_object_signing_alg="EdDSA")
    party.key = curve[0]
    assert "code" in Browser(provider).walk(party.signed_url(key=edwards))
    assert refusal(party, party.request_object(key=curve[0])) == ["invalid_request_object"] * 2


def test_a_client_may_be_bound_to_signed_requests(provider: Provider) -> None:
    """RFC 9101 §10.5."""
    party = RelyingParty(provider, require_signed_request_object=True)
    back = parameters(Browser(provider).get(party.authorize_url()).headers["Location"])
    assert back["error"] == "invalid_request"
    assert party.push().json["error"] == "invalid_request"
    pushed = party.form("/par", {"request": party.request_object()}).json["request_uri"]
    assert "code" in Browser(provider).walk(f"/authorize?client_id={party.id}&request_uri={pushed}")
    assert "code" in Browser(provider).walk(party.signed_url())


def test_a_client_without_keys_signs_nothing(provider: Provider) -> None:
    party = public_client(provider)
    stranger, _ = key_pair()
    answer = Browser(provider).get(party.authorize_url(request=party.request_object(key=stranger)))
    assert parameters(answer.headers["Location"])["error"] == "invalid_request_object"


KEY, JWK = key_pair()
CLIENT = Client(
    "c",
    "o",
    Text("c", "c"),
    AuthMethod.PRIVATE_KEY_JWT,
    frozenset(),
    frozenset(),
    keys=(jose.VerifyingKey.from_jwk(JWK),),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 10**12) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@example({"scope": 0.0})
@example({"x": [2**60]})
@given(st.dictionaries(st.sampled_from(["iss", "aud", "exp", "nbf", "client_id", "scope", "resource", "x"]), VALUES))
def test_any_signed_object_is_read_or_refused(changes: dict[str, Any]) -> None:
    """A signature is no promise about what was signed."""
    right = {"iss": "c", "aud": ISSUER, "client_id": "c", "nbf": NOW, "exp": NOW + 60}
    try:
        text = raw_jws({"alg": "ES256", "kid": KEY.kid}, json.dumps(right | changes).encode(), KEY)
    except UnicodeEncodeError:
        return
    try:
        found = opened(text, CLIENT, lambda client, _kid: client.keys, ISSUER, START)
    except InvalidRequestObjectError:
        return
    assert all(isinstance(value, str) and value and "\0" not in value for value in found.values())
    assert not found.keys() & {"iss", "aud", "exp", "nbf"}
