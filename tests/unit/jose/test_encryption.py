"""RFC 7516 with ECDH-ES and A256GCM: what is encrypted to us, and what is not accepted as such."""

from __future__ import annotations

import json
from typing import Any

import pytest
from joserfc import jwe
from joserfc.jwk import ECKey

from kernel import jose
from kernel.entropy import SeededEntropy
from kernel.jose import base64url

SECRET = b"what only the exchange may read".ljust(256)


@pytest.fixture(scope="module")
def private_jwk() -> dict[str, Any]:
    return jose.generate_p256(SeededEntropy(11)) | {"alg": "ECDH-ES"}


@pytest.fixture(scope="module")
def key(private_jwk: dict[str, Any]) -> jose.DecryptionKey:
    return jose.DecryptionKey.from_private_jwk(private_jwk)


@pytest.fixture(scope="module")
def token(key: jose.DecryptionKey) -> str:
    return jose.encrypt(SECRET, key.encryption())


def refusal(token: Any, *keys: jose.DecryptionKey) -> str:
    with pytest.raises(jose.InvalidToken) as caught:
        jose.decrypt(token, keys)
    return str(caught.value)


def with_header(token: str, **changes: Any) -> str:
    head, rest = token.split(".", 1)
    header = json.loads(base64url.decode(head)) | changes
    kept = {name: value for name, value in header.items() if value is not ...}
    return f"{base64url.encode(json.dumps(kept).encode())}.{rest}"


def test_what_is_encrypted_to_a_key_is_read_with_it(key: jose.DecryptionKey, token: str) -> None:
    assert jose.decrypt(token, [key]) == SECRET
    assert SECRET.strip() not in base64url.decode(token.split(".")[3])


def test_every_encryption_has_a_fresh_ephemeral_key(key: jose.DecryptionKey, token: str) -> None:
    again = jose.encrypt(SECRET, key.encryption())
    assert again.split(".")[0] != token.split(".")[0]


def test_the_caller_may_add_header_parameters_and_override_none(key: jose.DecryptionKey) -> None:
    token = jose.encrypt(SECRET, key.encryption(), header={"cty": "json", "alg": "dir", "enc": "A128GCM"})
    header = json.loads(base64url.decode(token.split(".")[0]))
    assert (header["cty"], header["alg"], header["enc"], header["kid"]) == ("json", "ECDH-ES", "A256GCM", key.kid)
    assert jose.decrypt(token, [key]) == SECRET


def test_an_older_key_still_reads_what_was_meant_for_it(key: jose.DecryptionKey, token: str) -> None:
    newer = jose.DecryptionKey.from_private_jwk(jose.generate_p256(SeededEntropy(12)) | {"alg": "ECDH-ES"})
    assert jose.decrypt(token, [newer, key]) == SECRET


def test_a_key_we_do_not_hold(key: jose.DecryptionKey, token: str) -> None:
    assert refusal(token) == "unknown-key"
    assert refusal(with_header(token, kid="someone-else"), key) == "unknown-key"
    assert refusal(with_header(token, kid=...), key) == "unknown-key"


def test_another_key_of_the_same_name_reads_nothing(key: jose.DecryptionKey, token: str) -> None:
    stranger = jose.generate_p256(SeededEntropy(13)) | {"alg": "ECDH-ES", "kid": key.kid}
    assert refusal(token, jose.DecryptionKey.from_private_jwk(stranger)) == "undecryptable"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"alg": "ECDH-ES+A256KW"}, "wrong-algorithm"),
        ({"alg": "dir"}, "wrong-algorithm"),
        ({"alg": "RSA1_5"}, "wrong-algorithm"),
        ({"alg": ...}, "wrong-algorithm"),
        ({"enc": "A128CBC-HS256"}, "wrong-algorithm"),
        ({"enc": "A128GCM"}, "wrong-algorithm"),
        ({"enc": ["A256GCM"]}, "wrong-algorithm"),
        ({"zip": "DEF"}, "forbidden-header"),
        ({"crit": ["exp"]}, "forbidden-header"),
        ({"jwk": {}}, "forbidden-header"),
        ({"jku": "https://attacker.example/keys"}, "forbidden-header"),
        ({"p2c": 1_000_000_000}, "forbidden-header"),
        ({"epk": ...}, "malformed"),
        ({"epk": {}}, "malformed"),
        ({"epk": {"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"}}, "malformed"),
        ({"apu": "QWxpY2U"}, "undecryptable"),
        ({"apu": 5}, "undecryptable"),
        ({"apv": [None]}, "undecryptable"),
        ({"cty": {"a": 1}}, "undecryptable"),
        ({"typ": "changed"}, "undecryptable"),
        ({"unknown": 1}, "undecryptable"),
    ],
)
def test_changed_headers(changes: dict[str, Any], reason: str, key: jose.DecryptionKey, token: str) -> None:
    assert refusal(with_header(token, **changes), key) == reason


def test_rfc7518_4_6_1_1_an_ephemeral_key_off_the_curve_is_refused(key: jose.DecryptionKey, token: str) -> None:
    epk = json.loads(base64url.decode(token.split(".")[0]))["epk"]
    off_curve = epk | {"y": base64url.encode(bytes(31) + b"\5")}
    assert refusal(with_header(token, epk=off_curve), key) == "malformed"
    assert refusal(with_header(token, epk=epk | {"d": epk["x"]}), key) == "malformed"


@pytest.mark.parametrize("index", [1, 2, 4])
def test_rfc7516_5_2_segments_of_another_length(index: int, key: jose.DecryptionKey, token: str) -> None:
    parts = token.split(".")
    parts[index] += "AAAA"
    assert refusal(".".join(parts), key) == "malformed"


@pytest.mark.parametrize("token", ["", "a.b.c", "a.b.c.d.e.f", "....", 5, None])
def test_what_is_no_compact_jwe(token: Any, key: jose.DecryptionKey) -> None:
    assert refusal(token, key) == "malformed"


def test_a_token_over_16_kb_is_refused_unread(key: jose.DecryptionKey) -> None:
    assert refusal(jose.encrypt(b"x" * 16_384, key.encryption()), key) == "too-large"


def test_another_library_reads_ours_and_we_read_its(key: jose.DecryptionKey, private_jwk: dict[str, Any]) -> None:
    theirs = ECKey.import_key({name: private_jwk[name] for name in ("kty", "crv", "x", "y", "d")})
    algorithms = ["ECDH-ES", "A256GCM"]
    assert jwe.decrypt_compact(jose.encrypt(SECRET, key.encryption()), theirs, algorithms).plaintext == SECRET
    header = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": key.kid}
    assert jose.decrypt(jwe.encrypt_compact(header, SECRET, theirs, algorithms), [key]) == SECRET


@pytest.mark.parametrize(
    "change", [{"use": "sig"}, {"alg": "ES256"}, {"alg": "RSA-OAEP"}, {"crv": "P-384"}, {"x": "AA"}]
)
def test_only_p256_keys_for_agreement_are_registered(change: dict[str, Any], key: jose.DecryptionKey) -> None:
    with pytest.raises(jose.InvalidKey):
        jose.EncryptionKey.from_jwk(dict(key.jwk) | change)


def test_a_private_key_is_no_public_one_and_shows_nothing(private_jwk: dict[str, Any]) -> None:
    with pytest.raises(jose.InvalidKey, match="private"):
        jose.EncryptionKey.from_jwk(private_jwk)
    key = jose.DecryptionKey.from_private_jwk(private_jwk)
    assert repr(key) == f"DecryptionKey(kid='{key.kid}')"
    assert "d" not in key.jwk
