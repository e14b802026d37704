"""RFC 7517: which keys may be registered, and for what."""

from __future__ import annotations

from typing import Any

import pytest

from kernel import jose
from kernel.entropy import SeededEntropy
from kernel.jose import base64url

Jwk = dict[str, Any]


@pytest.fixture
def public(es256: jose.SigningKey) -> Jwk:
    return dict(es256.jwk)


@pytest.fixture
def rsa_public(rsa_jwk: Jwk) -> Jwk:
    return {name: rsa_jwk[name] for name in ("kty", "n", "e")}


def refused(jwk: Jwk, alg: str | None = "ES256") -> str:
    with pytest.raises(jose.InvalidKey) as caught:
        jose.VerifyingKey.from_jwk(jwk, alg)
    return str(caught.value)


def test_a_key_registers_for_one_algorithm_and_is_named_by_its_thumbprint(public: Jwk) -> None:
    del public["kid"], public["alg"]
    key = jose.VerifyingKey.from_jwk(public, "ES256")
    assert (key.kid, key.alg) == (jose.thumbprint(public), "ES256")


def test_a_key_keeps_the_name_it_was_given(public: Jwk) -> None:
    assert jose.VerifyingKey.from_jwk(public | {"kid": "mine"}).kid == "mine"


def test_a_key_without_any_registered_algorithm_is_refused(public: Jwk) -> None:
    del public["alg"]
    assert "no registered algorithm" in refused(public, None)


@pytest.mark.parametrize("alg", ["none", "HS256", "RS512", "ES384", "ECDH-ES", "", 5])
def test_other_algorithms_are_refused(alg: Any, public: Jwk) -> None:
    assert "no registered algorithm" in refused(public | {"alg": alg}, None)
    assert "no registered algorithm" in refused(public, alg)


def test_a_key_that_names_another_algorithm_is_refused(public: Jwk, rsa_public: Jwk) -> None:
    assert "another algorithm" in refused(public | {"alg": "RS256"})
    assert "another algorithm" in refused(rsa_public | {"alg": "RS256"}, "PS256")


@pytest.mark.parametrize("change", [{"use": "enc"}, {"key_ops": ["encrypt"]}, {"key_ops": "verify"}, {"key_ops": []}])
def test_rfc7517_4_2_a_key_for_another_use_is_refused(change: Jwk, public: Jwk) -> None:
    assert "another use" in refused(public | change)


def test_rfc7517_4_3_a_key_whose_operations_include_ours_is_taken(public: Jwk) -> None:
    assert jose.VerifyingKey.from_jwk(public | {"key_ops": ["verify", "wrapKey"]}).alg == "ES256"


def test_a_private_key_is_refused_where_a_public_one_is_meant(es256_jwk: Jwk) -> None:
    assert "private" in refused(es256_jwk)
    assert "private" in refused({"kty": "oct", "k": "c2VjcmV0"})


@pytest.mark.parametrize("kid", ["", 5, None])
def test_a_key_identifier_is_text(kid: Any, public: Jwk) -> None:
    assert "kid" in refused(public | {"kid": kid})


@pytest.mark.parametrize(
    "change",
    [
        {"kty": "OKP"},
        {"crv": "P-384"},
        {"x": "AA"},
        {"x": "!!!!"},
        {"x": 5},
        {"y": None},
        {"x": base64url.encode(bytes(31) + b"\1"), "y": base64url.encode(bytes(32))},
        {"x": "x" * 100},
    ],
)
def test_rfc7518_6_2_1_only_a_point_on_p_256_with_full_length_coordinates(change: Jwk, public: Jwk) -> None:
    refused(public | change)


def test_a_coordinate_with_a_leading_zero_byte_more_is_refused_since_it_would_rename_the_key(public: Jwk) -> None:
    longer = base64url.encode(b"\0" + base64url.decode(public["x"]))
    assert "32 bytes" in refused(public | {"x": longer})


@pytest.mark.parametrize("change", [{"crv": "Ed448"}, {"kty": "EC"}, {"x": "AA"}, {"x": 7}])
def test_rfc8037_2_only_an_ed25519_key(change: Jwk) -> None:
    public = {name: value for name, value in jose.generate_ed25519(SeededEntropy(3)).items() if name != "d"}
    assert jose.VerifyingKey.from_jwk(public, "Ed25519").alg == "Ed25519"
    refused(public | change, "EdDSA")


@pytest.mark.parametrize(
    "change",
    [
        {"n": base64url.encode_number(1 << 1023 | 1)},
        {"n": base64url.encode_number(1 << 8192 | 1)},
        {"e": base64url.encode_number(3)},
        {"e": base64url.encode_number(65_538)},
        {"e": base64url.encode_number(1 << 40 | 1)},
        {"n": "=="},
        {"e": None},
    ],
)
def test_rfc7518_3_3_rsa_keys_of_2048_bits_with_a_usual_exponent(change: Jwk, rsa_public: Jwk) -> None:
    assert jose.VerifyingKey.from_jwk(rsa_public, "RS256").alg == "RS256"
    refused(rsa_public | change, "RS256")


def test_private_and_public_half_have_to_belong_together(es256_jwk: Jwk, rsa_jwk: Jwk) -> None:
    stranger = jose.generate_p256(SeededEntropy(5))
    with pytest.raises(jose.InvalidKey, match="belong together"):
        jose.SigningKey.from_private_jwk(es256_jwk | {"d": stranger["d"]}, "ES256")
    with pytest.raises(jose.InvalidKey, match="out of range"):
        jose.SigningKey.from_private_jwk(es256_jwk | {"d": base64url.encode(bytes(32))}, "ES256")
    ed25519, other = jose.generate_ed25519(SeededEntropy(6)), jose.generate_ed25519(SeededEntropy(7))
    with pytest.raises(jose.InvalidKey, match="belong together"):
        jose.SigningKey.from_private_jwk(ed25519 | {"d": other["d"]}, "EdDSA")
    with pytest.raises(jose.InvalidKey, match="not an RSA private key"):
        jose.SigningKey.from_private_jwk(rsa_jwk | {"p": rsa_jwk["q"]}, "RS256")


@pytest.mark.parametrize("alg", jose.SIGNATURE_ALGORITHMS)
def test_a_private_key_shows_nothing_of_itself(alg: str, private_jwks: dict[str, Jwk]) -> None:
    key = jose.SigningKey.from_private_jwk(private_jwks[alg], alg)
    assert private_jwks[alg]["d"] not in repr(key)
    assert "d" not in key.jwk
    assert repr(key) == f"SigningKey(kid='{key.kid}', alg='{alg}')"


def test_generated_keys_follow_the_entropy_they_are_given() -> None:
    assert jose.generate_p256(SeededEntropy(8)) == jose.generate_p256(SeededEntropy(8))
    assert jose.generate_p256(SeededEntropy(8)) != jose.generate_p256(SeededEntropy(9))
    assert jose.generate_ed25519(SeededEntropy(8)) == jose.generate_ed25519(SeededEntropy(8))


@pytest.mark.parametrize("jwk", [{"kty": "oct", "k": "c2VjcmV0"}, {}, {"kty": "RSA", "n": 5, "e": "AQAB"}])
def test_rfc7638_7_secrets_and_incomplete_keys_have_no_thumbprint(jwk: Jwk) -> None:
    with pytest.raises(jose.InvalidKey):
        jose.thumbprint(jwk)


class TestSets:
    """RFC 7517 §5."""

    def test_keys_we_cannot_use_are_left_out(self, public: Jwk) -> None:
        entries = [public, {"kty": "oct", "k": "AA"}, "text", public | {"use": "enc"}, {"kty": "EC"}]
        assert [key.kid for key in jose.verifying_keys({"keys": entries})] == [public["kid"]]

    def test_keys_without_algorithm_take_the_registered_one(self, public: Jwk, rsa_public: Jwk) -> None:
        del public["alg"]
        assert jose.verifying_keys({"keys": [public, rsa_public]}) == ()
        assert [key.alg for key in jose.verifying_keys({"keys": [public, rsa_public]}, "RS256")] == ["RS256"]

    @pytest.mark.parametrize("jwks", [{}, {"keys": {}}, {"keys": None}, {"keys": [{}] * 65}])
    def test_what_is_no_set_is_refused(self, jwks: Jwk) -> None:
        with pytest.raises(jose.InvalidKey):
            jose.verifying_keys(jwks)

    def test_encryption_keys_are_those_published_for_encryption(self, public: Jwk) -> None:
        key = jose.DecryptionKey.from_private_jwk(jose.generate_p256(SeededEntropy(4)) | {"alg": "ECDH-ES"})
        without_use = {name: value for name, value in key.jwk.items() if name != "use"}
        found = jose.encryption_keys({"keys": [public, dict(key.jwk), without_use]})
        assert [entry.kid for entry in found] == [key.kid]
