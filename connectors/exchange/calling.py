"""Calls of another exchange as a system it knows: with a token that only we can use."""

from __future__ import annotations

import json
import operator
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from connectors.adapters import Opening
from connectors.exchange.settings import ExchangeSettings
from connectors.resilience import Deadline
from connectors.rest import addresses
from connectors.rest.client_certificate import ClientCertificate
from connectors.rest.request import Request
from connectors.rest.strict_json import decode
from connectors.rest.tokens import TokenEndpoint, Tokens, TokenSettings, signing_key
from connectors.rest.transport import Answer, Transport
from kernel import jose
from kernel.entropy import token

_UNAUTHORISED = 401


class Proof:
    """How a token is bound to us: by a key whose possession each request proves, or by our certificate."""

    def __init__(self, opening: Opening, certificate: ClientCertificate | None) -> None:
        self._clock, self._entropy = opening.clock, opening.entropy
        self._key: jose.SigningKey | None = None
        if certificate is None:
            self._key = jose.SigningKey.from_private_jwk(jose.generate_p256(opening.entropy), "ES256")

    @property
    def scheme(self) -> str:
        """Of the ``Authorization`` header (RFC 9449 §7.1, RFC 6750 §2.1)."""
        return "DPoP" if self._key else "Bearer"

    def line(self, method: str, url: str, access_token: str | None = None, nonce: str = "") -> bytes:
        """The header line that proves possession for one request; nothing where the certificate does."""
        if self._key is None:
            return b""
        claims = jose.proof_claims(method, url, now=self._clock.now(), entropy=self._entropy, access_token=access_token)
        return b"DPoP: " + jose.prove(claims | ({"nonce": nonce} if nonce else {}), self._key).encode()


class Caller:
    """The interface of one exchange. Safe for threads; libcurl keeps the deadline."""

    def __init__(self, settings: ExchangeSettings, opening: Opening) -> None:
        certificate = None
        if settings.client_certificate:
            certificate = ClientCertificate.parse(opening.secret(settings.client_certificate))
        self._origin, self._token_url = settings.origin, settings.token_url
        self._entropy = opening.entropy
        self._proof = Proof(opening, certificate)
        self._transport = _transport(settings.origin, settings, opening, certificate)
        self._endpoint = TokenEndpoint(
            _token_settings(settings, opening),
            _transport(settings.token_url, settings, opening, certificate),
            opening.clock,
            opening.entropy,
        )
        scope = {"scope": "cases", "resource": settings.origin}
        self._tokens = Tokens(self._endpoint, opening.clock, more=scope, proof=self._token_proof())

    def purpose_token(self, details: Mapping[str, Any], deadline: Deadline) -> str:
        """A token for one purpose and no other (RFC 9396). Raises: SourceProblem."""
        form = {"authorization_details": json.dumps([details], ensure_ascii=False)}
        return self._endpoint.ask(deadline, form, self._token_proof()).text

    def about_cases(self, path: str, body: Mapping[str, Any], deadline: Deadline) -> Answer:
        """A call that opens or closes a case; after a 401, once more with a fresh token. Raises: SourceProblem."""
        for again in (True, False):
            held = self._tokens.current(deadline)
            answer = self.post(path, body, held, deadline)
            if answer.status != _UNAUTHORISED or not again:
                break
            self._tokens.drop(partial(operator.eq, held))
        return answer

    def post(self, path: str, body: Mapping[str, Any], access_token: str, deadline: Deadline) -> Answer:
        """One call with a token. Raises: SourceProblem."""
        once = f"Idempotency-Key: {token(self._entropy, 16)}".encode()
        lines = [b"Content-Type: application/json", b"Expect:", once]
        return self._send("POST", path, lines, json.dumps(body, ensure_ascii=False).encode(), access_token, deadline)

    def get(self, path: str, access_token: str, deadline: Deadline) -> Answer:
        """One reading with a token. Raises: SourceProblem."""
        return self._send("GET", path, [], None, access_token, deadline)

    def published_keys(self, deadline: Deadline) -> Any:
        """The JWK set of the exchange, read anew. Raises: SourceProblem."""
        request = Request(f"{self._origin}/jwks", [b"Accept: application/jwk-set+json, application/json"], None)
        answer = self._transport.exchange(request, deadline.left())
        return decode(answer.body) if answer.status == 200 else None

    def close(self) -> None:
        """Close every connection."""
        self._transport.close()
        self._tokens.close()

    def _send(
        self,
        method: str,
        path: str,
        more: Sequence[bytes],
        body: bytes | None,
        access_token: str,
        deadline: Deadline,
    ) -> Answer:
        url = self._origin + path
        lines = [
            b"Accept: application/json",
            b"Accept-Language: en",
            f"Authorization: {self._proof.scheme} {access_token}".encode(),
            self._proof.line(method, url, access_token),
            *more,
        ]
        return self._transport.exchange(Request(url, [line for line in lines if line], body), deadline.left())

    def _token_proof(self) -> Any:
        if self._proof.scheme == "Bearer":
            return None
        return lambda nonce: self._proof.line("POST", self._token_url, nonce=nonce)


def _transport(
    url: str, settings: ExchangeSettings, opening: Opening, certificate: ClientCertificate | None
) -> Transport:
    return Transport(
        max_bytes=opening.limits.max_bytes,
        ca_file=settings.ca_file,
        private_only=addresses.is_plain(url),
        certificate=certificate,
    )


def _token_settings(settings: ExchangeSettings, opening: Opening) -> TokenSettings:
    return TokenSettings(
        url=settings.token_url,
        client_id=settings.client_id,
        secret=None,
        key=signing_key(opening.secret(settings.secret)),
        audience=settings.issuer,
        form={},
        claims={"act": {"sub": settings.officer}},
    )
