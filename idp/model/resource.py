"""Resource servers: who else than the exchange may be the audience of an access token (RFC 8707)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from idp.model.client import Client
from kernel.text import Text


@dataclass(frozen=True, slots=True)
class ResourceServer:
    """A registered resource server: its identifier, its owner, its scopes in people's words, and who may call it."""

    identifier: str
    organisation: str
    scopes: Mapping[str, Text]
    clients: frozenset[str]
    disabled: bool = False

    def serves(self, client: Client) -> bool:
        """Whether tokens for it are issued to this client: nobody is let in by default."""
        return not self.disabled and client.id in self.clients


def still_registered(client: Client, scope: tuple[str, ...], server: ResourceServer | None) -> tuple[str, ...]:
    """What of a granted scope the client may still have: by its own registration, or by the resource server's."""
    theirs = frozenset() if server is None else server.scopes.keys()
    return tuple(each for each in scope if each in client.scopes or each in theirs)


def remembered(identifier: str | None, scope: str) -> str:
    """How consent to a scope is remembered: names of scopes are each resource server's own (§2: no fragment)."""
    return scope if identifier is None else f"{identifier}#{scope}"
