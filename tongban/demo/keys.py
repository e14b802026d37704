"""Keys of departments: made where a department is registered, and handed over with the registration."""

from __future__ import annotations

from typing import Any

from kernel import jose
from kernel.entropy import Entropy


def key_pair(entropy: Entropy) -> tuple[dict[str, Any], dict[str, Any]]:
    """(private, public) JWK of a department."""
    private = jose.generate_p256(entropy)
    kid = jose.thumbprint(private)
    private = {**private, "kid": kid, "alg": "ES256", "use": "sig"}
    public = {name: private[name] for name in ("kty", "crv", "x", "y", "kid", "alg", "use")}
    return private, public
