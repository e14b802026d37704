"""The refresh token grant (RFC 6749 §6): each token buys one successor, and reuse revokes the family.

Two requests with the same token are either one client that sent twice, or a thief and a victim. For ten seconds a
sender that proves to be the token's holder is answered with the same successor again, and anybody else is only refused;
after that the whole family is revoked (ADR 0015).

Not so for clients held to FAPI 2.0: theirs are bound to the client's own key already, and stay (§5.3.2.1, ADR 0016);
each use prolongs them.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from idp.authentication.accounts import Accounts
from idp.errors import InvalidGrantError
from idp.grants.caller import TokenRequest
from idp.grants.entitled import details_within, entitled, scope_within
from idp.grants.reuse import ReuseAlarm
from idp.grants.succession import GRACE, Succession
from idp.model.client import AuthMethod, GrantType
from idp.model.resource import resource_server, scope_left
from idp.model.secret import hashed
from idp.model.session import Family
from idp.store import families, refresh_tokens
from idp.store.refresh_tokens import RefreshToken
from idp.tokens.entitlement import Entitlement, SignedIn
from idp.tokens.issuer import TokenIssuer
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database

_OF_NO_USE = "The refresh token can no longer be used."


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
    succession: Succession
    type = GrantType.REFRESH_TOKEN

    def redeem(self, request: TokenRequest) -> dict[str, JSON]:
        """New tokens for a refresh token. Raises OAuthError."""
        try:
            return self._exchange(self._find(request), request)
        except TokenLost:  # somebody was faster: look again what the token is worth now
            pass
        try:
            return self._exchange(self._find(request), request)
        except TokenLost:
            raise InvalidGrantError(_OF_NO_USE) from None

    def _find(self, request: TokenRequest) -> RefreshToken:
        """The token, unused or within its grace; a later reuse revokes the family (T5)."""
        presented = hashed(request.required("refresh_token"))
        with self.database.read() as connection:
            found = refresh_tokens.find(connection, presented, request.client.id)
        if found is None:  # T2: a stranger's attempt finds nothing and changes nothing
            raise InvalidGrantError("The refresh token is unknown.")
        if found.superseded_at is None:
            return found
        if not self.succession.in_grace(found.superseded_at):
            self.alarm.raised(found.family, "refresh_token")
            raise InvalidGrantError(_OF_NO_USE)
        if not proves_itself(found.family, request):
            raise InvalidGrantError(_OF_NO_USE)
        return found

    def _exchange(self, old: RefreshToken, request: TokenRequest) -> dict[str, JSON]:
        entitlement, signed_in = self._checked(old, request)
        minted = self.tokens.mint(entitlement)
        successor = (
            self.succession.after(request.required("refresh_token")) if request.client.rotates_refresh_tokens else None
        )
        answer = self.tokens.answer(entitlement, signed_in, minted, refresh_token=successor)

        def spend(connection: Connection) -> None:
            if successor is None:
                self._stay(connection, old, request)
            elif old.superseded_at is None:
                self._supersede(connection, old, hashed(successor), request)
            else:
                self._repeat(connection, old, hashed(successor))

        self.tokens.record(entitlement, minted, request.proofs, spend)
        return answer

    def _checked(self, old: RefreshToken, request: TokenRequest) -> tuple[Entitlement, SignedIn]:
        holder_is_allowed(old.family, request)
        person = self.accounts.active(old.family.person)
        if person is None:  # T6
            raise InvalidGrantError(_OF_NO_USE)
        signed_in = SignedIn(person, old.family, self.accounts.reference(person.id))
        family = old.family
        server = resource_server(self.tokens.resources, family.resource, request.client)
        left = scope_left(request.client, family.scope, server, family.registration, alone=True)
        scope = scope_within(left, family.scope, server, request)
        details = details_within((), request, self.tokens, 0)  # purpose-bound access is not refreshed: `may_refresh`
        return entitled(request, self.tokens, self.type, signed_in, scope, details), signed_in

    def _supersede(self, connection: Connection, old: RefreshToken, successor: bytes, request: TokenRequest) -> None:
        if not refresh_tokens.supersede(connection, old, successor, self.clock.now()):
            raise TokenLost
        refresh_tokens.add(connection, successor, old.family, self.succession.until(old.family))
        families.bind(connection, old.family.id, request.jkt, request.certificate)

    def _stay(self, connection: Connection, old: RefreshToken, request: TokenRequest) -> None:
        """FAPI 2.0 Security Profile §5.3.2.1: no rotation; its time unused begins anew, as a successor's would."""
        if not refresh_tokens.prolong(connection, old, self.succession.until(old.family), self.clock.now()):
            raise TokenLost
        families.bind(connection, old.family.id, request.jkt, request.certificate)

    def _repeat(self, connection: Connection, old: RefreshToken, successor: bytes) -> None:
        """The answer was lost, or sent twice: the same successor again, as long as nobody has used it."""
        now = self.clock.now()
        if not refresh_tokens.may_repeat(connection, old, successor, now - GRACE, now):
            raise TokenLost


def proves_itself(family: Family, request: TokenRequest) -> bool:
    """Whether the sender is known to be the one the token was given to: by authentication, or by what binds it."""
    if (family.dpop_jkt, family.certificate) != (request.jkt, request.certificate):
        return False
    bound = family.dpop_jkt is not None or family.certificate is not None
    return bound or request.client.auth_method is not AuthMethod.NONE


def holder_is_allowed(family: Family, request: TokenRequest) -> None:
    """A public client's refresh token is bound to its key (RFC 9449 §5) and certificate (RFC 8705 §4).

    Nobody may fall back to bearer tokens.
    """
    for bound, proven in ((family.dpop_jkt, request.jkt), (family.certificate, request.certificate)):
        public = request.client.auth_method is AuthMethod.NONE
        if bound is not None and (proven is None or (public and proven != bound)):
            raise InvalidGrantError("The refresh token is bound to a key or certificate.")
