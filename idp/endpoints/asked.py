"""An authorization request before it is checked, and what a check is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from idp.clients.directory import ClientDirectory
from idp.model import scopes
from idp.model.client import Client
from idp.model.resource import ResourceServer


@dataclass(frozen=True, slots=True)
class Asked:
    """A request not yet checked.

    ``pushed``: it came from the authenticated client itself, not through a browser. ``resource``: the registered
    resource server that it names.
    """

    client: Client
    pushed: bool
    issuer: str
    exchange: str
    resource: ResourceServer | None
    parameters: Mapping[str, str] = field(repr=False)

    def get(self, name: str) -> str | None:
        """A parameter, if given."""
        return self.parameters.get(name)

    @property
    def scope(self) -> tuple[str, ...]:
        """The scopes asked for that exist here, or at the resource server meant."""
        return scopes.parse(self.parameters.get("scope", ""), () if self.resource is None else self.resource.scopes)


@dataclass(frozen=True, slots=True)
class Reader:
    """Puts a request beside what is registered about it."""

    directory: ClientDirectory
    issuer: str
    exchange: str

    def asked(self, client: Client, pushed: bool, parameters: Mapping[str, str]) -> Asked:
        """The request of a client."""
        server = self.directory.resource(parameters.get("resource", ""))
        return Asked(client, pushed, self.issuer, self.exchange, server, parameters)


Check = Callable[[Asked], None]
"""Says nothing, or raises the OAuthError of the clause it stands for."""
