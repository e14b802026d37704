"""The way there and back: a state that is used once, and what only this provider can derive from it.

Nonce and PKCE verifier are keyed hashes of the state, so that nothing about a visit has to be kept but its hash. The
state itself passes the upstream and the browser; without our key neither of the others follows from it. What is kept is
the hash of state and browser session together: the same person in another browser cannot finish a visit, so an answer
that somebody else planted there is worth nothing (RFC 9700 §4.7, OpenID Connect Core 1.0 §3.1.2.1, `state`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import urlencode

from idp.model.secret import hashed
from idp.model.upstream import Upstream, Visit
from idp.store import upstream_visits
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy, token
from kernel.envelope import hmac_sha256
from kernel.jose import base64url

LIFETIME = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Traveller:
    """Who goes: a person, in one signed-in browser session."""

    person: str
    session: str


@dataclass(frozen=True, slots=True)
class Visits:
    """Begins visits, and takes back whoever returns. ``key`` is this provider's own."""

    database: Database
    clock: Clock
    entropy: Entropy
    key: bytes = field(repr=False)

    def begin(self, who: Traveller, upstream: Upstream, authorization: str, redirect_uri: str) -> str:
        """The address to send a signed-in person to (OpenID Connect Core 1.0 §3.1.2.1, RFC 7636 §4.3)."""
        state = token(self.entropy)
        visit = _visit(state, who, upstream.name)
        until = self.clock.now() + LIFETIME
        self.database.write(lambda connection: upstream_visits.add(connection, visit, until))
        asked = {
            "response_type": "code",
            "client_id": upstream.client_id,
            "redirect_uri": redirect_uri,
            "scope": upstream.scope,
            "state": state,
            "nonce": self.nonce(state),
            "code_challenge": base64url.encode(sha256(self.verifier(state).encode()).digest()),
            "code_challenge_method": "S256",
            "acr_values": " ".join(upstream.levels),
            "prompt": "login",
            "max_age": str(int(LIFETIME.total_seconds())),  # so that `auth_time` is there to be checked
        }
        return f"{authorization}{'&' if '?' in authorization else '?'}{urlencode(asked)}"

    def take(self, state: str, who: Traveller, upstream: str) -> datetime | None:
        """Use a visit up: when it began, for its own session, once, in time; any other's attempt uses nothing up."""
        visit, now = _visit(state, who, upstream), self.clock.now()
        until = self.database.write(lambda connection: upstream_visits.take(connection, visit, now))
        return None if until is None else until - LIFETIME

    def nonce(self, state: str) -> str:
        """What the ID token of this visit has to repeat (OpenID Connect Core 1.0 §15.5.2)."""
        return self._derived("nonce", state)

    def verifier(self, state: str) -> str:
        """The PKCE verifier of this visit (RFC 7636 §4.1)."""
        return self._derived("verifier", state)

    def _derived(self, use: str, state: str) -> str:
        return base64url.encode(hmac_sha256(self.key, f"{use}\n{state}".encode()))


def _visit(state: str, who: Traveller, upstream: str) -> Visit:
    return Visit(hashed(f"{who.session}\n{state}"), who.person, upstream)
