"""The identity provider's signed feed of what it has revoked: tokens, sign-ins, clients, signing keys and mandates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from exchange.authentication.fetching import IssuerUnreachable
from exchange.authentication.issuer import Issuer
from kernel.clock import Clock
from kernel.jose import InvalidToken, Reason, VerifyingKey, verify

FEED_TYPE = "revocations+jwt"
REREAD_SECONDS = 1.0
"""Least time between two readings of the keys because of the feed: a revoked key must not stop us for a minute."""
LONGEST_LIFE = 5
"""Seconds from ``iat`` to ``exp`` of one feed document."""


@dataclass(frozen=True, slots=True)
class Revocations:
    """What is revoked, as of one version of the feed."""

    version: int
    tokens: frozenset[str]
    sign_ins: frozenset[str]
    clients: frozenset[str]
    keys: frozenset[str]
    withdrawn: frozenset[str] = frozenset()
    """Tokens, revoked too, whose person has withdrawn the consent that they stand for."""
    mandates: frozenset[str] = frozenset()
    """By their references: what somebody may no longer do for a company."""
    taken: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By client, scopes and service items that its registration no longer names."""
    given_back: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """By client, those that it names again, each with the registration that had taken it."""

    def covers(self, *, jti: str, sid: str | None, client_id: str, key: str | None) -> bool:
        """Whether a token of this ``jti``, sign-in, client and signing key is revoked."""
        return jti in self.tokens or client_id in self.clients or sid in self.sign_ins or key in self.keys

    def takes(self, client_id: str, rights: frozenset[str], registration: int) -> bool:
        """Whether something among what a token names was taken from its client meanwhile (S2).

        What was given back since is so for tokens of this and later registrations alone (ADR 0073).
        """
        taken = self.taken.get(client_id)
        if taken is not None and not taken.isdisjoint(rights):
            return True
        back = self.given_back.get(client_id)
        return back is not None and any(registration < back.get(name, 0) for name in rights)


class RevocationFeed:
    """Reads the feed; never accepts an older version than one already seen (a replayed feed would un-revoke)."""

    def __init__(self, issuer: Issuer, *, audience: str, clock: Clock, leeway: int) -> None:
        """``audience`` is the exchange's own identifier, ``leeway`` the clock skew allowed in seconds."""
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self._leeway = leeway
        self._version = -1

    def read(self) -> Revocations:
        """The feed as it stands now. Raises IssuerUnreachable."""
        document = self._issuer.document("tongban_revocations_endpoint").decode("ascii", "replace").strip()
        revocations = _parse(self._claims(document))
        if revocations.version < self._version:
            raise IssuerUnreachable("revocations-older-than-known")
        self._version = revocations.version
        return revocations

    def _claims(self, document: str) -> Any:
        try:
            try:
                return self._verified(document, self._issuer.key_set().keys)
            except InvalidToken as refusal:
                if refusal.reason is not Reason.UNKNOWN_KEY:
                    raise
                # It comes from the issuer itself, not from a stranger: the key it signs with now may be read soon (F4).
                return self._verified(document, self._issuer.key_set_after_unknown(REREAD_SECONDS).keys)
        except InvalidToken as refusal:
            raise IssuerUnreachable(f"revocations-{refusal.reason}") from None

    def _verified(self, document: str, keys: tuple[VerifyingKey, ...]) -> Any:
        return verify(
            document,
            keys,
            typ=FEED_TYPE,
            issuer=self._issuer.identifier,
            audience=self._audience,
            now=self._clock.now(),
            leeway=self._leeway,
            max_age=LONGEST_LIFE,
        ).claims


def _parse(claims: Any) -> Revocations:
    version, revoked = claims.get("version"), claims.get("revoked")
    if type(version) is not int or not isinstance(revoked, dict):
        raise IssuerUnreachable("revocations-malformed")
    tokens, sign_ins, clients = (_names(revoked.get(kind)) for kind in ("jti", "sid", "clients"))
    keys, withdrawn, mandates = (_names(revoked.get(kind, [])) for kind in ("keys", "withdrawn", "mandates"))
    taken = revoked.get("taken", {})
    if not isinstance(taken, dict):
        raise IssuerUnreachable("revocations-malformed")
    by_client = {client: _names(names) for client, names in taken.items()}
    back = _numbered(revoked.get("given_back", {}))
    return Revocations(version, tokens, sign_ins, clients, keys, withdrawn, mandates, by_client, back)


def _numbered(listed: Any) -> Mapping[str, Mapping[str, int]]:
    whole = isinstance(listed, dict) and all(isinstance(names, dict) for names in listed.values())
    if not whole or any(type(number) is not int for names in listed.values() for number in names.values()):
        raise IssuerUnreachable("revocations-malformed")
    return {client: dict(names) for client, names in listed.items()}


def _names(listed: Any) -> frozenset[str]:
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        raise IssuerUnreachable("revocations-malformed")
    return frozenset(listed)
