"""Resource servers: who else than the exchange may be the audience of an access token (RFC 8707)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from idp.errors import InvalidScopeError, InvalidTargetError
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

    def rights(self, client_id: str) -> frozenset[str]:
        """What this client may name of it, as `remembered` names it."""
        let_in = not self.disabled and client_id in self.clients
        return frozenset(remembered(self.identifier, each) for each in self.scopes) if let_in else frozenset()


def resource_server(
    find: Callable[[str], ResourceServer | None], identifier: str | None, client: Client
) -> ResourceServer | None:
    """The resource server meant, asked again at each token: one that no longer lets the client in is no audience.

    Raises InvalidTargetError.
    """
    if identifier is None:
        return None
    server = find(identifier)
    if server is None or not server.serves(client):
        raise InvalidTargetError("No token for that resource is issued to this client.")
    return server


def still_registered(
    client: Client, scope: tuple[str, ...], server: ResourceServer | None, since: int
) -> tuple[str, ...]:
    """What of a scope the client may still have, by its own registration or by the resource server's.

    ``since``: the registration under which it was granted; what was taken after that does not come back (S2).
    """
    return tuple(each for each in scope if _is_still(each, client, server, since))


def is_for_nothing(said: Collection[str], left: Collection[str], server: ResourceServer | None) -> bool:
    """Whether what is left of a scope is of no use: nothing, or for a resource server only others' (ADR 0073)."""
    return len(left) < len(said) and not any(server is None or each in server.scopes for each in left)


def scope_left(
    client: Client, granted: tuple[str, ...], server: ResourceServer | None, since: int, *, alone: bool
) -> tuple[str, ...]:
    """As `still_registered`, for a token that shall be of use; ``alone``: nothing but the scope makes it so.

    Raises InvalidScopeError when nothing is left, InvalidTargetError when nothing for the resource server is.
    """
    left = still_registered(client, granted, server, since)
    if alone and not left:
        raise InvalidScopeError("Nothing is left of what was granted that this client may have.")
    if left and is_for_nothing(granted, left, server):
        raise InvalidTargetError("Nothing is left of what was granted for that resource.")
    return left


def _is_still(name: str, client: Client, server: ResourceServer | None, since: int) -> bool:
    if name in client.scopes and client.had_since(name, since):
        return True
    return server is not None and name in server.scopes and client.had_since(remembered(server.identifier, name), since)


def remembered(identifier: str | None, scope: str) -> str:
    """How consent to a scope is remembered: names of scopes are each resource server's own (§2: no fragment)."""
    return scope if identifier is None else f"{identifier}#{scope}"
