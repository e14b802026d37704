"""The client credentials grant (RFC 6749 §4.4): a system for itself, or for a case whose person is not present.

The hot path of the provider: nothing but the ledger entry is written, besides the proofs the request uses up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from idp.clients.authentication import AuthenticatedClient
from idp.errors import InvalidRequestError, InvalidScopeError, UnauthorizedClientError
from idp.grants.caller import TokenRequest
from idp.grants.target import check_target
from idp.model import scopes
from idp.model.client import AuthMethod, Client, GrantType
from idp.model.evidence import Details, parse_details
from idp.model.resource import resource_server
from idp.tokens import issuer
from idp.tokens.entitlement import Entitlement
from idp.tokens.issuer import TokenIssuer
from kernel.canonical import JSON

_OFFICER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@-]{0,99}")
_CITIZEN_NUMBER = re.compile(r"\d{17}[\dXx]")


@dataclass(frozen=True, slots=True)
class ClientCredentialsGrant:
    """Issues tokens to systems."""

    tokens: TokenIssuer
    type = GrantType.CLIENT_CREDENTIALS

    def redeem(self, request: TokenRequest) -> dict[str, JSON]:
        """A token for the client itself. Raises OAuthError."""
        entitlement = self._entitlement(request)
        check_target(request, entitlement, self.tokens)
        minted = self.tokens.mint(entitlement)
        self.tokens.record(entitlement, minted, request.proofs, issuer.nothing)
        return issuer.response(entitlement, minted)

    def _entitlement(self, request: TokenRequest) -> Entitlement:
        client = request.client
        asked, scope = request.form.get("authorization_details"), request.form.get("scope")
        if asked is None and self._is_for_a_resource_server(request):
            return self._for_resource(request, scope)
        if asked is None:
            scopes_given = system_scope(client, scope)
            return Entitlement(client, self.type.value, scopes_given, (), request.jkt, certificate=request.certificate)
        details, act = self._absent_details(request, asked), officer(request.authenticated)
        return Entitlement(client, self.type.value, (), details, request.jkt, act=act, certificate=request.certificate)

    def _is_for_a_resource_server(self, request: TokenRequest) -> bool:
        named = request.form.get("resource")
        return named is not None and self.tokens.resources(named) is not None

    def _for_resource(self, request: TokenRequest, asked: str | None) -> Entitlement:
        """RFC 8707 §2.2: what the client asks within the resource server's scopes, by default all of them."""
        server = resource_server(self.tokens.resources, request.form.get("resource"), request.client)
        own = () if server is None else tuple(sorted(server.scopes))
        if asked is not None and not set(asked.split()) <= set(own):
            raise InvalidScopeError("The scope goes beyond what the resource server knows.")
        scope = own if asked is None else scopes.stored(asked)
        return Entitlement(
            request.client,
            self.type.value,
            scope,
            (),
            request.jkt,
            resource=request.form["resource"],
            certificate=request.certificate,
        )

    def _absent_details(self, request: TokenRequest, asked: str) -> Details:
        """Nobody is present, so more is asked of the client: its own signature, and no scope beside the purpose."""
        if request.client.auth_method is not AuthMethod.PRIVATE_KEY_JWT:
            raise UnauthorizedClientError("Evidence in a person's absence takes private_key_jwt.")
        if request.form.get("scope"):
            raise InvalidScopeError("A purpose-bound token carries no scope here.")
        return parse_details(asked, client=request.client, exchange=self.tokens.exchange)


def system_scope(client: Client, asked: str | None) -> tuple[str, ...]:
    """What a system may have for itself: what it asks within its registration, by default all (RFC 6749 §3.3)."""
    own = client.scopes & scopes.OF_SYSTEMS
    if asked is None:
        return tuple(sorted(own))
    if not set(asked.split()) <= own:
        raise InvalidScopeError("The scope goes beyond what the client is registered for.")
    return scopes.parse(asked)


def officer(authenticated: AuthenticatedClient) -> dict[str, JSON]:
    """Who acts: the `act` claim of the client's own signed assertion (RFC 8693 §4.1), so that it cannot deny it later.

    An identifier of the department's own making; a citizen number is refused, since tokens are readable.
    """
    act = (authenticated.claims or {}).get("act")
    named = act.get("sub") if isinstance(act, dict) else None
    if not isinstance(named, str) or not _OFFICER.fullmatch(named) or _CITIZEN_NUMBER.search(named):
        raise InvalidRequestError("The client assertion must name the officer in act.sub, by a staff identifier.")
    return {"sub": named}
