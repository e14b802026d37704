"""Web sessions, and what a person allowed a client in one of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from idp.model.assurance import Authentication
from idp.model.authorization import AuthorizationRequest
from idp.model.claims import NO_CLAIMS, ClaimsAsked
from idp.model.evidence import Details


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in at the provider, shared by every department. Its cookie is not here: only its hash is kept."""

    id: str
    person: str
    authentication: Authentication
    seen_at: datetime
    expires_at: datetime
    device: str = ""
    network: str = ""


@dataclass(frozen=True, slots=True)
class Expired:
    """A session past a limit that nobody has ended yet; ``limit`` says which one: ``idle`` or ``age``."""

    id: str
    person: str
    limit: str


@dataclass(frozen=True, slots=True)
class Interaction:
    """One authorization request on its way through the pages, bound to the browser that began it."""

    id: str
    request: AuthorizationRequest
    pushed: bytes | None
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Family:
    """What one person allowed one client once: every token that stems from it is revoked with it.

    ``claims``: asked for by name; ``resource``: the resource server its tokens are for, unless that follows from the
    scope. ``sid`` is the session as this client's organisation knows it (pairwise, like ``sub``). ``dpop_jkt`` and
    ``certificate`` are what its tokens are bound to; ``may_act`` names the clients that may exchange them.
    ``representation``: by which the person acts for a legal entity; None when for themselves. ``registration``: the
    client's, when the person allowed it. ``expires_at``: with the session, or the consent where that ends before.
    """

    id: str
    client_id: str
    person: str
    session: str
    sid: str
    scope: tuple[str, ...]
    authentication: Authentication
    level: int
    expires_at: datetime
    dpop_jkt: str | None = None
    certificate: str | None = None
    may_act: tuple[str, ...] = ()
    details: Details = ()
    claims: ClaimsAsked = NO_CLAIMS
    resource: str | None = None
    representation: str | None = None
    registration: int = 0

    def ending(self, until: datetime) -> Family:
        """The same, no longer than until then."""
        return replace(self, expires_at=min(self.expires_at, until))


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code as it is kept: by its hash (RFC 6749 §4.1.2)."""

    hash: bytes = field(repr=False)
    family: Family
    redirect_uri: str
    code_challenge: str
    nonce: str | None
    expires_at: datetime
