"""Refresh tokens and their successors (RFC 9700 §4.14.2): how the next one is made, and how long each lives.

A successor is derived from its predecessor under a key of the provider: whoever may be answered again within the grace
gets the same successor, though only hashes are stored (ADR 0015).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from idp.model.session import Family
from kernel.clock import Clock
from kernel.entropy import Entropy, token
from kernel.envelope import hmac_sha256
from kernel.jose import base64url

GRACE = timedelta(seconds=10)
"""How long after its rotation a refresh token may still come without an alarm (T5)."""


@dataclass(frozen=True, slots=True)
class Succession:
    """Makes refresh tokens. ``idle``: how long one lives unused."""

    clock: Clock
    entropy: Entropy
    idle: timedelta
    key: bytes = field(repr=False)

    def first(self) -> str:
        """The first of a family: 256 random bits."""
        return token(self.entropy)

    def after(self, old: str) -> str:
        """The one successor of a token: as hard to guess as the token itself, and for nobody without the key."""
        return base64url.encode(hmac_sha256(self.key, f"refresh\0{old}".encode()))

    def until(self, family: Family) -> datetime:
        """When a token made now ends: unused for too long, or with what it stems from."""
        return min(self.clock.now() + self.idle, family.expires_at)

    def in_grace(self, superseded_at: datetime) -> bool:
        """Whether a token rotated then may come again without an alarm."""
        return self.clock.now() - superseded_at <= GRACE
