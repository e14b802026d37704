"""The device code grant (RFC 8628 §3.4): the terminal asks again and again until the person has answered."""

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
from idp.grants.reuse import ReuseAlarm
from idp.grants.succession import Succession
from idp.grants.target import check_target, resource_server, still_registered
from idp.model.client import GrantType
from idp.model.device import DeviceRequest
from idp.model.secret import hashed
from idp.model.session import Family
from idp.store import device_requests, families, refresh_tokens
from idp.tokens.entitlement import Entitlement, SignedIn
from idp.tokens.issuer import TokenIssuer
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database


class DeviceCodeLost(Exception):
    """The conditional statement did not find the device code unused, unexpired, with its person and session alive."""


@dataclass(frozen=True, slots=True)
class DeviceCodeGrant:
    """Redeems device codes, each once."""

    tokens: TokenIssuer
    accounts: Accounts
    alarm: ReuseAlarm
    database: Database
    clock: Clock
    succession: Succession
    type = GrantType.DEVICE_CODE

    def redeem(self, request: TokenRequest) -> dict[str, JSON]:
        """Tokens once the person has agreed; until then AuthorizationPendingError and its kin (§3.5)."""
        found = self._find(request)
        family = self._decided(found)
        entitlement, signed_in = self._checked(family, request)
        minted = self.tokens.mint(entitlement)
        refresh = self.succession.first() if may_refresh(entitlement) else None
        now = self.clock.now()

        def spend(connection: Connection) -> None:
            if not device_requests.redeem(connection, found.hash, request.client.id, now):
                raise DeviceCodeLost
            families.bind(connection, family.id, request.jkt, request.certificate)
            if refresh is not None:
                refresh_tokens.add(connection, hashed(refresh), family, self.succession.until(family))

        try:
            self.tokens.record(entitlement, minted, request.proofs, spend)
        except DeviceCodeLost:
            self._lost(found.hash, family)
            raise InvalidGrantError("The device code can no longer be redeemed.") from None
        return self.tokens.answer(entitlement, signed_in, minted, refresh_token=refresh)

    def _find(self, request: TokenRequest) -> DeviceRequest:
        """The request as this client's; a stranger's attempt finds nothing and changes nothing (T2)."""
        presented = hashed(request.required("device_code"))
        with self.database.read() as connection:
            found = device_requests.find(connection, presented, request.client.id)
        if found is None:
            raise InvalidGrantError("The device code is unknown.")
        return found

    def _decided(self, found: DeviceRequest) -> Family:
        """What was allowed. Raises AccessDeniedError, ExpiredTokenError, AuthorizationPendingError, SlowDownError."""
        now = self.clock.now()
        if found.used and found.family is not None:
            self.alarm.raised(found.family, "device_code")  # a second use: somebody else has the code, too (T1)
            raise InvalidGrantError("The device code can no longer be redeemed.")
        if found.decided and found.family is None:
            raise AccessDeniedError("The person said no.")
        if found.expires_at <= now:
            raise ExpiredTokenError("The device code has expired.")
        if found.family is not None:
            return found.family
        if not self.database.write(lambda connection: device_requests.poll(connection, found.hash, now)):
            raise SlowDownError("Ask five seconds less often.")
        raise AuthorizationPendingError("The person has not answered yet.")

    def _checked(self, family: Family, request: TokenRequest) -> tuple[Entitlement, SignedIn]:
        if family.dpop_jkt is not None and request.jkt != family.dpop_jkt:  # D4
            raise InvalidGrantError("The device code is bound to another DPoP key.")
        person = self.accounts.active(family.person)
        if person is None:  # T6
            raise InvalidGrantError("The device code can no longer be redeemed.")
        signed_in = SignedIn(person, family, self.accounts.reference(person.id))
        scope = still_registered(request, family.scope, resource_server(request, self.tokens, family.resource))
        entitlement = Entitlement(
            request.client,
            self.type.value,
            scope,
            family.details,
            request.jkt,
            signed_in,
            resource=family.resource,
            certificate=request.certificate,
        )
        check_target(request, entitlement, self.tokens)
        return entitlement, signed_in

    def _lost(self, device_hash: bytes, family: Family) -> None:
        """A device code used twice revokes what was issued for it, like any other code; an expired one nothing."""
        with self.database.read() as connection:
            used = device_requests.was_used(connection, device_hash)
        if used:
            self.alarm.raised(family, "device_code")
