"""Client metadata about encrypted request objects (OpenID Connect Dynamic Client Registration 1.0 §2, RFC 9101 §6.1).

A declaration and no demand: §2 lets a client that made it send objects in the clear: nothing is held against it later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from idp.errors import InvalidClientMetadataError
from kernel.canonical import JSON
from kernel.jose import A256GCM, ECDH_ES

ALGORITHM, CONTENT = ECDH_ES, A256GCM
ALG, ENC = "request_object_encryption_alg", "request_object_encryption_enc"
MEMBERS = (ALG, ENC)
Metadata = Mapping[str, JSON]


def algorithms_are_ours(data: Metadata) -> None:
    """§2: what discovery lists, which is what our one encryption key serves."""
    if data.get(ALG, ALGORITHM) != ALGORITHM:
        raise InvalidClientMetadataError(f"{ALG} must be {ALGORITHM}")
    if data.get(ENC, CONTENT) != CONTENT:
        raise InvalidClientMetadataError(f"{ENC} must be {CONTENT}")


def both_are_named(data: Metadata) -> None:
    """§2: `enc` needs `alg`; and `alg` alone would mean A128CBC-HS256, which is not offered."""
    if (ALG in data) != (ENC in data):
        raise InvalidClientMetadataError(f"{ALG} and {ENC} go together")


CHECKS: tuple[Callable[[Metadata], None], ...] = (algorithms_are_ours, both_are_named)
