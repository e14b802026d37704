"""One-time codes from an authenticator app (TOTP, RFC 6238): six digits, half a minute, each accepted once."""

from __future__ import annotations

import base64
import hmac
import re
from datetime import datetime

import pyotp

from kernel.entropy import Entropy

STEP_SECONDS = 30
WINDOW = 1
"""Steps of clock difference tolerated either way (RFC 6238 §5.2)."""
_CODE = re.compile(r"[0-9]{6}")


def matching_counter(secret: str, code: str, now: datetime) -> int | None:
    """The time step a code belongs to, or None. The caller still has to spend it: a code works once."""
    digits = code.replace(" ", "")
    if not _CODE.fullmatch(digits):
        return None
    generator = pyotp.HOTP(secret)
    current = int(now.timestamp()) // STEP_SECONDS
    for counter in range(current - WINDOW, current + WINDOW + 1):
        if hmac.compare_digest(generator.at(counter), digits):
            return counter
    return None


def is_secret(text: str) -> bool:
    """Whether a text is a base32 secret of at least 128 bits (RFC 4226 §4 R6)."""
    return re.fullmatch(r"[A-Z2-7]{26,128}", text) is not None


def new_secret(entropy: Entropy) -> str:
    """A secret of 160 bits, the length RFC 4226 §4 R6 recommends."""
    return base64.b32encode(entropy.bytes(20)).decode()


def provisioning_uri(secret: str, username: str) -> str:
    """What an authenticator app takes, as text or as a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name="Tongban")
