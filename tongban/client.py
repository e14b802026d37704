"""A client of the two services, as the operator's commands use it: discovery, DPoP, ``private_key_jwt``, PAR.

It knows nothing of their inside: what it can do, any department's system can do over the wire.
"""

from __future__ import annotations

import hashlib
import json
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

import requests

from kernel import jose
from kernel.clock import Clock
from kernel.entropy import Entropy, token
from kernel.jose import base64url

TIMEOUT = 30


def authorities() -> str | bool:
    """The certificate authorities to trust, for ``requests``: the system's, or those ``SSL_CERT_FILE`` names.

    ``requests`` alone among our HTTP clients would bring a list of its own; it stays where the system has none.
    """
    return ssl.get_default_verify_paths().cafile or True


class Refused(Exception):
    """The service said no; ``problem`` is its answer (RFC 9457, or RFC 6749 §5.2)."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.problem = dict(problem)
        words = [
            str(self.problem[key])
            for key in ("title", "detail", "next_step", "error_description")
            if self.problem.get(key)
        ]
        super().__init__(" ".join(words) or str(self.problem.get("error") or status))


@dataclass(frozen=True)
class Pushed:
    """A pushed authorization request: where the person goes, and what to keep until they come back."""

    location: str
    state: str
    verifier: str


class ProofKey:
    """A key pair for DPoP (RFC 9449), made for one session."""

    def __init__(self, clock: Clock, entropy: Entropy) -> None:
        self._clock, self._entropy = clock, entropy
        self._key = jose.SigningKey.from_private_jwk(jose.generate_p256(entropy), "ES256")

    def proof(self, method: str, url: str, access_token: str | None = None) -> str:
        """A proof for one request (§4.2)."""
        now = self._clock.now()
        return jose.prove(
            jose.proof_claims(method, url, now=now, entropy=self._entropy, access_token=access_token), self._key
        )


class Client:
    """One OAuth client at one issuer. Without a signing key it is a public client (RFC 8252)."""

    def __init__(
        self, issuer: str, client_id: str, *, clock: Clock, entropy: Entropy, key: jose.SigningKey | None = None
    ) -> None:
        self.issuer, self.client_id = issuer, client_id
        self._clock, self._entropy, self._key = clock, entropy, key
        self.proof_key = ProofKey(clock, entropy)
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.verify = authorities()

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """The authorization server's metadata (RFC 8414)."""
        answer = self._http.get(f"{self.issuer}/.well-known/oauth-authorization-server", timeout=TIMEOUT)
        return _read(answer)

    def push(self, parameters: Mapping[str, str], redirect_uri: str) -> Pushed:
        """Push an authorization request with PKCE S256 (RFC 9126, RFC 7636)."""
        verifier, state = token(self._entropy), token(self._entropy, 16)
        challenge = base64url.encode(hashlib.sha256(verifier.encode()).digest())
        request = {
            "response_type": "code",
            "redirect_uri": redirect_uri,
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **parameters,
        }
        uri = self._form("pushed_authorization_request_endpoint", request)["request_uri"]
        query = urlencode({"client_id": self.client_id, "request_uri": uri})
        return Pushed(f"{self.metadata['authorization_endpoint']}?{query}", state, verifier)

    def redeem(self, code: str, verifier: str, redirect_uri: str) -> dict[str, Any]:
        """Exchange a code for tokens."""
        grant = {
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": verifier,
            "redirect_uri": redirect_uri,
        }
        return self._form("token_endpoint", grant)

    def by_itself(self, parameters: Mapping[str, str], officer: str = "") -> str:
        """A token by client credentials; ``officer``: who at the department asks (RFC 8693 §4.1). Raises Refused."""
        named = {"act": {"sub": officer}} if officer else None
        grant = {"grant_type": "client_credentials", **parameters}
        return str(self._form("token_endpoint", grant, named)["access_token"])

    def call(
        self, method: str, url: str, access_token: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Call a protected resource with a DPoP-bound token; raises Refused."""
        proof = self.proof_key.proof(method, url.partition("?")[0], access_token)
        sent = {"Authorization": f"DPoP {access_token}", "DPoP": proof, **(headers or {})}
        return _read(self._http.request(method, url, json=body, headers=sent, timeout=TIMEOUT))

    def _form(
        self, endpoint: str, parameters: Mapping[str, str], claims: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        url = self.metadata[endpoint]
        body = {"client_id": self.client_id, **parameters, **self._authentication(claims)}
        return _read(
            self._http.post(url, data=body, headers={"DPoP": self.proof_key.proof("POST", url)}, timeout=TIMEOUT)
        )

    def _authentication(self, claims: Mapping[str, Any] | None) -> dict[str, str]:
        if self._key is None:
            return {}
        now = self._clock.now()
        return jose.client_assertion(
            self._key, self.client_id, self.issuer, now=now, entropy=self._entropy, more=claims
        )


def evidence_detail(
    exchange: str, service_item: str, case: str, legal_basis: str, evidence: Sequence[Mapping[str, Any]]
) -> str:
    """The ``authorization_details`` parameter for evidence (RFC 9396)."""
    detail = {
        "type": "urn:tongban:params:evidence",
        "locations": [exchange],
        "service_item": service_item,
        "case": case,
        "legal_basis": legal_basis,
        "evidence": [dict(item) for item in evidence],
    }
    return json.dumps([detail], ensure_ascii=False)


def _read(answer: requests.Response) -> dict[str, Any]:
    try:
        value = answer.json()
    except ValueError:
        value = {"error": "the answer was not JSON"}
    if not answer.ok:
        raise Refused(answer.status_code, value)
    return dict(value)
