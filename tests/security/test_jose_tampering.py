"""No change of one character or one bit survives; no text makes a verifier do anything but refuse."""

from __future__ import annotations

import contextlib
import json
import string
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import jose
from kernel.entropy import SeededEntropy
from kernel.jose import base64url
from tests.cases import sized

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
ENTROPY = SeededEntropy(41)
KEYS = {
    "ES256": jose.SigningKey.from_private_jwk(jose.generate_p256(ENTROPY), "ES256"),
    "EdDSA": jose.SigningKey.from_private_jwk(jose.generate_ed25519(ENTROPY), "EdDSA"),
}
RECIPIENT = jose.DecryptionKey.from_private_jwk(jose.generate_p256(ENTROPY) | {"alg": "ECDH-ES"})
CLAIMS = {"iss": "i", "aud": "a", "iat": int(NOW.timestamp()), "exp": int(NOW.timestamp()) + 60}
TOKENS = {alg: jose.sign(CLAIMS, key, typ="at+jwt") for alg, key in KEYS.items()}
ENCRYPTED = jose.encrypt(b"secret", RECIPIENT.encryption())
VERIFYING = tuple(key.verifying() for key in KEYS.values())
CHARACTERS = string.ascii_letters + string.digits + "-_.=+/ "


def accepted(token: str) -> bool:
    try:
        jose.verify(token, VERIFYING, typ="at+jwt", issuer="i", audience="a", now=NOW, max_age=60)
    except jose.InvalidToken:
        return False
    return True


def decrypted(token: str) -> bool:
    try:
        jose.decrypt(token, [RECIPIENT])
    except jose.InvalidToken:
        return False
    return True


@pytest.mark.parametrize("alg", KEYS)
def test_every_single_bit_of_a_token_counts(alg: str) -> None:
    token = TOKENS[alg]
    assert accepted(token)
    survivors = [
        (position, bit)
        for position in range(len(token))
        for bit in range(7)
        if accepted(token[:position] + chr(ord(token[position]) ^ (1 << bit)) + token[position + 1 :])
    ]
    assert survivors == []


def test_every_single_bit_of_an_encrypted_token_counts() -> None:
    assert decrypted(ENCRYPTED)
    survivors = [
        (position, bit)
        for position in range(len(ENCRYPTED))
        for bit in range(7)
        if decrypted(ENCRYPTED[:position] + chr(ord(ENCRYPTED[position]) ^ (1 << bit)) + ENCRYPTED[position + 1 :])
    ]
    assert survivors == []


@pytest.mark.parametrize("alg", KEYS)
def test_every_cut_and_every_doubled_character_is_refused(alg: str) -> None:
    token = TOKENS[alg]
    assert not any(accepted(token[:position]) or accepted(token[position + 1 :]) for position in range(len(token)))
    assert not any(
        accepted(token[:position] + token[position:][:1] + token[position:]) for position in range(len(token))
    )


@given(st.sampled_from(sorted(KEYS)), st.data())
def test_another_character_anywhere_is_refused(alg: str, data: st.DataObject) -> None:
    token = TOKENS[alg]
    position = data.draw(st.integers(0, len(token) - 1))
    replacement = data.draw(st.sampled_from(CHARACTERS.replace(token[position], "")))
    assert not accepted(token[:position] + replacement + token[position + 1 :])


@given(st.sampled_from(sorted(KEYS)), st.data())
def test_segments_of_two_good_tokens_do_not_mix(alg: str, data: st.DataObject) -> None:
    other = jose.sign(CLAIMS | {"sub": "other"}, KEYS[alg], typ="at+jwt").split(".")
    own = TOKENS[alg].split(".")
    choice = data.draw(st.lists(st.booleans(), min_size=3, max_size=3).filter(lambda pick: pick[1] != pick[2]))
    mixed = ".".join(theirs if pick else ours for pick, theirs, ours in zip(choice, other, own, strict=True))
    assert not accepted(mixed)


@given(st.text(max_size=300) | st.from_regex(r"\A[A-Za-z0-9_-]{0,80}(\.[A-Za-z0-9_-]{0,80}){0,5}\Z"))
def test_any_text_is_refused_and_nothing_else_happens(text: str) -> None:
    assert not accepted(text)
    assert not decrypted(text)
    with pytest.raises(jose.InvalidProof):
        jose.verify_dpop(text, method="POST", url="https://id.example/", now=NOW)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
header_names = st.sampled_from(["alg", "kid", "typ", "enc", "epk", "apu", "apv", "cty", "jwk", "crit", "zip", "x5t"])
headers = st.dictionaries(header_names | st.text(max_size=8), json_values, max_size=3)
claim_names = st.sampled_from(["iss", "aud", "exp", "iat", "nbf", "jti", "htm", "htu", "ath", "nonce"])
claim_sets = st.dictionaries(claim_names | st.text(max_size=8), json_values, max_size=4)


def segment(value: object) -> str:
    return base64url.encode(json.dumps(value).encode("utf-8", "surrogatepass"))


@settings(max_examples=sized(100, 10_000))  # the dearest
@given(headers, claim_sets)
def test_a_signed_token_of_any_shape_is_verified_or_refused(
    header: dict[str, object], claims: dict[str, object]
) -> None:
    key = KEYS["ES256"]
    signing_input = (
        f"{segment({'alg': 'ES256', 'kid': key.kid, 'typ': 'at+jwt'} | header)}.{segment(dict(CLAIMS) | claims)}"
    )
    accepted(f"{signing_input}.{base64url.encode(key.sign(signing_input.encode()))}")


@given(headers, st.sampled_from(["kty", "crv", "x", "y", "use", "d", "alg"]), json_values, claim_sets)
def test_a_proof_of_any_shape_is_verified_or_refused(
    header: dict[str, object], member: str, value: object, claims: dict[str, object]
) -> None:
    key = KEYS["ES256"]
    jwk = {name: key.jwk[name] for name in ("kty", "crv", "x", "y")} | {member: value}
    body = {"jti": "j", "htm": "GET", "htu": "https://id.example/", "iat": CLAIMS["iat"]} | claims
    signing_input = f"{segment({'alg': 'ES256', 'typ': 'dpop+jwt', 'jwk': jwk} | header)}.{segment(body)}"
    proof = f"{signing_input}.{base64url.encode(key.sign(signing_input.encode()))}"
    with contextlib.suppress(jose.InvalidProof):
        assert jose.verify_dpop(proof, method="GET", url="https://id.example/", now=NOW).jkt == jose.thumbprint(key.jwk)


@given(headers)
def test_an_encrypted_token_with_another_header_is_never_opened(header: dict[str, object]) -> None:
    head, rest = ENCRYPTED.split(".", 1)
    changed = segment(json.loads(base64url.decode(head)) | header)
    assert decrypted(f"{changed}.{rest}") == (changed == head)


@given(
    st.dictionaries(st.sampled_from(["kty", "crv", "x", "y", "n", "e", "kid", "use", "alg", "key_ops"]), json_values)
)
def test_a_key_of_any_shape_is_registered_or_refused(change: dict[str, object]) -> None:
    for alg in (None, *jose.SIGNATURE_ALGORITHMS):
        try:
            key = jose.VerifyingKey.from_jwk(dict(KEYS["ES256"].jwk) | change, alg)
        except jose.InvalidKey:
            continue
        assert key.alg == "ES256"
