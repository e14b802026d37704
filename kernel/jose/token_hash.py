"""The hash by which an ID token is tied to what was given out with it."""

import hashlib

from . import base64url

_SHA512_SIGNERS = frozenset({"EdDSA", "Ed25519"})


def half_hash(text: str, alg: str) -> str:
    """`at_hash`: the left half of the hash of an ID token's own algorithm (OpenID Connect Core 1.0 §3.1.3.6).

    Ed25519 hashes by SHA-512 (RFC 8032 §5.1), all the others accepted here by SHA-256.
    """
    digest = (hashlib.sha512 if alg in _SHA512_SIGNERS else hashlib.sha256)(text.encode()).digest()
    return base64url.encode(digest[: len(digest) // 2])
