"""Attacks on client authentication (C9-C14): one way, the registered one, proven by what really authenticates."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from joserfc.jwk import JWKRegistry

from kernel.jose import base64url
from tests.doubles.identity_provider import ISSUER, START, Provider
from tests.doubles.relying_party import (
    ASSERTION_TYPE,
    RelyingParty,
    by_secret,
    key_pair,
    public_client,
    raw_jws,
)


def ask(party: RelyingParty, assertion: str, **more: str) -> Any:
    """A token request authenticated by this assertion."""
    grant = {"grant_type": "client_credentials", "scope": "", "client_assertion_type": ASSERTION_TYPE}
    return party.http.post("/token", data={**grant, "client_assertion": assertion, **more}, base_url=ISSUER)


def refused(answer: Any) -> bool:
    return (answer.status_code, answer.json.get("error")) == (401, "invalid_client")


@pytest.fixture
def party(provider: Provider) -> RelyingParty:
    """A system that may have a token without any scope."""
    return RelyingParty(provider, scope="openid")


def test_the_ordinary_assertion_is_accepted(party: RelyingParty) -> None:
    assert ask(party, party.assertion()).status_code == 200
    assert ask(party, party.assertion(header={"typ": "client-authentication+jwt"})).status_code == 200
    assert ask(party, party.assertion(exp=int(party.provider.clock.now().timestamp()) + 3600)).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "RS256"},
        {"alg": "ES384"},
        {"alg": None},
        {"crit": ["exp"]},
        {"b64": False},
        {"jku": "http://127.0.0.1/jwks"},
        {"x5u": "http://127.0.0.1/x"},
        {"zip": "DEF"},
        {"typ": "at+jwt"},
        {"kid": "another"},
    ],
)
def test_C9_nothing_in_the_header_chooses_how_it_is_checked(party: RelyingParty, header: dict[str, Any]) -> None:
    assert refused(ask(party, party.assertion(header=header)))


@pytest.mark.parametrize("name", ["jku", "x5u"])
def test_C9_no_key_is_fetched_from_where_an_assertion_says(party: RelyingParty, name: str) -> None:
    """A key that lies there is not used, and nobody is asked for it."""
    key, public = key_pair()
    party.provider.departments.published["https://evil.example/jwks"] = {"keys": [public]}
    for signer in (key, party.key):
        assert refused(ask(party, party.assertion(key=signer, header={name: "https://evil.example/jwks"})))
    assert party.provider.outgoing == []


def test_C9_an_unsigned_assertion_is_refused(party: RelyingParty) -> None:
    claims = json.loads(base64url.decode(party.assertion().split(".")[1]))
    assert refused(ask(party, raw_jws({"alg": "none"}, claims, None)))


def test_C9_a_public_key_is_never_a_shared_secret(party: RelyingParty) -> None:
    """CVE-2026-48526: the JSON of a public JWK was taken as the secret of an HMAC, as CVE-2022-29217 had its PEM. HS256
    keyed with either is refused.
    """
    jwk = party.registered["jwks"]["keys"][0]
    pem = JWKRegistry.import_key(jwk).as_pem(private=False)
    written = (json.dumps(jwk), json.dumps(jwk, separators=(",", ":")), json.dumps(jwk, sort_keys=True))
    for secret in (*(each.encode() for each in written), pem, pem.strip(), b""):
        head, body, _ = party.assertion(header={"alg": "HS256"}).split(".")
        tag = hmac.digest(secret, f"{head}.{body}".encode(), hashlib.sha256)
        assert refused(ask(party, f"{head}.{body}.{base64url.encode(tag)}"))


def test_C9_a_key_brought_along_is_not_believed(party: RelyingParty) -> None:
    key, public = key_pair()
    assert refused(ask(party, party.assertion(key=key, header={"jwk": public})))
    assert refused(ask(party, party.assertion(key=key, header={"kid": party.key.kid})))


def test_C10_a_secret_does_not_stand_in_for_a_signature(provider: Provider) -> None:
    """CVE-2026-16093: an unsigned assertion beside a secret satisfied a policy of signed ones; the secret was taken.

    One way of authentication in a request, and it is the registered one.
    """
    by_key, by_word = RelyingParty(provider), by_secret(provider)
    unsigned = raw_jws({"alg": "ES256"}, {"iss": by_word.id, "sub": by_word.id, "aud": ISSUER}, None)
    beside = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": unsigned}
    decoy = by_word.form("/token", {"grant_type": "client_credentials", **beside})
    assert (decoy.status_code, decoy.json["error"]) == (400, "invalid_request")
    pair = base64.b64encode(f"{by_key.id}:anything".encode()).decode()
    answer = by_key.http.post(
        "/token", data={"grant_type": "client_credentials"}, headers={"Authorization": f"Basic {pair}"}, base_url=ISSUER
    )
    assert refused(answer)
    assert refused(ask(by_word, by_key.assertion(iss=by_word.id, sub=by_word.id)))
    both = by_key.form("/token", {"grant_type": "client_credentials"}, Authorization=f"Basic {pair}")
    assert (both.status_code, both.json["error"]) == (400, "invalid_request")
    assert refused(
        by_key.http.post("/token", data={"grant_type": "client_credentials", "client_id": by_key.id}, base_url=ISSUER)
    )


def test_C11_an_assertion_is_accepted_once_on_any_node(either_provider: Provider) -> None:
    party = RelyingParty(either_provider, scope="openid")
    nodes = [party, party.on(either_provider.another_node())]
    assertion = party.assertion()
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda racer: ask(nodes[racer % 2], assertion), range(16)))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 15
    either_provider.clock.advance(65)  # within the skew it is still known
    assert refused(ask(party, assertion))


def test_C11_a_refused_request_uses_its_assertion_up(party: RelyingParty) -> None:
    assertion = party.assertion()
    assert ask(party, assertion, grant_type="password").json["error"] == "unsupported_grant_type"
    assert refused(ask(party, assertion))


def test_C11_an_assertion_used_at_par_is_used_at_the_token_endpoint_too(party: RelyingParty) -> None:
    assertion = party.assertion()
    sent = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion, **party.request(scope="openid")}
    assert party.http.post("/par", data=sent, base_url=ISSUER).status_code == 201
    assert refused(ask(party, assertion))


@pytest.mark.parametrize(
    "audience",
    [
        f"{ISSUER}/token",
        f"{ISSUER}/",
        [ISSUER],
        [ISSUER, "https://other.example/token"],
        "https://other.example",
        ISSUER.upper(),
        "",
        None,
        1,
        {"a": ISSUER},
    ],
)
def test_C12_the_audience_is_the_issuer_and_nothing_else(party: RelyingParty, audience: Any) -> None:
    assert refused(ask(party, party.assertion(aud=audience)))


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": None},
        {"exp": "1800000000"},
        {"exp": True},
        {"exp": 4_102_444_800},
        {"exp": int(START.timestamp()) + 3610},
        {"exp": 0},
        {"exp": float("nan")},
        {"exp": float("inf")},
        {"iat": 4_102_444_800},
        {"nbf": 4_102_444_800},
        {"iat": "now"},
        {"iat": None},
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"jti": "j" * 3000},
        {"sub": None},
        {"iss": "somebody"},
        {"sub": "somebody"},
        {"sub": ["a"]},
    ],
)
def test_C13_times_and_names_are_what_they_must_be(party: RelyingParty, claims: dict[str, Any]) -> None:
    assert refused(ask(party, party.assertion(**claims)))


def test_C13_a_claim_given_twice_is_refused(party: RelyingParty) -> None:
    payload = base64url.decode(party.assertion().split(".")[1])
    twice = payload.replace(b'"exp"', b'"exp": 4102444800, "exp"')
    assert refused(ask(party, raw_jws({"alg": "ES256", "kid": party.key.kid}, twice, party.key)))


@pytest.mark.parametrize("text", ["", ".", "..", "a.b.c", "x" * 20_000, "é.é.é", "eyJ9.eyJ9.e", "null", "..." * 5000])
def test_C13_garbage_is_refused_without_a_trace_of_it(party: RelyingParty, text: str) -> None:
    answer = ask(party, text)
    assert refused(answer)
    assert answer.json == {"error": "invalid_client", "error_description": "Client authentication failed."}


def test_C14_unknown_client_and_wrong_secret_look_the_same(provider: Provider) -> None:
    party = by_secret(provider)
    seen = set()
    for client, secret in (
        (party.id, "wrong"),
        ("unknown", "wrong"),
        (party.id, ""),
        ("", ""),
        (party.id, party.secret + "x"),
    ):
        pair = base64.b64encode(f"{client}:{secret}".encode()).decode()
        answer = party.http.post(
            "/token",
            data={"grant_type": "client_credentials"},
            headers={"Authorization": f"Basic {pair}"},
            base_url=ISSUER,
        )
        seen.add((answer.status_code, answer.text, answer.headers["WWW-Authenticate"]))
    assert len(seen) == 1
    assert refused(answer)


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic Zm9v",
        "Basic w6k6w6k=",
        "Basic " + base64.b64encode(b"\xff:\xff").decode(),
        "Basic " + base64.b64encode(b"a%zz:b").decode(),
    ],
)
def test_C14_a_malformed_header_is_an_unknown_client(party: RelyingParty, header: str) -> None:
    answer = party.http.post(
        "/token", data={"grant_type": "client_credentials"}, headers={"Authorization": header}, base_url=ISSUER
    )
    assert refused(answer)


def test_C14_a_rotated_secret_stops_working(provider: Provider) -> None:
    party = by_secret(provider, scope="openid")
    assert party.own_token().status_code == 200
    rotated = provider.administration.clients.rotate_secret(party.id)
    provider.settle()
    assert refused(party.own_token())
    party.secret = rotated["client_secret"]
    assert party.own_token().status_code == 200


def test_a_secret_has_256_bits_and_is_shown_once(provider: Provider) -> None:
    party = by_secret(provider)
    assert len(base64url.decode(party.secret)) == 32
    assert "client_secret" not in provider.administration.clients.show(party.id)


def test_a_public_client_cannot_introspect(provider: Provider) -> None:
    answer = public_client(provider).form("/introspect", {"token": "x"})
    assert refused(answer)
