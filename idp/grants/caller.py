"""A token request once its client is known: what every grant works with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from idp.clients.authentication import AuthenticatedClient
from idp.errors import InvalidRequestError
from idp.model.client import Client, GrantType
from idp.store.proofs import SpentProof
from idp.tokens.proof_of_possession import Binding
from kernel.canonical import JSON


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """One authenticated request to the token endpoint. ``certificate``: the thumbprint tokens are to be bound to."""

    authenticated: AuthenticatedClient
    binding: Binding | None
    form: Mapping[str, str] = field(repr=False)
    certificate: str | None = None

    @property
    def client(self) -> Client:
        """Who asks."""
        return self.authenticated.client

    @property
    def jkt(self) -> str | None:
        """The key the token is to be bound to."""
        return None if self.binding is None else self.binding.jkt

    @property
    def proofs(self) -> tuple[SpentProof, ...]:
        """What the request uses up when it succeeds."""
        return self.authenticated.proofs + (() if self.binding is None else self.binding.proofs)

    def required(self, name: str) -> str:
        """A parameter that must be there. Raises InvalidRequestError (RFC 6749 §5.2)."""
        value = self.form.get(name)
        if not value:
            raise InvalidRequestError(f"{name} is missing.")
        return value


class Grant(Protocol):
    """One grant type. Its laws: nothing is issued unless `redeem` returns; what is single-use is used up by then."""

    @property
    def type(self) -> GrantType:
        """Its name on the wire."""
        ...

    def redeem(self, request: TokenRequest) -> dict[str, JSON]:
        """The members of the token response. Raises OAuthError."""
        ...
