"""The token endpoint (RFC 6749 §3.2): authenticate the client, read its proof, hand over to the grant."""

from __future__ import annotations

from collections.abc import Iterable

from idp.clients.authentication import AuthenticatedClient, ClientAuthenticator
from idp.endpoints.forms import form
from idp.errors import (
    NO_STORE,
    InvalidRequestError,
    OAuthError,
    UnauthorizedClientError,
    UnsupportedGrantTypeError,
)
from idp.grants.caller import Grant, TokenRequest
from idp.model.client import Client
from idp.store import proofs
from idp.tokens.proof_of_possession import Possession
from kernel.database import Database
from kernel.web.http import HttpRequest, HttpResponse, json_response


class TokenEndpoint:
    """Serves every grant it is given; a grant type that was not given does not exist (A12)."""

    def __init__(
        self, authenticator: ClientAuthenticator, grants: Iterable[Grant], database: Database, possession: Possession
    ) -> None:
        self._authenticator, self._database, self._possession = authenticator, database, possession
        self._grants = {grant.type.value: grant for grant in grants}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """A token response, or OAuthError."""
        parameters = form(request)
        authenticated = self._authenticator.authenticate(request, parameters)
        try:
            grant = self._grant(parameters.get("grant_type"), authenticated.client)
            binding = self._possession.key(request)
            certificate = self._possession.certificate_of(authenticated.client, request)
            body = grant.redeem(TokenRequest(authenticated, binding, parameters, certificate))
        except OAuthError:
            self._burn(authenticated)
            raise
        return self._possession.answered(json_response(body, headers=NO_STORE), binding)

    def _grant(self, name: str | None, client: Client) -> Grant:
        if name is None:
            raise InvalidRequestError("grant_type is missing.")
        grant = self._grants.get(name)
        if grant is None:
            raise UnsupportedGrantTypeError("This grant type does not exist here.")
        if not client.may_use(grant.type):
            raise UnauthorizedClientError("The client is not registered for this grant type.")
        return grant

    def _burn(self, authenticated: AuthenticatedClient) -> None:
        """An assertion that was good is used up by a refusal, too: it authenticates one request, not one success."""
        assertion = authenticated.assertion
        if assertion is not None:
            self._database.write(lambda connection: proofs.spend(connection, assertion))
