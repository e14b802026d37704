"""An authorization request before it is checked, and what a check is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from idp.clients.directory import ClientDirectory
from idp.endpoints.request_object import KeysOf, opened, signed_part
from idp.errors import InvalidRequestError, InvalidRequestObjectError, OAuthError
from idp.model import scopes
from idp.model.client import Client
from idp.model.resource import ResourceServer
from kernel.clock import Clock
from kernel.jose import DecryptionKey


@dataclass(frozen=True, slots=True)
class Asked:
    """A request not yet checked.

    ``pushed``: it came from the authenticated client itself, not through a browser. ``signed``: its parameters are
    those of a request object; ``flaw``: why the object it came with is not acceptable. ``resource``: the registered
    resource server that it names.
    """

    client: Client
    pushed: bool
    issuer: str
    exchange: str
    resource: ResourceServer | None
    parameters: Mapping[str, str] = field(repr=False)
    signed: bool = False
    flaw: OAuthError | None = None

    def get(self, name: str) -> str | None:
        """A parameter, if given."""
        return self.parameters.get(name)

    @property
    def scope(self) -> tuple[str, ...]:
        """The scopes asked for that exist here, or at the resource server meant."""
        return scopes.parse(self.parameters.get("scope", ""), () if self.resource is None else self.resource.scopes)


@dataclass(frozen=True, slots=True)
class Reader:
    """Puts a request beside what is registered about it. ``decryption``: the keys that objects may be encrypted to."""

    directory: ClientDirectory
    keys: KeysOf
    issuer: str
    exchange: str
    clock: Clock
    decryption: Callable[[], Sequence[DecryptionKey]]

    def arriving(self, client: Client, pushed: bool, parameters: Mapping[str, str]) -> Asked:
        """A request as it arrives. With a request object, nothing beside that counts (RFC 9101 §6.3)."""
        text = parameters.get("request")
        if text is None:
            return self._asked(client, pushed, parameters)
        try:
            signed = signed_part(text, self.decryption())
            found = opened(signed, client, self.keys, self.issuer, self.clock.now())
            asked = self._asked(client, pushed, found, signed=True)
        except InvalidRequestObjectError as flaw:
            # Where the refusal goes may stand beside the object: it is held against the registration all the same.
            return replace(self._asked(client, pushed, parameters), flaw=flaw)
        if "request_uri" in parameters:  # RFC 9101 §5, OpenID Connect Core 1.0 §6
            return replace(asked, flaw=InvalidRequestError("request and request_uri are not used together."))
        return asked

    def kept(self, client: Client, parameters: Mapping[str, str]) -> Asked:
        """A pushed request coming back: whether it had to be signed was looked at when it was pushed."""
        return self._asked(client, True, parameters, signed=True)

    def _asked(self, client: Client, pushed: bool, parameters: Mapping[str, str], *, signed: bool = False) -> Asked:
        server = self.directory.resource(parameters.get("resource", ""))
        return Asked(client, pushed, self.issuer, self.exchange, server, parameters, signed)


Check = Callable[[Asked], None]
"""Says nothing, or raises the OAuthError of the clause it stands for."""
