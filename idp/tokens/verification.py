"""Reading access tokens of our own: signature, times, and whether they were revoked meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from idp.revocations import Revocations
from idp.tokens import access_token, lifetimes
from idp.tokens.issuer import Resources
from idp.tokens.remembered import Remembered
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.jose import InvalidToken, Refused, VerifyingKey, compact, verify
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
    remembered: Remembered = field(default_factory=Remembered)

    def live(self, token: str) -> Mapping[str, JSON] | None:
        """The claims of a token that is valid now; None for every other text."""
        return self._standing(token, self._is_ours)

    def own(self, token: str) -> Mapping[str, JSON] | None:
        """The claims of a live token whose audience is this provider itself (userinfo)."""
        return self._standing(token, lambda audience: audience == self.issuer)

    def _standing(self, token: str, accepts: Callable[[str], bool]) -> Mapping[str, JSON] | None:
        """What a token says if it is for whom it should be, has not expired and was not revoked: asked every time."""
        keys = self.keys.verifying()
        claims = self.remembered.find(token, keys) or self._verified(token, keys, accepts)
        if claims is None or not accepts(str(claims["aud"])) or self.revocations.covers(claims):
            return None
        return claims if self.clock.now().timestamp() < float(str(claims["exp"])) else None

    def _is_ours(self, audience: str) -> bool:
        return audience in (self.issuer, self.exchange) or self.resources(audience) is not None

    def _verified(
        self, token: str, keys: tuple[VerifyingKey, ...], accepts: Callable[[str], bool]
    ) -> Mapping[str, JSON] | None:
        audience = _claimed_audience(token)
        if audience is None or not accepts(audience):
            return None
        try:
            verified = verify(
                token,
                keys,
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
        return self.remembered.keep(token, keys, verified.claims)


def _claimed_audience(token: str) -> str | None:
    """Whom a token says it is for. Not verified: it only says what to verify."""
    try:
        audience = compact.json_object(compact.parse(token).payload).get("aud")
    except Refused:
        return None
    return audience if isinstance(audience, str) else None
