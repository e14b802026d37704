"""Reading access tokens of our own: signature, times, whether they were revoked, and what of them still stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from idp.model import scopes
from idp.model.client import Client
from idp.model.resource import ResourceServer, is_for_nothing, still_registered
from idp.revocations import Revocations
from idp.tokens import access_token, lifetimes
from idp.tokens.issuer import Resources
from idp.tokens.remembered import Remembered
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.jose import InvalidToken, Refused, VerifyingKey, compact, verify
from kernel.keys import KeyRing

Clients = Callable[[str], Client | None]
"""Finds a client that is not disabled."""


@dataclass(frozen=True, slots=True)
class AccessTokens:
    """Verifies access tokens this provider issued, for any audience it issues for."""

    issuer: str
    exchange: str
    clients: Clients
    resources: Resources
    keys: KeyRing
    revocations: Revocations
    clock: Clock
    remembered: Remembered = field(default_factory=Remembered)

    def live(self, token: str) -> Mapping[str, JSON] | None:
        """What a token that is valid now may still say; None for every other text."""
        return self._still_registered(self.issued(token))

    def own(self, token: str) -> Mapping[str, JSON] | None:
        """The same, of a token whose audience is this provider itself (userinfo)."""
        return self._still_registered(self._standing(token, lambda audience: audience == self.issuer))

    def issued(self, token: str) -> Mapping[str, JSON] | None:
        """What a token said when it was issued, unless it expired or was revoked: by this it can be revoked."""
        return self._standing(token, self._is_ours)

    def server(self, claims: Mapping[str, JSON]) -> ResourceServer | None:
        """The resource server that a token is for. The exchange and we are none, whoever registered that name."""
        audience = str(claims["aud"])
        return None if audience in (self.issuer, self.exchange) else self.resources(audience)

    def _standing(self, token: str, accepts: Callable[[str], bool]) -> Mapping[str, JSON] | None:
        """What a token says if it is for whom it should be, has not expired and was not revoked: asked every time."""
        keys = self.keys.verifying()
        claims = self.remembered.find(token, keys) or self._verified(token, keys, accepts)
        if claims is None or not accepts(str(claims["aud"])) or self.revocations.covers(claims):
            return None
        return claims if self.clock.now().timestamp() < float(str(claims["exp"])) else None

    def _still_registered(self, claims: Mapping[str, JSON] | None) -> Mapping[str, JSON] | None:
        """A token without what was taken from its client, or from the resource server, since; None if nothing is left.

        The exchange refuses a whole token that names something taken, so none is good for it (S2). Nor is one for a
        resource server of which only scopes of others are left.
        """
        client = None if claims is None else self.clients(str(claims["client_id"]))
        if claims is None or client is None:
            return None
        said, server = scopes.stored(str(claims.get("scope", ""))), self.server(claims)
        since = _registration(claims)
        left = still_registered(client, said, server, since)
        if server is not None and not server.serves(client):
            return None
        if any(not client.handles(item, since) for item in _items(claims)):
            return None
        if len(left) == len(said):
            return claims
        of_use = claims["aud"] != self.exchange and not is_for_nothing(said, left, server)
        return {**claims, "scope": scopes.text(left)} if of_use else None

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


def _registration(claims: Mapping[str, JSON]) -> int:
    """Under which registration of its client a token was allowed."""
    said = claims.get(access_token.REGISTRATION_CLAIM, 0)
    return said if isinstance(said, int) else 0


def _items(claims: Mapping[str, JSON]) -> frozenset[str]:
    """The service items of a purpose-bound token; most tokens have none."""
    details = claims.get("authorization_details")
    listed = details if isinstance(details, list) else []
    return frozenset(str(each["service_item"]) for each in listed if isinstance(each, dict))


def _claimed_audience(token: str) -> str | None:
    """Whom a token says it is for. Not verified: it only says what to verify."""
    try:
        audience = compact.json_object(compact.parse(token).payload).get("aud")
    except Refused:
        return None
    return audience if isinstance(audience, str) else None
