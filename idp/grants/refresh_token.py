"""The refresh token grant (RFC 6749 §6): each token buys one successor, and reuse revokes the family.

Two requests with the same token are either one client that sent twice, or a thief and a victim. For ten seconds the
loser is only refused (nothing is issued twice, so a thief gains nothing from it); after that the whole family is
revoked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from idp.authentication.accounts import Accounts
from idp.errors import InvalidGrantError, InvalidScopeError
from idp.grants.caller import TokenRequest
from idp.grants.reuse import ReuseAlarm
from idp.grants.target import check_target, resource_server, still_registered
from idp.model import scopes
from idp.model.client import AuthMethod, GrantType
from idp.model.resource import ResourceServer
from idp.model.secret import hashed
from idp.model.session import Family
from idp.store import families, refresh_tokens
from idp.store.refresh_tokens import RefreshToken
from idp.tokens.entitlement import Entitlement, SignedIn
from idp.tokens.issuer import TokenIssuer
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy, token

GRACE = timedelta(seconds=10)
"""How long the loser of a race is refused without an alarm (T5)."""


class TokenLost(Exception):
    """The conditional statement did not find the token unused, unexpired, with its person and session alive."""


@dataclass(frozen=True, slots=True)
class RefreshTokenGrant:
    """Rotates refresh tokens."""

    tokens: TokenIssuer
    accounts: Accounts
    alarm: ReuseAlarm
    database: Database
    clock: Clock
    entropy: Entropy
    type = GrantType.REFRESH_TOKEN

    def redeem(self, request: TokenRequest) -> dict[str, JSON]:
        """New tokens for an unused refresh token. Raises OAuthError."""
        old = self._find(request)
        key_is_allowed(old.family, request)
        person = self.accounts.active(old.family.person)
        if person is None:  # T6
            raise InvalidGrantError("The refresh token can no longer be used.")
        signed_in = SignedIn(person, old.family, self.accounts.reference(person.id))
        resource = old.family.resource
        scope = narrowed_scope(old.family, request, resource_server(request, self.tokens, resource))
        entitlement = Entitlement(request.client, self.type.value, scope, (), request.jkt, signed_in, resource=resource)
        check_target(request, entitlement, self.tokens)
        return self._exchange(old, request, entitlement, signed_in)

    def _find(self, request: TokenRequest) -> RefreshToken:
        presented = hashed(request.required("refresh_token"))
        with self.database.read() as connection:
            found = refresh_tokens.find(connection, presented, request.client.id)
        if found is None:  # T2: a stranger's attempt finds nothing and changes nothing
            raise InvalidGrantError("The refresh token is unknown.")
        if found.superseded_at is not None:
            self._lost(found, found.superseded_at)
        return found

    def _exchange(
        self, old: RefreshToken, request: TokenRequest, entitlement: Entitlement, signed_in: SignedIn
    ) -> dict[str, JSON]:
        minted = self.tokens.mint(entitlement)
        successor = token(self.entropy)
        now = self.clock.now()

        def spend(connection: Connection) -> None:
            if not refresh_tokens.supersede(connection, old, hashed(successor), now):
                raise TokenLost
            refresh_tokens.add(connection, hashed(successor), old.family)
            families.bind(connection, old.family.id, request.jkt)

        try:
            self.tokens.record(entitlement, minted, request.proofs, spend)
        except TokenLost:
            with self.database.read() as connection:
                superseded_at = refresh_tokens.superseded_at(connection, old.hash)
            self._lost(old, superseded_at)
        return self.tokens.answer(entitlement, signed_in, minted, refresh_token=successor)

    def _lost(self, old: RefreshToken, superseded_at: datetime | None) -> None:
        """Always raises InvalidGrantError; after the grace it also revokes the family (T5)."""
        if superseded_at is not None and self.clock.now() - superseded_at > GRACE:
            self.alarm.raised(old.family, "refresh_token")
        raise InvalidGrantError("The refresh token can no longer be used.")


def key_is_allowed(family: Family, request: TokenRequest) -> None:
    """RFC 9449 §5: a public client's refresh token is bound to its key; nobody may fall back to bearer tokens."""
    if family.dpop_jkt is None:
        return
    public = request.client.auth_method is AuthMethod.NONE
    if request.jkt is None or (public and request.jkt != family.dpop_jkt):
        raise InvalidGrantError("The refresh token is bound to a DPoP key.")


def narrowed_scope(family: Family, request: TokenRequest, server: ResourceServer | None) -> tuple[str, ...]:
    """RFC 6749 §6: the scope may shrink, never grow (T7), and never beyond what the client is still registered for."""
    asked = request.form.get("scope")
    if asked is not None and not set(asked.split()) <= set(family.scope):
        raise InvalidScopeError("The scope goes beyond what was granted.")
    wanted = family.scope if asked is None else scopes.stored(asked)
    return still_registered(request, wanted, server)
