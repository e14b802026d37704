"""Requests of authenticated clients outside the token endpoint: their assertion is used up before anything is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from idp.clients.authentication import AuthenticatedClient, ClientAuthenticator
from idp.store.proofs import SpentProof
from idp.tokens import proof_of_possession
from kernel.database import Database
from kernel.web.http import HttpRequest


@dataclass(frozen=True, slots=True)
class ClientDoor:
    """Authenticates a client and uses up what it shows."""

    authenticator: ClientAuthenticator
    database: Database

    def enter(
        self, request: HttpRequest, parameters: Mapping[str, str], *, proofs: tuple[SpentProof, ...] = ()
    ) -> AuthenticatedClient:
        """The client behind a request. Raises InvalidClientError, InvalidDpopProofError for what was shown before."""
        authenticated = self.authenticator.authenticate(request, parameters)
        used = authenticated.proofs + proofs
        if used:
            self.database.write(lambda connection: proof_of_possession.spend(connection, used))
        return authenticated
