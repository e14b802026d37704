"""JOSE and DPoP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kernel import jose
from kernel.entropy import SystemEntropy
from tests.benchmarks.binding import ProofHolder
from tests.benchmarks.micro import Operation

URL = "https://exchange.example/v1/evidence-requests"


def operations(_folder: Path, _stack: ExitStack) -> Iterator[Operation]:
    """Signing and verifying an access token of nine claims; verifying a DPoP proof."""
    key = jose.SigningKey.from_private_jwk(jose.generate_p256(SystemEntropy()), "ES256")
    now = datetime.now(UTC)
    issued = int(now.timestamp())
    claims: dict[str, Any] = {
        "iss": "https://idp.example",
        "aud": "https://exchange.example",
        "sub": "s",
        "client_id": "c",
    }
    claims |= {"iat": issued, "exp": issued + 300, "jti": "j" * 22, "scope": "cases", "sid": "d" * 22}
    token = jose.sign(claims, key, typ="at+jwt")
    keys = (key.verifying(),)
    yield Operation("JWS ES256 sign, 9 claims", lambda: jose.sign(claims, key, typ="at+jwt"))
    yield Operation(
        "JWS ES256 verify with all duties",
        lambda: jose.verify(
            token, keys, typ="at+jwt", issuer=claims["iss"], audience=claims["aud"], now=now, max_age=300
        ),
    )
    (proof,) = ProofHolder().proofs(1, method="POST", url=URL, access_token=token)
    yield Operation(
        "DPoP proof verify, ath included",
        lambda: jose.verify_dpop(proof, method="POST", url=URL, now=now, access_token=token),
    )
