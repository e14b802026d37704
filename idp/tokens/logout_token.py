"""Logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.4)."""

from __future__ import annotations

from datetime import datetime, timedelta

from kernel.canonical import JSON

TYPE = "logout+jwt"
EVENT = "http://schemas.openid.net/event/backchannel-logout"
LIFETIME = timedelta(minutes=2)
"""§2.4 recommends two minutes at most: a captured token is soon of no use."""


def claims(*, issuer: str, audience: str, sub: str, sid: str, jti: str, now: datetime) -> dict[str, JSON]:
    """Whose session ended, as this client knows both. Without `nonce`, so that it never passes for an ID token."""
    return {
        "iss": issuer,
        "aud": audience,
        "sub": sub,
        "sid": sid,
        "iat": int(now.timestamp()),
        "exp": int((now + LIFETIME).timestamp()),
        "jti": jti,
        "events": {EVENT: {}},
    }
