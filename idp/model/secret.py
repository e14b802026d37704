"""Secrets we hand out: 256 random bits each, and only their SHA-256 is ever kept.

A fast hash is enough for a secret nobody could guess; passwords, which people choose, are another matter (argon2id).
"""

from __future__ import annotations

import hashlib


def hashed(secret: str) -> bytes:
    """What is kept of a code, token, cookie or client secret."""
    return hashlib.sha256(secret.encode()).digest()
