"""RFC 9449 §4.3: the twelve checks of a DPoP proof."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from kernel import jose
from kernel.entropy import SeededEntropy

Values = dict[str, Any]
URL = "https://exchange.example/v1/evidence-requests"


@pytest.fixture
def make(forge: Callable[..., str], es256: jose.SigningKey, now: datetime) -> Callable[..., str]:
    """A proof with changed claims or header (`...` leaves a member out), signed by `key`."""

    def proof(header: Values | None = None, key: jose.SigningKey = es256, **claims: Any) -> str:
        jwk = {name: key.jwk[name] for name in ("kty", "crv", "x", "y") if name in key.jwk}
        head = {"typ": "dpop+jwt", "alg": key.alg, "jwk": jwk} | (header or {})
        body = {"jti": "once", "htm": "POST", "htu": URL, "iat": int(now.timestamp())} | claims
        kept = ({name: value for name, value in part.items() if value is not ...} for part in (head, body))
        return forge(*kept, key)

    return proof


@pytest.fixture
def refusal(now: datetime) -> Callable[..., str]:
    def reason(proof: Any, **request: Any) -> str:
        with pytest.raises(jose.InvalidProof) as caught:
            jose.verify_dpop(proof, **({"method": "POST", "url": URL, "now": now} | request))
        return str(caught.value)

    return reason


def test_a_good_proof_names_its_key_and_how_long_to_remember_it(
    make: Callable[..., str], es256: jose.SigningKey, now: datetime
) -> None:
    proof = jose.verify_dpop(make(nonce="n"), method="POST", url=URL, now=now)
    issued = int(now.timestamp())
    assert (proof.jkt, proof.jti, proof.iat, proof.nonce) == (es256.kid, "once", issued, "n")
    assert proof.replay_until == issued + 71


def test_a_proof_is_refused_from_the_second_it_may_be_forgotten(
    make: Callable[..., str], now: datetime, refusal: Callable[..., str]
) -> None:
    proof = make()
    until = jose.verify_dpop(proof, method="POST", url=URL, now=now).replay_until
    last = now + timedelta(seconds=70)
    assert jose.verify_dpop(proof, method="POST", url=URL, now=last).jti == "once"
    assert refusal(proof, now=last + timedelta(seconds=0.001)) == "stale"
    assert last.timestamp() < until


@pytest.mark.parametrize("alg", ["EdDSA", "Ed25519"])
def test_ed25519_proofs(alg: str, make: Callable[..., str], now: datetime) -> None:
    key = jose.SigningKey.from_private_jwk(jose.generate_ed25519(SeededEntropy(3)), alg)
    assert jose.verify_dpop(make(key=key), method="POST", url=URL, now=now).jkt == key.kid


def test_check_1_two_header_fields_joined_into_one_are_no_proof(
    make: Callable[..., str], refusal: Callable[..., str]
) -> None:
    assert refusal(f"{make()}, {make()}") == "malformed"


@pytest.mark.parametrize("proof", ["", "abc", "a.b.c", None, 5])
def test_check_2_a_single_well_formed_jwt(proof: Any, refusal: Callable[..., str]) -> None:
    assert refusal(proof) == "malformed"


@pytest.mark.parametrize("name", ["jti", "htm", "htu", "iat"])
def test_check_3_every_required_claim(name: str, make: Callable[..., str], refusal: Callable[..., str]) -> None:
    assert refusal(make(**{name: ...})) == "missing-claim"
    assert refusal(make(**{name: [1]})) == "malformed-claim"


def test_check_3_an_identifier_too_long_to_store(make: Callable[..., str], refusal: Callable[..., str]) -> None:
    assert refusal(make(jti="x" * 257)) == "malformed-claim"


@pytest.mark.parametrize("typ", ["JWT", "at+jwt", ..., 5])
def test_check_4_the_type(typ: Any, make: Callable[..., str], refusal: Callable[..., str]) -> None:
    assert refusal(make({"typ": typ})) == "wrong-type"


@pytest.mark.parametrize("alg", ["none", "HS256", "RS256", "ES384", ..., ["ES256"]])
def test_check_5_the_algorithm(alg: Any, make: Callable[..., str], refusal: Callable[..., str]) -> None:
    assert refusal(make({"alg": alg})) == "wrong-algorithm"


def test_check_5_the_algorithm_of_the_key(
    make: Callable[..., str], es256: jose.SigningKey, refusal: Callable[..., str]
) -> None:
    assert refusal(make({"jwk": dict(es256.jwk) | {"alg": "EdDSA"}})) == "wrong-algorithm"


def test_check_6_signed_by_the_key_it_shows(
    make: Callable[..., str], es256: jose.SigningKey, refusal: Callable[..., str]
) -> None:
    other = jose.SigningKey.from_private_jwk(jose.generate_p256(SeededEntropy(9)), "ES256")
    assert refusal(make({"jwk": dict(other.jwk)})) == "bad-signature"


@pytest.mark.parametrize("jwk", [..., None, "text", {}, {"kty": "EC"}, {"kty": ["EC"], "crv": "P-256", "x": 1, "y": 2}])
def test_check_6_a_key_has_to_be_there(jwk: Any, make: Callable[..., str], refusal: Callable[..., str]) -> None:
    assert refusal(make({"jwk": jwk})) == "malformed"


def test_check_7_no_private_key(make: Callable[..., str], es256_jwk: Values, refusal: Callable[..., str]) -> None:
    assert refusal(make({"jwk": es256_jwk})) == "private-key"
    assert refusal(make({"jwk": {"kty": "oct", "k": "AA"}})) == "private-key"


@pytest.mark.parametrize("method", ["GET", "post", "POST "])
def test_check_8_the_method(method: str, make: Callable[..., str], refusal: Callable[..., str]) -> None:
    assert refusal(make(htm=method)) == "wrong-method"


@pytest.mark.parametrize(
    "url",
    [
        "https://exchange.example/v1/cases",
        "http://exchange.example/v1/evidence-requests",
        "https://exchange.example.attacker.example/v1/evidence-requests",
        "https://exchange.example:444/v1/evidence-requests",
        "https://exchange.example@attacker.example/v1/evidence-requests",
        "/v1/evidence-requests",
        "x",
    ],
)
def test_check_9_the_address(url: str, make: Callable[..., str], refusal: Callable[..., str]) -> None:
    assert refusal(make(htu=url)) == "wrong-url"


@pytest.mark.parametrize(
    "url", [URL + "?page=2", URL + "#top", "HTTPS://Exchange.Example:443/v1/evidence%2Drequests", URL + "?"]
)
def test_check_9_query_fragment_and_spelling_do_not_matter(url: str, make: Callable[..., str], now: datetime) -> None:
    assert jose.verify_dpop(make(htu=url), method="POST", url=URL + "?limit=5", now=now).jti == "once"


def test_check_10_the_nonce_the_server_gave(
    make: Callable[..., str], refusal: Callable[..., str], now: datetime
) -> None:
    assert jose.verify_dpop(make(nonce="given"), method="POST", url=URL, now=now, nonce="given").nonce == "given"
    assert refusal(make(), nonce="given") == "wrong-nonce"
    assert refusal(make(nonce="older"), nonce="given") == "wrong-nonce"
    assert refusal(make(nonce=5)) == "malformed-claim"


@pytest.mark.parametrize(("offset", "reason"), [(11, "issued-in-future"), (-71, "stale"), (-86_400, "stale")])
def test_check_11_made_within_the_window(
    offset: int, reason: str, make: Callable[..., str], refusal: Callable[..., str], now: datetime
) -> None:
    assert refusal(make(iat=int(now.timestamp()) + offset)) == reason


@pytest.mark.parametrize("offset", [10, -70])
def test_check_11_the_edges_of_the_window(offset: int, make: Callable[..., str], now: datetime) -> None:
    proof = make(iat=int(now.timestamp()) + offset)
    assert jose.verify_dpop(proof, method="POST", url=URL, now=now).iat == int(now.timestamp()) + offset


def test_check_12_the_hash_of_the_token_and_its_key(
    make: Callable[..., str], refusal: Callable[..., str], es256: jose.SigningKey, now: datetime
) -> None:
    good = make(ath=jose.access_token_hash("token"))
    proof = jose.verify_dpop(good, method="POST", url=URL, now=now, access_token="token", jkt=es256.kid)
    assert proof.jkt == es256.kid
    assert refusal(make(), access_token="token") == "missing-claim"
    assert refusal(good, access_token="other") == "wrong-token-hash"
    assert refusal(make(ath="x"), access_token="token") == "wrong-token-hash"
    assert refusal(good, access_token="token", jkt="another-key") == "wrong-key"


@pytest.mark.parametrize("name", ["crit", "b64", "jku", "x5u", "x5c"])
def test_no_extension_and_no_second_key(name: str, make: Callable[..., str], refusal: Callable[..., str]) -> None:
    assert refusal(make({name: "x"})) == "forbidden-header"
