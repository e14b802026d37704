"""What the tests of this room share: one moment, one key of each algorithm, and a forge for tokens of any shape."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from kernel import jose
from kernel.entropy import SeededEntropy
from kernel.jose import base64url

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
ISSUER = "https://id.example"
AUDIENCE = "https://exchange.example"


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def claims() -> dict[str, Any]:
    instant = int(NOW.timestamp())
    return {"iss": ISSUER, "aud": AUDIENCE, "iat": instant, "exp": instant + 300, "sub": "s", "jti": "j"}


@pytest.fixture(scope="session")
def es256_jwk() -> dict[str, Any]:
    return jose.generate_p256(SeededEntropy(1))


@pytest.fixture(scope="session")
def es256(es256_jwk: dict[str, Any]) -> jose.SigningKey:
    return jose.SigningKey.from_private_jwk(es256_jwk, "ES256")


@pytest.fixture(scope="session")
def rsa_jwk() -> dict[str, Any]:
    numbers = rsa.generate_private_key(65537, 2048).private_numbers()
    public = numbers.public_numbers
    members = {"n": public.n, "e": public.e, "d": numbers.d, "p": numbers.p, "q": numbers.q}
    members |= {"dp": numbers.dmp1, "dq": numbers.dmq1, "qi": numbers.iqmp}
    return {"kty": "RSA"} | {name: base64url.encode_number(value) for name, value in members.items()}


@pytest.fixture(scope="session")
def private_jwks(es256_jwk: dict[str, Any], rsa_jwk: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """One private JWK per algorithm."""
    ed25519 = jose.generate_ed25519(SeededEntropy(2))
    return {"ES256": es256_jwk, "EdDSA": ed25519, "Ed25519": ed25519, "RS256": rsa_jwk, "PS256": rsa_jwk}


Forge = Callable[..., str]


@pytest.fixture(scope="session")
def forge() -> Forge:
    """Signs any header, given as an object or as raw bytes, over any payload: what an attacker with a key can do."""

    def make(header: Mapping[str, Any] | bytes, payload: Mapping[str, Any] | bytes, key: jose.SigningKey) -> str:
        head, body = (part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, payload))
        signing_input = f"{base64url.encode(head)}.{base64url.encode(body)}"
        return f"{signing_input}.{base64url.encode(key.sign(signing_input.encode()))}"

    return make


@pytest.fixture
def refusal(now: datetime, es256: jose.SigningKey) -> Callable[..., str]:
    """The reason for which a token is refused, with the usual expectations unless some are given."""

    def reason(token: Any, **expectations: Any) -> str:
        expected = {"typ": "at+jwt", "issuer": ISSUER, "audience": AUDIENCE, "now": now, "max_age": 300}
        keys = expectations.pop("keys", (es256.verifying(),))
        with pytest.raises(jose.InvalidToken) as caught:
            jose.verify(token, keys, **(expected | expectations))
        assert str(caught.value) == caught.value.reason
        return str(caught.value.reason)

    return reason
