"""Requests by the back channel (OpenID Connect CIBA Core 1.0): a clerk asks, the citizen answers elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from idp.model.authorization import AuthorizationRequest


@dataclass(frozen=True, slots=True)
class BackchannelRequest:
    """One request as it is kept: ``hash`` of its auth_req_id. ``person``: whom it means, once that was looked up.

    Without one nobody will ever answer it. ``mark`` stands for whom the client meant, known here or not; ``ping`` is
    sealed under the person's key.
    """

    id: str
    hash: bytes = field(repr=False)
    client_id: str
    person: str | None
    mark: bytes = field(repr=False)
    request: AuthorizationRequest
    asked_at: datetime
    expires_at: datetime
    ping: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Ping:
    """A client that is to be told of an answer (§10.2): sealed, which token to show it and for which request."""

    id: str
    client_id: str
    person: str
    sealed: bytes = field(repr=False)
    attempts: int
    due_at: datetime
    expires_at: datetime
