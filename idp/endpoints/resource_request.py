"""The `resource` parameter of an authorization request (RFC 8707 §2.1): for whom the access token will be."""

from __future__ import annotations

from idp.endpoints.asked import Asked
from idp.errors import InvalidTargetError
from idp.model import scopes


def resource_can_be_the_audience(asked: Asked) -> None:
    """§2: one audience a token. A registered resource server, or the audience that follows from what is asked."""
    given = asked.get("resource")
    for_the_exchange = asked.get("authorization_details") is not None or not scopes.EXCHANGE.isdisjoint(asked.scope)
    if given in (None, asked.exchange if for_the_exchange else asked.issuer):
        return
    server = asked.resource
    if for_the_exchange or server is None or not server.serves(asked.client):
        raise InvalidTargetError("No token for that resource is issued to this client for what is asked.")
