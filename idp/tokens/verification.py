"""Reading access tokens of our own: signature, times, and whether they were revoked meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from idp.revocations import Revocations
from idp.tokens import access_token, lifetimes
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.jose import InvalidToken, verify
from kernel.keys import KeyRing


@dataclass(frozen=True, slots=True)
class AccessTokens:
    """Verifies access tokens this provider issued, for any audience it issues for."""

    issuer: str
    exchange: str
    keys: KeyRing
    revocations: Revocations
    clock: Clock

    def live(self, token: str) -> Mapping[str, JSON] | None:
        """The claims of a token that is valid now; None for every other text."""
        for audience in (self.issuer, self.exchange):
            claims = self._verified(token, audience)
            if claims is not None:
                return None if self.revocations.covers(claims) else claims
        return None

    def own(self, token: str) -> Mapping[str, JSON] | None:
        """The claims of a live token whose audience is this provider itself (userinfo)."""
        claims = self._verified(token, self.issuer)
        return None if claims is None or self.revocations.covers(claims) else claims

    def _verified(self, token: str, audience: str) -> Mapping[str, JSON] | None:
        try:
            verified = verify(
                token,
                self.keys.verifying(),
                typ=access_token.TYPE,
                issuer=self.issuer,
                audience=audience,
                now=self.clock.now(),
                leeway=0,
                max_age=int(lifetimes.LONGEST_TOKEN.total_seconds()),
                audience_exact=True,
            )
        except InvalidToken:
            return None
        return verified.claims
