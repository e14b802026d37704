"""Token introspection (RFC 7662), signed for who wants to show it to others (RFC 9701): is a token still good?

Answered are the client that a token was issued to, and the resource server that it is for: a client of its organisation
with the scope `introspect` (ADR 0089). To everybody else every token is inactive.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from idp.endpoints.client_requests import ClientDoor
from idp.endpoints.forms import form
from idp.errors import NO_STORE, InvalidClientError, InvalidRequestError, InvalidScopeError, InvalidTargetError
from idp.model import scopes
from idp.model.client import AuthMethod, Client, GrantType
from idp.model.resource import ResourceServer, resource_server, scope_left
from idp.model.secret import hashed
from idp.store import refresh_tokens
from idp.tokens.signed_responses import INTROSPECTION_TYPE, SignedResponses
from idp.tokens.verification import AccessTokens
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.web.http import HttpRequest, HttpResponse, json_response

SIGNED = f"application/{INTROSPECTION_TYPE}"
_INACTIVE: Mapping[str, JSON] = {"active": False}


@dataclass(frozen=True, slots=True)
class IntrospectionEndpoint:
    """POST /introspect."""

    door: ClientDoor
    tokens: AccessTokens
    responses: SignedResponses
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
        return self._answer(request, self._state(token, client), client)

    def _answer(self, request: HttpRequest, state: Mapping[str, JSON], client: Client) -> HttpResponse:
        """Plain or signed, as the caller accepts (RFC 9701 §4); signed alone by FAPI 2.0 Message Signing §5.5."""
        accepted = (each.partition(";")[0].strip() for each in request.headers.get("accept", "").lower().split(","))
        if SIGNED not in accepted:
            if client.signed_answers:
                raise InvalidRequestError(f"This client must accept {SIGNED}.")
            return json_response(state, headers=NO_STORE)
        signed = self.responses.introspection(state, client)
        return HttpResponse(200, signed.encode(), (("Content-Type", SIGNED), *NO_STORE))

    def _state(self, token: str, client: Client) -> Mapping[str, JSON]:
        claims = self.tokens.live(token)
        if claims is None:
            return self._refresh_state(token, client)
        seen = claims if claims.get("client_id") == client.id else self._as_its_server_sees(claims, client)
        return _INACTIVE if seen is None else {"active": True, "token_type": token_type(claims), **seen}

    def _as_its_server_sees(self, claims: Mapping[str, JSON], client: Client) -> Mapping[str, JSON] | None:
        """RFC 9701 §5: nothing of a token that is for others, and of its scope what the resource server knows."""
        server = self.tokens.server(claims)
        if server is None or not examines(client, server):
            return None
        said = scopes.stored(str(claims.get("scope", "")))
        return {**claims, "scope": scopes.text(each for each in said if each in server.scopes)}

    def _refresh_state(self, token: str, client: Client) -> Mapping[str, JSON]:
        """A refresh token is its client's own business: no other may examine it."""
        with self.database.read() as connection:
            found = refresh_tokens.usable(connection, hashed(token), client.id, self.clock.now())
        if found is None or not client.may_use(GrantType.REFRESH_TOKEN):
            return _INACTIVE
        family, until = found
        try:  # as its next use finds it (S2)
            server = resource_server(self.tokens.resources, family.resource, client)
            scope = scope_left(client, family.scope, server, family.registration, alone=True)
        except (InvalidTargetError, InvalidScopeError):
            return _INACTIVE
        expires = int(until.timestamp())
        return {"active": True, "client_id": client.id, "scope": scopes.text(scope), "exp": expires}


def examines(client: Client, server: ResourceServer) -> bool:
    """Whether a client asks for a resource server: both belong to one organisation, and the client may examine."""
    return scopes.INTROSPECT in client.scopes and client.organisation == server.organisation


def token_type(claims: Mapping[str, JSON]) -> str:
    """RFC 9449 §6.2; a token bound to a certificate alone is presented as Bearer over its connection (RFC 8705 §3)."""
    confirmation = claims.get("cnf")
    return "DPoP" if isinstance(confirmation, dict) and "jkt" in confirmation else "Bearer"
