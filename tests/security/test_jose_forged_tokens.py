"""Attacks on tokens: C9 (forged algorithms and keys), C12 (audiences), C13 (times and ambiguous claims).

Every test tries the attack against a good key and expects one answer: refused, with a reason, and nothing else.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kernel import jose
from kernel.entropy import SeededEntropy
from kernel.jose import base64url

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
INSTANT = int(NOW.timestamp())
ISSUER = "https://id.example"
PRIVATE = jose.generate_p256(SeededEntropy(21))
KEY = jose.SigningKey.from_private_jwk(PRIVATE, "ES256")
ATTACKER = jose.SigningKey.from_private_jwk(jose.generate_p256(SeededEntropy(22)), "ES256")
HEADER: dict[str, Any] = {"alg": "ES256", "kid": KEY.kid, "typ": "JWT"}
CLAIMS: dict[str, Any] = {
    "iss": "client",
    "sub": "client",
    "aud": ISSUER,
    "iat": INSTANT,
    "exp": INSTANT + 60,
    "jti": "once",
}
Sign = Callable[[bytes], bytes]


def compose(header: Mapping[str, Any] | bytes, claims: Mapping[str, Any] | bytes, sign: Sign = KEY.sign) -> str:
    head, body = (part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, claims))
    signing_input = f"{base64url.encode(head)}.{base64url.encode(body)}"
    return f"{signing_input}.{base64url.encode(sign(signing_input.encode()))}"


def refusal(assertion: str) -> str:
    with pytest.raises(jose.InvalidToken) as caught:
        jose.verify_client_assertion(assertion, [KEY.verifying()], client_id="client", audience=ISSUER, now=NOW)
    return str(caught.value)


def hmac_with(secret: bytes) -> Sign:
    return lambda data: hmac.digest(secret, data, hashlib.sha256)


def public_pem() -> bytes:
    x, y = (base64url.decode_number(str(PRIVATE[name])) for name in ("x", "y"))
    key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def test_the_untouched_assertion_is_accepted() -> None:
    accepted = jose.verify_client_assertion(
        compose(HEADER, CLAIMS), [KEY.verifying()], client_id="client", audience=ISSUER, now=NOW
    )
    assert accepted.claims == CLAIMS


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", ""])
@pytest.mark.parametrize("signature", [b"", b"x"])
def test_C9_alg_none(alg: str, signature: bytes) -> None:
    assert refusal(compose(HEADER | {"alg": alg}, CLAIMS, lambda _: signature)) == "wrong-algorithm"


def test_C9_a_missing_signature_under_the_right_algorithm() -> None:
    assert refusal(compose(HEADER, CLAIMS, lambda _: b"")) == "bad-signature"


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_C9_hmac_with_the_public_key_as_secret(alg: str) -> None:
    secrets = [public_pem(), json.dumps(dict(KEY.jwk)).encode(), str(PRIVATE["x"]).encode(), b""]
    for secret in secrets:
        assert refusal(compose(HEADER | {"alg": alg}, CLAIMS, hmac_with(secret))) == "wrong-algorithm"
        assert refusal(compose(HEADER, CLAIMS, hmac_with(secret))) == "bad-signature"


def test_C9_no_public_key_text_can_become_a_secret() -> None:
    for jwk in ({"kty": "oct", "k": base64url.encode(public_pem())}, dict(KEY.jwk) | {"kty": "oct"}):
        for alg in ("HS256", "ES256", "none"):
            with pytest.raises(jose.InvalidKey):
                jose.VerifyingKey.from_jwk(jwk, alg)


@pytest.mark.parametrize(
    "header",
    [
        {"jwk": dict(ATTACKER.jwk)},
        {"jku": "https://attacker.example/keys"},
        {"x5u": "https://attacker.example/certificate"},
        {"x5c": ["MIIB"]},
        {"crit": ["exp"]},
        {"crit": []},
        {"crit": ["b64"], "b64": False},
        {"b64": False},
        {"b64": True},
        {"zip": "DEF"},
    ],
)
def test_C9_a_token_brings_no_key_and_no_extension(header: dict[str, Any]) -> None:
    for key in (KEY, ATTACKER):
        assert refusal(compose(HEADER | header, CLAIMS, key.sign)) == "forbidden-header"


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES384", "EdDSA", "es256", "ES256K", ["ES256"], {}, 5, None])
def test_C9_the_header_chooses_no_algorithm(alg: Any) -> None:
    assert refusal(compose(HEADER | {"alg": alg}, CLAIMS)) == "wrong-algorithm"


def test_C9_no_algorithm_at_all() -> None:
    assert refusal(compose({"kid": KEY.kid, "typ": "JWT"}, CLAIMS)) == "wrong-algorithm"


def test_C9_the_attackers_signature_under_our_key_identifier() -> None:
    assert refusal(compose(HEADER, CLAIMS, ATTACKER.sign)) == "bad-signature"


def test_C9_a_signature_in_DER_is_none() -> None:
    private = ec.derive_private_key(base64url.decode_number(str(PRIVATE["d"])), ec.SECP256R1())
    assert (
        refusal(compose(HEADER, CLAIMS, lambda data: private.sign(data, ec.ECDSA(hashes.SHA256())))) == "bad-signature"
    )


def test_C9_a_signature_has_one_spelling() -> None:
    def stretched(data: bytes) -> bytes:
        signature = KEY.sign(data)
        return signature[:32] + b"\0" + signature[32:]  # the same two numbers in 65 bytes

    assert refusal(compose(HEADER, CLAIMS, stretched)) == "bad-signature"


@pytest.mark.parametrize("signature", [bytes(64), bytes(31) + b"\1" + bytes(32), b"\xff" * 64, bytes(63), bytes(65)])
def test_C9_trivial_signatures(signature: bytes) -> None:
    """CVE-2022-21449: a signature of two zeros was right for everything. Refused, and so are its like."""
    assert refusal(compose(HEADER, CLAIMS, lambda _: signature)) == "bad-signature"


@pytest.mark.parametrize(
    "header",
    [
        b'{"alg":"none","alg":"ES256","typ":"JWT"}',
        b'{"alg":"ES256","typ":"JWT","kid":"x","kid":"y"}',
        b'["ES256"]',
        b"null",
        b"",
        b"\xff\xfe",
        b'{"alg":"ES256"}{}',
    ],
)
def test_C9_ambiguous_headers(header: bytes) -> None:
    assert refusal(compose(header, CLAIMS)) == "malformed"


@pytest.mark.parametrize("spoil", ["=", "==", " ", "\n", "%3D"])
def test_C9_padding_and_blanks_in_a_segment(spoil: str) -> None:
    head, body, signature = compose(HEADER, CLAIMS).split(".")
    for token in (
        f"{head}{spoil}.{body}.{signature}",
        f"{head}.{body}{spoil}.{signature}",
        f"{head}.{body}.{signature}{spoil}",
    ):
        assert refusal(token) == "malformed"


def test_C9_the_json_serialisations_are_no_tokens() -> None:
    head, body, signature = compose(HEADER, CLAIMS).split(".")
    flattened = json.dumps({"protected": head, "payload": body, "signature": signature})
    assert refusal(flattened) == "malformed"
    assert (
        refusal(json.dumps({"payload": body, "signatures": [{"protected": head, "signature": signature}]}))
        == "malformed"
    )


@pytest.mark.parametrize(
    "audience",
    [
        [ISSUER],
        [ISSUER, "https://attacker.example"],
        f"{ISSUER}/token",
        f"{ISSUER}/",
        "https://ID.example",
        "https://attacker.example",
        {"0": ISSUER},
        None,
        True,
    ],
)
def test_C12_the_audience_is_our_issuer_string_exactly(audience: Any) -> None:
    assert refusal(compose(HEADER, CLAIMS | {"aud": audience})) == "wrong-audience"


@pytest.mark.parametrize("name", ["exp", "iat"])
def test_C13_a_missing_time(name: str) -> None:
    assert refusal(compose(HEADER, {key: value for key, value in CLAIMS.items() if key != name})) == "missing-claim"


@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
@pytest.mark.parametrize("value", [str(INSTANT), True, False, None, [INSTANT], {}, -1, 1e300, 10**30])
def test_C13_a_time_that_is_no_number(name: str, value: Any) -> None:
    assert refusal(compose(HEADER, CLAIMS | {name: value})) == "malformed-claim"


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 5000])
def test_C13_a_time_that_is_no_json_number_or_too_large_to_be_one(text: str) -> None:
    claims = json.dumps(CLAIMS | {"exp": 0}).replace('"exp": 0', f'"exp": {text}').encode()
    assert refusal(compose(HEADER, claims)) in {"malformed", "malformed-claim"}


def test_C13_ten_years_ahead() -> None:
    assert refusal(compose(HEADER, CLAIMS | {"exp": INSTANT + 10 * 365 * 86_400})) == "lifetime-too-long"


@pytest.mark.parametrize(("name", "reason"), [("iat", "issued-in-future"), ("nbf", "not-yet-valid")])
def test_C13_from_the_future(name: str, reason: str) -> None:
    assert refusal(compose(HEADER, CLAIMS | {name: INSTANT + 30})) == reason


def test_C13_expired() -> None:
    assert refusal(compose(HEADER, CLAIMS | {"iat": INSTANT - 100, "exp": INSTANT - 40})) == "expired"


@pytest.mark.parametrize("name", ["exp", "aud", "iss", "sub"])
def test_C13_duplicate_keys(name: str) -> None:
    claims = json.dumps(CLAIMS).encode()
    doubled = claims[:-1] + b"," + json.dumps({name: CLAIMS[name]}).encode()[1:]
    assert refusal(compose(HEADER, doubled)) == "malformed"


def test_C13_deeply_nested_claims() -> None:
    assert refusal(compose(HEADER, b'{"a":' + b"[" * 2000 + b"]" * 2000 + b"}")) == "malformed"


def test_refusals_carry_nothing_of_the_token() -> None:
    with pytest.raises(jose.InvalidToken) as caught:
        jose.verify_signature_only(compose(HEADER, CLAIMS, ATTACKER.sign), [KEY.verifying()], typ="JWT")
    assert caught.value.args == ("bad-signature",)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
