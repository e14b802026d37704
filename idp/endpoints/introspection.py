"""Token introspection (RFC 7662): is this token still good, and what does it say?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from idp.endpoints.client_requests import ClientDoor
from idp.endpoints.forms import form
from idp.errors import NO_STORE, InvalidClientError, InvalidRequestError
from idp.model import scopes
from idp.model.client import AuthMethod, Client
from idp.model.secret import hashed
from idp.store import refresh_tokens
from idp.tokens.verification import AccessTokens
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.web.http import HttpRequest, HttpResponse, json_response

_INACTIVE: Mapping[str, JSON] = {"active": False}


@dataclass(frozen=True, slots=True)
class IntrospectionEndpoint:
    """POST /introspect."""

    door: ClientDoor
    tokens: AccessTokens
    database: Database
    clock: Clock

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The state of a token, to a client that may know it; to others every token is inactive (RFC 7662 §4)."""
        parameters = form(request)
        client = self.door.enter(request, parameters).client
        if client.auth_method is AuthMethod.NONE:  # RFC 7662 §2.1: the caller is authenticated
            raise InvalidClientError
        token = parameters.get("token")
        if token is None:
            raise InvalidRequestError("token is missing.")
        return json_response(self._state(token, client), headers=NO_STORE)

    def _state(self, token: str, client: Client) -> Mapping[str, JSON]:
        claims = self.tokens.live(token)
        if claims is None:
            return self._refresh_state(token, client)
        if claims.get("client_id") != client.id and scopes.INTROSPECT not in client.scopes:
            return _INACTIVE
        return {"active": True, "token_type": token_type(claims), **claims}

    def _refresh_state(self, token: str, client: Client) -> Mapping[str, JSON]:
        """A refresh token is its client's own business: no other may examine it."""
        with self.database.read() as connection:
            family = refresh_tokens.usable(connection, hashed(token), client.id, self.clock.now())
        if family is None:
            return _INACTIVE
        expires = int(family.expires_at.timestamp())
        return {"active": True, "client_id": client.id, "scope": scopes.text(family.scope), "exp": expires}


def token_type(claims: Mapping[str, JSON]) -> str:
    """RFC 9449 §6.2; a token bound to a certificate alone is presented as Bearer over its connection (RFC 8705 §3)."""
    confirmation = claims.get("cnf")
    return "DPoP" if isinstance(confirmation, dict) and "jkt" in confirmation else "Bearer"
