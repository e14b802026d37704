"""Proofs of possession by keys of every algorithm there is, also those that no proof may be signed by."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from kernel import jose
from kernel.entropy import SeededEntropy
from kernel.jose import base64url


@cache
def keys_of_all_kinds() -> tuple[jose.SigningKey, ...]:
    """One key for each signature algorithm that is verified anywhere."""
    rsa, ed25519 = jose.generate_rsa(), jose.generate_ed25519(SeededEntropy(71))
    private = {"ES256": jose.generate_p256(SeededEntropy(72)), "EdDSA": ed25519, "Ed25519": ed25519}
    return tuple(jose.SigningKey.from_private_jwk(private.get(alg, rsa), alg) for alg in jose.SIGNATURE_ALGORITHMS)


def public(key: jose.SigningKey) -> dict[str, Any]:
    """The members of its public half that a proof shows."""
    return {name: value for name, value in key.verifying().jwk.items() if name in ("kty", "crv", "x", "y", "n", "e")}


def proof(key: jose.SigningKey, claims: dict[str, Any]) -> str:
    """A proof that is good but for its algorithm, perhaps."""
    header = {"typ": "dpop+jwt", "alg": key.alg, "jwk": public(key)}
    text = ".".join(base64url.encode(json.dumps(part).encode()) for part in (header, claims))
    return f"{text}.{base64url.encode(key.sign(text.encode()))}"
