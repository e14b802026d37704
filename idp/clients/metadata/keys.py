"""What of a client's public key is kept: the key, its one algorithm or its use, and its certificate's thumbprint."""

from __future__ import annotations

from idp.clients.metadata import certificates
from idp.errors import InvalidClientMetadataError
from kernel.canonical import JSON
from kernel.jose import InvalidKey, RecipientKey, VerifyingKey

CLIENT_ALGORITHMS = ("ES256", "EdDSA", "PS256")
"""What clients may sign with: no PKCS #1 v1.5 (FAPI 2.0 Security Profile §5.4)."""
_ALGORITHM_BY_CURVE = {"P-256": "ES256", "Ed25519": "EdDSA"}


def registered_key(entry: JSON) -> dict[str, JSON]:
    """One public key with its algorithm written down. Raises InvalidClientMetadataError."""
    if not isinstance(entry, dict):
        raise InvalidClientMetadataError("jwks holds something that is no key")
    if entry.get("use") == "enc":
        return _recipient(entry)
    alg = entry.get("alg") or _ALGORITHM_BY_CURVE.get(str(entry.get("crv")))
    if alg not in CLIENT_ALGORITHMS:
        raise InvalidClientMetadataError(f"a key's alg must be one of {', '.join(CLIENT_ALGORITHMS)}")
    try:
        return dict(VerifyingKey.from_jwk({**entry, "alg": alg}).jwk) | certificates.of_key(entry)
    except InvalidKey as error:
        raise InvalidClientMetadataError(f"jwks: {error}".encode("ascii", "replace").decode()) from None


def _recipient(entry: dict[str, JSON]) -> dict[str, JSON]:
    """A key that answers are encrypted to. Which algorithm, the metadata say (`encrypted_answers`)."""
    try:
        return dict(RecipientKey.from_jwk(entry).jwk)
    except InvalidKey as error:
        raise InvalidClientMetadataError(f"jwks: {error}".encode("ascii", "replace").decode()) from None
