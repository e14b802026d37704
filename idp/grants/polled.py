"""Grants that are polled for: device codes (RFC 8628 §3.4) and CIBA (Core 1.0 §10.1, the same words and errors).

Whoever asked asks again and again, or once it was pinged, until the person has answered on a device of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from idp.authentication.accounts import Accounts
from idp.errors import (
    AccessDeniedError,
    AuthorizationPendingError,
    ExpiredTokenError,
    InvalidGrantError,
    SlowDownError,
)
from idp.grants.authorization_code import may_refresh
from idp.grants.caller import TokenRequest
from idp.grants.entitled import as_agreed
from idp.grants.reuse import ReuseAlarm
from idp.grants.succession import Succession
from idp.model.client import GrantType
from idp.model.secret import hashed
from idp.model.session import Family
from idp.store import families, refresh_tokens
from idp.store.polled import Polled, PolledRequests
from idp.tokens.entitlement import Entitlement, SignedIn
from idp.tokens.issuer import TokenIssuer
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database


class RequestLost(Exception):
    """The conditional statement did not find the request unused, unexpired, with its person and session alive."""


@dataclass(frozen=True, slots=True)
class PolledGrant:
    """Redeems what one kind of asker holds, each once. ``parameter`` is its name in the token request."""

    type: GrantType
    parameter: str
    requests: PolledRequests
    tokens: TokenIssuer
    accounts: Accounts
    alarm: ReuseAlarm
    database: Database
    clock: Clock
    succession: Succession

    def redeem(self, request: TokenRequest) -> dict[str, JSON]:
        """Tokens once the person has agreed; until then AuthorizationPendingError and its kin (§3.5)."""
        found = self._find(request)
        family = self._decided(found)
        entitlement, signed_in = self._checked(family, request)
        minted = self.tokens.mint(entitlement)
        refresh = self.succession.first() if may_refresh(entitlement) else None
        answer = self.tokens.answer(entitlement, signed_in, minted, refresh_token=refresh)
        now = self.clock.now()

        def spend(connection: Connection) -> None:
            if not self.requests.redeem(connection, found.hash, request.client.id, now):
                raise RequestLost
            families.bind(connection, family.id, request.jkt, request.certificate)
            if refresh is not None:
                refresh_tokens.add(connection, hashed(refresh), family, self.succession.until(family))

        try:
            self.tokens.record(entitlement, minted, request.proofs, spend)
        except RequestLost:
            self._lost(found.hash, family)
            raise InvalidGrantError(f"The {self.parameter} can no longer be redeemed.") from None
        return answer

    def _find(self, request: TokenRequest) -> Polled:
        """The request as this client's; a stranger's attempt finds nothing and changes nothing (T2)."""
        presented = hashed(request.required(self.parameter))
        with self.database.read() as connection:
            found = self.requests.find(connection, presented, request.client.id)
        if found is None:
            raise InvalidGrantError(f"The {self.parameter} is unknown.")
        return found

    def _decided(self, found: Polled) -> Family:
        """What was allowed. Raises AccessDeniedError, ExpiredTokenError, AuthorizationPendingError, SlowDownError."""
        now = self.clock.now()
        if found.used and found.family is not None:
            self.alarm.raised(found.family, self.parameter)  # a second use: somebody else has the code, too (T1)
            raise InvalidGrantError(f"The {self.parameter} can no longer be redeemed.")
        if found.decided and found.family is None:
            raise AccessDeniedError("The person said no, or the client may not ask for that any more.")
        if found.expires_at <= now:
            raise ExpiredTokenError(f"The {self.parameter} has expired.")
        if found.family is not None:
            return found.family
        if not self.database.write(lambda connection: self.requests.poll(connection, found.hash, now)):
            raise SlowDownError("Ask five seconds less often.")
        raise AuthorizationPendingError("The person has not answered yet.")

    def _checked(self, family: Family, request: TokenRequest) -> tuple[Entitlement, SignedIn]:
        if family.dpop_jkt is not None and request.jkt != family.dpop_jkt:  # D4
            raise InvalidGrantError(f"The {self.parameter} is bound to another DPoP key.")
        person = self.accounts.active(family.person)
        if person is None:  # T6
            raise InvalidGrantError(f"The {self.parameter} can no longer be redeemed.")
        signed_in = SignedIn(person, family, self.accounts.reference(person.id))
        return as_agreed(request, self.tokens, self.type, signed_in), signed_in

    def _lost(self, secret_hash: bytes, family: Family) -> None:
        """What is redeemed twice revokes what was issued for it, like a code; an expired request nothing."""
        with self.database.read() as connection:
            used = self.requests.was_used(connection, secret_hash)
        if used:
            self.alarm.raised(family, self.parameter)
