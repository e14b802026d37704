"""What was revoked: asked by our own endpoints, and served to the exchange as a signed, versioned feed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from idp.clients.memory import Versioned
from idp.store import revocations, versions
from idp.store.revocations import Revoked
from idp.tokens import lifetimes
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy
from kernel.ids import new_id
from kernel.jose import sign
from kernel.keys import KeyRing
from kernel.web.http import HttpRequest, HttpResponse

TYPE = "revocations+jwt"
FEED_SECONDS = 5
"""How long one statement of the feed may be looked at; the exchange holds its lease for one second only."""
REMEMBER_KEYS = timedelta(days=1)
"""How long the feed names a revoked signing key: far longer than anybody keeps our public keys."""
_HEADERS = (("Content-Type", "application/jwt"), ("Cache-Control", "no-store"))


class Revocations:
    """The revoked, in memory under a version."""

    def __init__(self, database: Database, clock: Clock) -> None:
        def load(connection: Connection) -> Revoked:
            return revocations.current(connection, clock.now(), lifetimes.LONGEST_TOKEN, lifetimes.CLOCK_SKEW)

        self._memory = Versioned(database, versions.REVOCATIONS, load, clock)

    def covers(self, claims: Mapping[str, JSON]) -> bool:
        """Whether a token with these claims was revoked: by itself, with its session, or with its client."""
        revoked = self._memory.current()
        return (
            claims.get("jti") in revoked.jti
            or claims.get("sid") in revoked.sid
            or claims.get("client_id") in revoked.clients
        )

    def refreshed(self) -> Revoked:
        """As the database has it now."""
        return self._memory.refreshed()


@dataclass(frozen=True, slots=True)
class RevocationFeed:
    """GET /revocations: a JWS for the exchange. It names tokens, sessions, clients, keys and mandates, never people."""

    revocations: Revocations
    issuer: str
    audience: str
    keys: KeyRing
    clock: Clock
    entropy: Entropy

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """What is revoked at this moment. Raises DatabaseUnavailable: an old statement must not look fresh."""
        del request
        issued = int(self.clock.now().timestamp())
        revoked = self.revocations.refreshed()
        claims: dict[str, JSON] = {
            "iss": self.issuer,
            "aud": self.audience,
            "iat": issued,
            "exp": issued + FEED_SECONDS,
            "jti": new_id("rev", self.clock, self.entropy),
            "version": revoked.version,
            "revoked": {
                "jti": [*sorted(revoked.jti)],
                "sid": [*sorted(revoked.sid)],
                "clients": [*sorted(revoked.clients)],
                "withdrawn": [*sorted(revoked.withdrawn)],
                "mandates": [*sorted(revoked.mandates)],
                "taken": {client: [*sorted(names)] for client, names in sorted(revoked.taken.items())},
                "given_back": {client: {**names} for client, names in sorted(revoked.given_back.items())},
                "keys": [*self.keys.revoked(REMEMBER_KEYS)],
            },
        }
        return HttpResponse(200, sign(claims, self.keys.signing(), typ=TYPE).encode(), _HEADERS)
