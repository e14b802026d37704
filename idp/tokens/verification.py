"""Reading access tokens of our own: signature, times, and whether they were revoked meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from idp.revocations import Revocations
from idp.tokens import access_token, lifetimes
from idp.tokens.issuer import Resources
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.jose import InvalidToken, Refused, compact, verify
from kernel.keys import KeyRing


@dataclass(frozen=True, slots=True)
class AccessTokens:
    """Verifies access tokens this provider issued, for any audience it issues for."""

    issuer: str
    exchange: str
    resources: Resources
    keys: KeyRing
    revocations: Revocations
    clock: Clock

    def live(self, token: str) -> Mapping[str, JSON] | None:
        """The claims of a token that is valid now; None for every other text."""
        audience = self._claimed_audience(token)
        claims = None if audience is None else self._verified(token, audience)
        return None if claims is None or self.revocations.covers(claims) else claims

    def own(self, token: str) -> Mapping[str, JSON] | None:
        """The claims of a live token whose audience is this provider itself (userinfo)."""
        claims = self._verified(token, self.issuer)
        return None if claims is None or self.revocations.covers(claims) else claims

    def _claimed_audience(self, token: str) -> str | None:
        """Whom a token says it is for, if that is anybody we issue for. Not verified: it only says what to verify."""
        try:
            audience = compact.json_object(compact.parse(token).payload).get("aud")
        except Refused:
            return None
        ours = isinstance(audience, str) and (audience in (self.issuer, self.exchange) or self.resources(audience))
        return str(audience) if ours else None

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
