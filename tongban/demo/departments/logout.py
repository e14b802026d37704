"""Back-channel logout as a department receives it (OpenID Connect Back-Channel Logout 1.0 §2.5-2.8), on joserfc."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

EVENT = "http://schemas.openid.net/event/backchannel-logout"
LEEWAY = 10
REMEMBERED = 13 * 3600
"""Seconds; longer than a session at the identity provider lasts."""


class BadLogoutToken(Exception):
    """The token ends nothing; the text says which rule it breaks."""


@dataclass
class EndedSessions:
    """Which sessions ended at the identity provider, and which logout tokens were taken; for as long as it matters."""

    _ended: dict[str, float] = field(default_factory=dict)
    _taken: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def end(self, jti: str, session: str, now: float) -> bool:
        """Note the end of a session; False for a token that was taken before (§2.6 step 8)."""
        with self._lock:
            self._forget(now)
            if jti in self._taken:
                return False
            self._taken[jti] = self._ended[session] = now
            return True

    def ended(self, session: str) -> bool:
        """Whether a session is over."""
        return session in self._ended

    def _forget(self, now: float) -> None:
        for kept in (self._ended, self._taken):
            for name in [name for name, at in kept.items() if at < now - REMEMBERED]:
                del kept[name]


@dataclass
class LogoutReceiver:
    """Takes logout tokens. ``keys`` gives the identity provider's key set, anew when it is asked to."""

    issuer: str
    client_id: str
    keys: Callable[[bool], Mapping[str, Any]]
    sessions: EndedSessions = field(default_factory=EndedSessions)

    def take(self, token: str) -> None:
        """End what the token ends. Raises BadLogoutToken (§2.6)."""
        claims, now = self._verified(token), time.time()
        self._check(claims, now)
        if not self.sessions.end(claims["jti"], claims["sid"], now):
            raise BadLogoutToken("the token was used before")

    def _verified(self, token: str) -> dict[str, Any]:
        """Steps 1 and 2: type and signature, by the algorithm that was agreed at registration and no other."""
        try:
            header = jws.extract_compact(token.encode()).headers()
            if str(header.get("typ", "")).lower() not in ("logout+jwt", "application/logout+jwt"):
                raise BadLogoutToken("typ is not logout+jwt")
            known = self.keys(False)
            if header.get("kid") not in [key.get("kid") for key in known.get("keys", [])]:
                known = self.keys(True)
            decoded = jwt.decode(token, KeySet.import_key_set(dict(known)), algorithms=["ES256"])  # type: ignore[arg-type]
        except (JoseError, ValueError, UnicodeError) as error:
            raise BadLogoutToken("the signature is not the identity provider's") from error
        return dict(decoded.claims)

    def _check(self, claims: Mapping[str, Any], now: float) -> None:
        """Steps 3 to 7."""
        audience = claims.get("aud")
        rules = {
            "iss": claims.get("iss") == self.issuer,
            "aud": audience == self.client_id or audience == [self.client_id],
            "iat": _seconds(claims.get("iat")) and claims["iat"] <= now + LEEWAY,
            "exp": _seconds(claims.get("exp")) and claims["exp"] > now - LEEWAY,
            "sid": isinstance(claims.get("sid"), str),  # this department registered that it needs one
            "jti": isinstance(claims.get("jti"), str),
            "events": isinstance(claims.get("events"), dict) and claims["events"].get(EVENT) == {},
            "nonce": "nonce" not in claims,
        }
        for name, kept in rules.items():
            if not kept:
                raise BadLogoutToken(f"{name} is not as it must be")


def _seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
