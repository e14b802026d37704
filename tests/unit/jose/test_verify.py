"""RFC 7519 §7.2 and RFC 8725: what a verified token is, and every reason not to be one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey

from kernel import jose
from kernel.entropy import SeededEntropy

Claims = dict[str, Any]
Refusal = Callable[..., str]
Forge = Callable[..., str]


def verify(token: str, key: jose.SigningKey, now: datetime, **changes: Any) -> jose.Verified:
    expected = {
        "typ": "at+jwt",
        "issuer": "https://id.example",
        "audience": "https://exchange.example",
        "now": now,
        "max_age": 300,
    }
    return jose.verify(token, [key.verifying()], **(expected | changes))


@pytest.mark.parametrize("alg", jose.SIGNATURE_ALGORITHMS)
def test_what_is_signed_with_a_key_verifies_with_its_public_half(
    alg: str, private_jwks: dict[str, Any], claims: Claims, now: datetime
) -> None:
    key = jose.SigningKey.from_private_jwk(private_jwks[alg], alg)
    token = jose.sign(claims, key, typ="at+jwt")
    verified = verify(token, key, now)
    assert verified.claims == claims
    assert verified.header == {"alg": alg, "kid": key.kid, "typ": "at+jwt"}
    assert verified.token_hash == hashlib.sha256(token.encode()).digest()


@pytest.mark.parametrize("alg", jose.SIGNATURE_ALGORITHMS)
def test_a_signature_over_something_else_is_refused(
    alg: str, private_jwks: dict[str, Any], claims: Claims, now: datetime
) -> None:
    key = jose.SigningKey.from_private_jwk(private_jwks[alg], alg)
    token, other = (jose.sign(claims | {"jti": jti}, key, typ="at+jwt") for jti in ("1", "2"))
    with pytest.raises(jose.InvalidToken, match="bad-signature"):
        verify(token.rpartition(".")[0] + "." + other.rpartition(".")[2], key, now)


def test_our_tokens_are_read_by_another_library(es256: jose.SigningKey, claims: Claims) -> None:
    token = jose.sign(claims, es256, typ="at+jwt")
    read = jws.deserialize_compact(token, ECKey.import_key(dict(es256.jwk)), algorithms=["ES256"])
    assert json.loads(read.payload) == claims


def test_tokens_of_another_library_are_read_by_us(
    es256: jose.SigningKey, es256_jwk: Claims, claims: Claims, now: datetime
) -> None:
    header = {"alg": "ES256", "kid": es256.kid, "typ": "at+jwt"}
    token = jws.serialize_compact(header, json.dumps(claims), ECKey.import_key(es256_jwk))
    assert verify(token, es256, now).claims == claims


def test_rfc7515_4_1_9_the_type_compares_without_case_and_prefix(
    forge: Forge, es256: jose.SigningKey, claims: Claims, now: datetime
) -> None:
    token = forge({"alg": "ES256", "kid": es256.kid, "typ": "application/AT+JWT"}, claims, es256)
    assert verify(token, es256, now).claims == claims


@pytest.mark.parametrize("typ", ["JWT", "", "dpop+jwt", "at+jwt2", 5, None, ["at+jwt"]])
def test_rfc8725_3_11_another_type_is_refused(
    typ: Any, forge: Forge, es256: jose.SigningKey, claims: Claims, refusal: Refusal
) -> None:
    assert refusal(forge({"alg": "ES256", "kid": es256.kid, "typ": typ}, claims, es256)) == "wrong-type"


def test_a_missing_type_is_refused_unless_it_is_listed(
    forge: Forge, es256: jose.SigningKey, claims: Claims, refusal: Refusal, now: datetime
) -> None:
    token = forge({"alg": "ES256", "kid": es256.kid}, claims, es256)
    assert refusal(token) == "wrong-type"
    assert verify(token, es256, now, typ=("JWT", "")).claims == claims


def test_the_key_is_found_by_its_identifier(es256: jose.SigningKey, claims: Claims, now: datetime) -> None:
    other = jose.SigningKey.from_private_jwk(jose.generate_p256(SeededEntropy(9)), "ES256")
    token = jose.sign(claims, es256, typ="at+jwt")
    keys = [other.verifying(), es256.verifying()]
    verified = jose.verify(
        token, keys, typ="at+jwt", issuer=claims["iss"], audience=claims["aud"], now=now, max_age=300
    )
    assert verified.header["kid"] == es256.kid


@pytest.mark.parametrize("kid", ["someone-else", "", 5, None])
def test_an_unknown_key_identifier_is_refused_even_with_a_good_signature(
    kid: Any, forge: Forge, es256: jose.SigningKey, claims: Claims, refusal: Refusal
) -> None:
    assert refusal(forge({"alg": "ES256", "kid": kid, "typ": "at+jwt"}, claims, es256)) == "unknown-key"


def test_without_a_key_identifier_only_a_single_key_is_unambiguous(
    forge: Forge, es256: jose.SigningKey, claims: Claims, refusal: Refusal, now: datetime
) -> None:
    token = forge({"alg": "ES256", "typ": "at+jwt"}, claims, es256)
    assert verify(token, es256, now).claims == claims
    other = jose.SigningKey.from_private_jwk(jose.generate_p256(SeededEntropy(9)), "ES256")
    assert refusal(token, keys=[es256.verifying(), other.verifying()]) == "unknown-key"


def test_no_keys_means_refused(es256: jose.SigningKey, claims: Claims, refusal: Refusal) -> None:
    assert refusal(jose.sign(claims, es256, typ="at+jwt"), keys=()) == "unknown-key"


@pytest.mark.parametrize("token", ["", ".", "..", "a.b", "a.b.c.d", "é.a.b", "\ud800.a.b", 5, None, b"a.b.c", ["a"]])
def test_what_is_no_compact_jws_is_malformed(token: Any, refusal: Refusal) -> None:
    assert refusal(token) == "malformed"


def test_a_token_over_16_kb_is_refused_unread(es256: jose.SigningKey, claims: Claims, refusal: Refusal) -> None:
    assert refusal(jose.sign(claims | {"pad": "x" * 16_384}, es256, typ="at+jwt")) == "too-large"
    assert refusal("x" * (jose.MAX_TOKEN_BYTES + 1)) == "too-large"


def test_a_header_over_2_kb_is_refused(forge: Forge, es256: jose.SigningKey, claims: Claims, refusal: Refusal) -> None:
    header = {"alg": "ES256", "kid": es256.kid, "typ": "at+jwt", "pad": "x" * 2048}
    assert refusal(forge(header, claims, es256)) == "malformed"


@pytest.mark.parametrize("payload", [b"", b"[]", b"null", b'"x"', b"{", b"\xff", b'{"iss":"a","iss":"b"}', b"{}x"])
def test_a_payload_that_is_not_one_json_object_is_malformed(
    payload: bytes, es256: jose.SigningKey, refusal: Refusal
) -> None:
    assert refusal(jose.sign_bytes(payload, es256, typ="at+jwt")) == "malformed"


@pytest.mark.parametrize("name", ["iss", "aud", "exp", "iat"])
def test_mandatory_claims(name: str, es256: jose.SigningKey, claims: Claims, refusal: Refusal) -> None:
    del claims[name]
    assert refusal(jose.sign(claims, es256, typ="at+jwt")) == "missing-claim"


@pytest.mark.parametrize(
    ("issuer", "reason"),
    [
        ("https://id.example/", "wrong-issuer"),
        ("https://id.exampl", "wrong-issuer"),  # a prefix (PyJWT 2.10.0 compared as a substring)
        ("HTTPS://ID.EXAMPLE", "wrong-issuer"),
        ("", "malformed-claim"),
        (["https://id.example"], "malformed-claim"),
        (5, "malformed-claim"),
        ("x" * 2049, "malformed-claim"),
    ],
)
def test_rfc7519_4_1_1_the_issuer_is_compared_whole(
    issuer: Any, reason: str, es256: jose.SigningKey, claims: Claims, refusal: Refusal
) -> None:
    assert refusal(jose.sign(claims | {"iss": issuer}, es256, typ="at+jwt")) == reason


def test_rfc7519_4_1_3_an_audience_array_with_us_in_it_is_for_us(
    es256: jose.SigningKey, claims: Claims, now: datetime, refusal: Refusal
) -> None:
    token = jose.sign(claims | {"aud": ["https://other.example", "https://exchange.example"]}, es256, typ="at+jwt")
    assert verify(token, es256, now).claims["sub"] == "s"
    assert refusal(token, audience_exact=True) == "wrong-audience"


@pytest.mark.parametrize(
    "audience", ["https://other.example", [], ["https://other.example"], ["https://exchange.example", 5], {}, 5, None]
)
def test_rfc7519_4_1_3_another_audience_is_refused(
    audience: Any, es256: jose.SigningKey, claims: Claims, refusal: Refusal
) -> None:
    assert refusal(jose.sign(claims | {"aud": audience}, es256, typ="at+jwt")) == "wrong-audience"


def test_rfc7519_4_1_4_expiry_at_the_exact_second(es256: jose.SigningKey, claims: Claims, now: datetime) -> None:
    token = jose.sign(claims, es256, typ="at+jwt")
    last = now + timedelta(seconds=309.9)  # exp is 300 s away, the leeway 10 s
    assert verify(token, es256, last).claims == claims
    with pytest.raises(jose.InvalidToken, match="expired"):
        verify(token, es256, now + timedelta(seconds=310))
    with pytest.raises(jose.InvalidToken, match="expired"):
        verify(token, es256, now + timedelta(seconds=300), leeway=0)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"iat": 11}, "issued-in-future"),
        ({"nbf": 11}, "not-yet-valid"),
        ({"exp": 301}, "lifetime-too-long"),
        ({"exp": 10 * 365 * 86_400}, "lifetime-too-long"),
        ({"exp": 5, "iat": 5}, "malformed-claim"),
        ({"exp": 4, "iat": 5}, "malformed-claim"),
    ],
)
def test_times_relative_to_now(
    change: dict[str, int], reason: str, es256: jose.SigningKey, claims: Claims, refusal: Refusal, now: datetime
) -> None:
    moved = {name: int(now.timestamp()) + offset for name, offset in change.items()}
    assert refusal(jose.sign(claims | moved, es256, typ="at+jwt")) == reason


def test_leeway_covers_a_clock_ten_seconds_off(es256: jose.SigningKey, claims: Claims, now: datetime) -> None:
    instant = int(now.timestamp()) + 10
    moved = claims | {"iat": instant, "nbf": instant, "exp": instant + 300}
    assert verify(jose.sign(moved, es256, typ="at+jwt"), es256, now).claims == moved


def test_a_numeric_date_may_have_a_fraction(
    forge: Forge, es256: jose.SigningKey, claims: Claims, now: datetime
) -> None:
    moved = claims | {"iat": claims["iat"] + 0.25}
    token = forge({"alg": "ES256", "kid": es256.kid, "typ": "at+jwt"}, moved, es256)
    assert verify(token, es256, now).claims["iat"] == moved["iat"]


def test_a_naive_time_is_a_programming_error(es256: jose.SigningKey, claims: Claims, now: datetime) -> None:
    token = jose.sign(claims, es256, typ="at+jwt")
    with pytest.raises(ValueError, match="aware"):
        verify(token, es256, now.replace(tzinfo=None))


def test_signature_alone_gives_another_type_that_cannot_pass_for_verified(es256: jose.SigningKey) -> None:
    token = jose.sign_bytes(b"evidence", es256, typ="evidence+jwt")
    signed = jose.verify_signature_only(token, [es256.verifying()], typ="evidence+jwt")
    assert signed.payload == b"evidence"
    assert signed.token_hash == hashlib.sha256(token.encode()).digest()
    assert not isinstance(signed, jose.Verified)
    with pytest.raises(jose.InvalidToken, match="wrong-type"):
        jose.verify_signature_only(token, [es256.verifying()], typ="at+jwt")


class TestClientAssertion:
    """RFC 7523 §3."""

    AUDIENCE = "https://id.example"

    def assertion(self, key: jose.SigningKey, now: datetime, **changes: Any) -> str:
        instant = int(now.timestamp())
        claims = {
            "iss": "client",
            "sub": "client",
            "aud": self.AUDIENCE,
            "iat": instant,
            "exp": instant + 60,
            "jti": "1",
        }
        kept = {name: value for name, value in (claims | changes).items() if value is not ...}
        return jose.sign(kept, key, typ="JWT")

    def verify(self, assertion: str, key: jose.SigningKey, now: datetime) -> jose.Verified:
        return jose.verify_client_assertion(
            assertion, [key.verifying()], client_id="client", audience=self.AUDIENCE, now=now
        )

    def test_a_good_one(self, es256: jose.SigningKey, now: datetime) -> None:
        assert self.verify(self.assertion(es256, now), es256, now).claims["jti"] == "1"

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"sub": "another"}, "wrong-subject"),
            ({"sub": ...}, "wrong-subject"),
            ({"iss": "another"}, "wrong-issuer"),
            ({"jti": ...}, "missing-claim"),
            ({"jti": ""}, "malformed-claim"),
            ({"aud": ["https://id.example"]}, "wrong-audience"),
            ({"aud": "https://id.example/token"}, "wrong-audience"),
        ],
    )
    def test_a_bad_one(self, changes: Claims, reason: str, es256: jose.SigningKey, now: datetime) -> None:
        with pytest.raises(jose.InvalidToken, match=f"^{reason}$"):
            self.verify(self.assertion(es256, now, **changes), es256, now)
