"""The way there and back: a state that is used once, and what only this provider can derive from it.

Nonce and PKCE verifier are keyed hashes of the state, so that nothing about a visit has to be kept but its hash. The
state itself passes the upstream and the browser; without our key neither of the others follows from it.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from urllib.parse import urlencode

from idp.model.secret import hashed
from idp.model.upstream import Upstream, Visit
from idp.store import upstream_visits
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy, token
from kernel.jose import base64url

LIFETIME = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Visits:
    """Begins visits, and takes back whoever returns. ``key`` is this provider's own."""

    database: Database
    clock: Clock
    entropy: Entropy
    key: bytes = field(repr=False)

    def begin(self, person: str, upstream: Upstream, authorization: str, redirect_uri: str) -> str:
        """The address to send a signed-in person to (OpenID Connect Core 1.0 §3.1.2.1, RFC 7636 §4.3)."""
        state = token(self.entropy)
        visit = Visit(hashed(state), person, upstream.name)
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
        }
        return f"{authorization}{'&' if '?' in authorization else '?'}{urlencode(asked)}"

    def take(self, state: str, person: str, upstream: str) -> bool:
        """Use a visit up: True for the person who began it, once, in time; a stranger's attempt uses nothing up."""
        visit, now = Visit(hashed(state), person, upstream), self.clock.now()
        return self.database.write(lambda connection: upstream_visits.take(connection, visit, now))

    def nonce(self, state: str) -> str:
        """What the ID token of this visit has to repeat (OpenID Connect Core 1.0 §15.5.2)."""
        return self._derived("nonce", state)

    def verifier(self, state: str) -> str:
        """The PKCE verifier of this visit (RFC 7636 §4.1)."""
        return self._derived("verifier", state)

    def _derived(self, use: str, state: str) -> str:
        return base64url.encode(hmac.digest(self.key, f"{use}\n{state}".encode(), sha256))
