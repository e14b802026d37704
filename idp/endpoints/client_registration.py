"""Dynamic client registration (RFC 7591) and its management (RFC 7592)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from idp.clients.self_registration import SelfRegistration
from idp.errors import NO_STORE, InvalidClientMetadataError, InvalidTokenError
from kernel.canonical import JSON
from kernel.problems import Problem
from kernel.web.http import HttpRequest, HttpResponse, json_response

_CHALLENGE = (("WWW-Authenticate", "Bearer"),)
"""RFC 6750 §3.1: no error where no token came."""


@dataclass(frozen=True, slots=True)
class ClientRegistrationEndpoint:
    """POST /register; GET, PUT and DELETE /register/{client_id}."""

    desk: SelfRegistration

    def register(self, request: HttpRequest) -> HttpResponse:
        """201 with the client's metadata and credentials (RFC 7591 §3.2.1)."""
        token = bearer(request)
        return json_response(self.desk.register(token, metadata(request)), 201, NO_STORE)

    def read(self, request: HttpRequest, client_id: str) -> HttpResponse:
        """The registration (RFC 7592 §2.1)."""
        return json_response(self.desk.read(client_id, bearer(request)), headers=NO_STORE)

    def update(self, request: HttpRequest, client_id: str) -> HttpResponse:
        """The registration as it is now (RFC 7592 §2.2)."""
        token = bearer(request)
        return json_response(self.desk.update(client_id, token, metadata(request)), headers=NO_STORE)

    def withdraw(self, request: HttpRequest, client_id: str) -> HttpResponse:
        """204 (RFC 7592 §2.3)."""
        self.desk.withdraw(client_id, bearer(request))
        return HttpResponse(204, headers=NO_STORE)


def bearer(request: HttpRequest) -> str:
    """The token in the Authorization header, the one place for it (RFC 6750 §2.1). Raises InvalidTokenError."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise InvalidTokenError("A token is required.", headers=_CHALLENGE)
    return token.strip()


def metadata(request: HttpRequest) -> Mapping[str, JSON]:
    """The JSON object of a request (RFC 7591 §3.1). Raises InvalidClientMetadataError.

    A member that is null is left out, which is what leaving it out means in turn (RFC 7592 §2.2).
    """
    try:
        value = request.json()
    except Problem:
        raise InvalidClientMetadataError(
            "the body must be one JSON object, no key twice, as application/json"
        ) from None
    if not isinstance(value, dict):
        raise InvalidClientMetadataError("the body must be a JSON object")
    return {name: member for name, member in value.items() if member is not None}
