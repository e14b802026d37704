"""Client metadata about encrypted answers (OpenID Connect Dynamic Client Registration 1.0 §2, JARM §3, RFC 9701 §6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from idp.errors import InvalidClientMetadataError
from kernel.canonical import JSON
from kernel.jose import CONTENT_ALGORITHMS, RECIPIENT_ALGORITHMS, RecipientKey

KINDS = ("id_token", "userinfo", "authorization", "introspection")
MEMBERS = tuple(f"{kind}_encrypted_response_{name}" for kind in KINDS for name in ("alg", "enc"))
Metadata = Mapping[str, JSON]


def algorithms_are_offered(data: Metadata) -> None:
    """§2: what discovery lists; RSA1_5 and `dir` are not among it."""
    for name, offered in (("alg", RECIPIENT_ALGORITHMS), ("enc", CONTENT_ALGORITHMS)):
        for member in (f"{kind}_encrypted_response_{name}" for kind in KINDS):
            if member in data and data[member] not in offered:
                raise InvalidClientMetadataError(f"{member} must be one of {', '.join(offered)}")


def content_encryption_comes_with_an_algorithm(data: Metadata) -> None:
    """§2: with `enc`, `alg` is required."""
    for kind in KINDS:
        if f"{kind}_encrypted_response_enc" in data and f"{kind}_encrypted_response_alg" not in data:
            raise InvalidClientMetadataError(f"{kind}_encrypted_response_enc needs {kind}_encrypted_response_alg")


def userinfo_is_signed_first(data: Metadata) -> None:
    """§2 knows userinfo that is encrypted and not signed; here it is always both, so the client has to expect it."""
    if "userinfo_encrypted_response_alg" in data and "userinfo_signed_response_alg" not in data:
        raise InvalidClientMetadataError("userinfo_encrypted_response_alg needs userinfo_signed_response_alg")


def there_is_a_key_to_encrypt_to(data: Metadata) -> None:
    """§2: a key published with `use: enc`, of the algorithm's type. What `jwks_uri` holds is seen when it is needed."""
    wanted = {str(data[name]) for name in MEMBERS if name.endswith("_alg") and name in data}
    if not wanted or "jwks_uri" in data:
        return
    jwks = data.get("jwks")
    entries = jwks.get("keys") if isinstance(jwks, dict) else None
    keys = entries if isinstance(entries, list) else []
    served = [RecipientKey.from_jwk(key) for key in keys if isinstance(key, dict) and key.get("use") == "enc"]
    if lacking := sorted(alg for alg in wanted if not any(alg in key.algorithms for key in served)):
        raise InvalidClientMetadataError(f"jwks holds no key with use enc for {lacking[0]}")


CHECKS: tuple[Callable[[Metadata], None], ...] = (
    algorithms_are_offered,
    content_encryption_comes_with_an_algorithm,
    userinfo_is_signed_first,
    there_is_a_key_to_encrypt_to,
)
