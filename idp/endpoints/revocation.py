"""Token revocation (RFC 7009)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from idp.endpoints.client_requests import ClientDoor
from idp.endpoints.forms import form
from idp.errors import NO_STORE, InvalidRequestError, UnauthorizedClientError
from idp.model.client import Client
from idp.model.secret import hashed
from idp.revocations import Revocations
from idp.store import families, refresh_tokens, revocations
from idp.tokens.verification import AccessTokens
from kernel.clock import Clock
from kernel.database import Database
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.web.http import HttpRequest, HttpResponse


@dataclass(frozen=True, slots=True)
class RevocationEndpoint:
    """POST /revoke."""

    door: ClientDoor
    tokens: AccessTokens
    memory: Revocations
    database: Database
    ledger: Ledger
    clock: Clock

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """200 once the token is of no use any more, and for a token nobody knows (RFC 7009 §2.2)."""
        parameters = form(request)
        client = self.door.enter(request, parameters).client
        token = parameters.get("token")
        if token is None:
            raise InvalidRequestError("token is missing.")
        if not self._revoke_refresh_token(token, client):
            self._revoke_access_token(token, client)
        self.memory.refreshed()
        return HttpResponse(200, headers=NO_STORE)

    def _revoke_refresh_token(self, token: str, client: Client) -> bool:
        """RFC 7009 §2.1: with the refresh token goes everything of the same authorization."""
        with self.database.read() as connection:
            found = refresh_tokens.find(connection, hashed(token), client.id)
        if found is None:
            return False
        family, now = found.family, self.clock.now()
        self.ledger.in_turn(lambda connection: families.revoke(connection, family.id, now))
        self._record(client, family.id, "refresh_token")
        return True

    def _revoke_access_token(self, token: str, client: Client) -> None:
        claims = self.tokens.issued(token)
        if claims is None:
            return
        if claims.get("client_id") != client.id:  # RFC 7009 §2.1; T2: a stranger must not be able to revoke
            raise UnauthorizedClientError("The token was issued to another client.")
        jti, expires = str(claims["jti"]), datetime.fromtimestamp(int(str(claims["exp"])), UTC)
        self.ledger.in_turn(lambda connection: revocations.add(connection, jti, expires))
        self._record(client, jti, "access_token")

    def _record(self, client: Client, request: str, what: str) -> None:
        """Revoked first, recorded second: a ledger that cannot write must not keep a stolen token alive."""
        self.ledger.append([Event("TokenRevoked", request, facts={"client": client.id, "what": what})])
