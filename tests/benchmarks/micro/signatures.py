"""JOSE and DPoP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from kernel import jose
from kernel.clock import SystemClock
from kernel.entropy import SystemEntropy
from kernel.keys import KeyRing
from kernel.keys.hardware import Pkcs11Token
from tests.benchmarks.binding import ProofHolder
from tests.benchmarks.micro import Operation
from tests.doubles import softhsm

URL = "https://exchange.example/v1/evidence-requests"


def operations(folder: Path, _stack: ExitStack) -> Iterator[Operation]:
    """Signing (with every algorithm, and in a token) and verifying an access token; verifying a DPoP proof."""
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
    for alg, private in (
        ("EdDSA", jose.generate_ed25519(SystemEntropy())), ("PS256", rsa := jose.generate_rsa()), ("RS256", rsa)
    ):  # fmt: skip
        other = jose.SigningKey.from_private_jwk(private, alg)
        yield Operation(f"JWS {alg} sign, 9 claims", partial(jose.sign, claims, other, typ="at+jwt"))
    yield from _in_a_token(folder, claims)
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


def _in_a_token(folder: Path, claims: dict[str, Any]) -> Iterator[Operation]:
    if softhsm.MODULE.exists():
        clock, entropy = SystemClock(), SystemEntropy()
        token = Pkcs11Token(softhsm.prepare(folder), softhsm.LABEL, softhsm.PIN)
        KeyRing.create(folder / "keys", clock=clock, entropy=entropy, purposes=("jws",))
        ring = KeyRing.load(folder / "keys", clock=clock, entropy=entropy, hardware=token)
        ring.revoke(ring.signing().kid)  # its successor is made in the token, and in use at once
        key = ring.signing()
        yield Operation("JWS ES256 sign, PKCS #11", lambda: jose.sign(claims, key, typ="at+jwt"), note="SoftHSM")
