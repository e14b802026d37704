"""Attacks on proofs of possession: D2 (wrong proof), D3 and D4 as far as the verifier decides them, D1's clock."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kernel import jose
from kernel.entropy import SeededEntropy
from kernel.jose import base64url

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
URL = "https://exchange.example/v1/evidence-requests"
TOKEN = "access.token.text"
PRIVATE = jose.generate_p256(SeededEntropy(31))
KEY = jose.SigningKey.from_private_jwk(PRIVATE, "ES256")
OTHER = jose.SigningKey.from_private_jwk(jose.generate_p256(SeededEntropy(32)), "ES256")
PUBLIC = {name: KEY.jwk[name] for name in ("kty", "crv", "x", "y")}


def proof(sign: Callable[[bytes], bytes] = KEY.sign, header: dict[str, Any] | None = None, **claims: Any) -> str:
    head = {"typ": "dpop+jwt", "alg": "ES256", "jwk": PUBLIC} | (header or {})
    body = {"jti": "once", "htm": "POST", "htu": URL, "iat": int(NOW.timestamp())}
    body |= {"ath": jose.access_token_hash(TOKEN)} | claims
    signing_input = ".".join(base64url.encode(json.dumps(part).encode()) for part in (head, body))
    return f"{signing_input}.{base64url.encode(sign(signing_input.encode()))}"


def verify(text: str, **request: Any) -> jose.DpopProof:
    expected = {"method": "POST", "url": URL, "now": NOW, "access_token": TOKEN, "jkt": KEY.kid}
    return jose.verify_dpop(text, **(expected | request))


def refusal(text: str, **request: Any) -> str:
    with pytest.raises(jose.InvalidProof) as caught:
        verify(text, **request)
    return str(caught.value)


def test_the_untouched_proof_is_accepted() -> None:
    assert verify(proof()).jkt == KEY.kid


def test_D1_a_proof_has_to_be_remembered_until_the_clock_skew_is_over() -> None:
    accepted = verify(proof(iat=int(NOW.timestamp()) + 10))  # made by a clock ten seconds ahead
    assert refusal(proof(iat=accepted.iat), now=datetime.fromtimestamp(accepted.replay_until, UTC)) == "stale"
    assert verify(proof(iat=accepted.iat), now=NOW + timedelta(seconds=80)).jti == "once"


def test_D2_wrong_method_address_token_and_nonce() -> None:
    assert refusal(proof(htm="GET")) == "wrong-method"
    assert refusal(proof(htu="https://exchange.example/v1/cases")) == "wrong-url"
    assert refusal(proof(ath=jose.access_token_hash("another"))) == "wrong-token-hash"
    assert refusal(proof(), nonce="expected") == "wrong-nonce"


def test_D2_a_private_key_in_the_header() -> None:
    assert refusal(proof(header={"jwk": PRIVATE})) == "private-key"


@pytest.mark.parametrize("alg", ["HS256", "none"])
def test_D2_a_symmetric_algorithm_or_none(alg: str) -> None:
    secret = json.dumps(PUBLIC).encode()
    signed = proof(lambda data: hmac.digest(secret, data, hashlib.sha256), {"alg": alg})
    assert refusal(signed) == "wrong-algorithm"
    symmetric = {"kty": "oct", "k": base64url.encode(secret)}
    assert refusal(proof(lambda data: hmac.digest(secret, data, hashlib.sha256), {"jwk": symmetric})) == "private-key"


def test_D2_an_rsa_key_is_none_of_ours() -> None:
    assert refusal(proof(header={"alg": "RS256", "jwk": {"kty": "RSA", "n": "AQAB", "e": "AQAB"}})) == "wrong-algorithm"
    assert refusal(proof(header={"jwk": {"kty": "RSA", "n": "AQAB", "e": "AQAB"}})) == "malformed"


def test_D2_a_key_other_than_the_one_the_token_is_bound_to() -> None:
    stolen = {name: OTHER.jwk[name] for name in ("kty", "crv", "x", "y")}
    assert refusal(proof(OTHER.sign, {"jwk": stolen})) == "wrong-key"
    assert refusal(proof(OTHER.sign)) == "bad-signature"


def test_D2_a_point_off_the_curve() -> None:
    assert refusal(proof(header={"jwk": PUBLIC | {"y": PUBLIC["x"]}})) == "malformed"


def test_D3_a_proof_without_the_token_hash_does_not_accompany_a_token() -> None:
    head_only = proof(ath=None)
    assert refusal(head_only) == "malformed-claim"


def test_D4_a_code_bound_to_one_key_is_not_redeemed_with_another() -> None:
    stolen = {name: OTHER.jwk[name] for name in ("kty", "crv", "x", "y")}
    assert refusal(proof(OTHER.sign, {"jwk": stolen}), access_token=None, jkt=KEY.kid) == "wrong-key"


def test_one_key_has_one_thumbprint_however_it_is_written() -> None:
    decorated = {"jwk": PUBLIC | {"kid": "another name", "use": "sig", "ext": True}}
    assert verify(proof(header=decorated)).jkt == KEY.kid
    padded = PUBLIC | {"x": base64url.encode(b"\0" + base64url.decode(str(PUBLIC["x"])))}
    assert refusal(proof(header={"jwk": padded})) == "malformed"
