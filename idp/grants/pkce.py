"""PKCE (RFC 7636), S256 alone, on Authlib: the typed seam in front of its untyped module."""

from __future__ import annotations

import hmac
import re

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oauth2.rfc7636.challenge import CODE_VERIFIER_PATTERN

METHOD = "S256"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
"""§4.2: what S256 yields, base64url of 32 bytes without padding."""


def is_challenge(text: str) -> bool:
    """Whether this can be an S256 challenge."""
    return _CHALLENGE.fullmatch(text) is not None


def matches(verifier: str, challenge: str) -> bool:
    """RFC 7636 §4.6: whether the verifier belongs to the challenge."""
    if CODE_VERIFIER_PATTERN.fullmatch(verifier) is None:  # §4.1: 43 to 128 unreserved characters
        return False
    return hmac.compare_digest(str(create_s256_code_challenge(verifier)), challenge)
