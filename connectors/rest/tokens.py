"""Access tokens by client credentials (RFC 6749 §4.4): asked for once, shared, and renewed shortly before they end."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import quote_plus, urlencode

from connectors.adapters import Opening
from connectors.base import Raw
from connectors.errors import (
    SourceBusy,
    SourceGarbled,
    SourceMisconfigured,
    SourceProblem,
    SourceTimedOut,
    SourceUnavailable,
)
from connectors.resilience import Deadline
from connectors.rest.request import Request
from connectors.rest.strict_json import decode
from connectors.rest.transport import Answer, Transport
from kernel import jose
from kernel.canonical import JSON, MalformedJson
from kernel.clock import Clock
from kernel.entropy import Entropy

_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{1,16384}={0,2}")  # RFC 6750 §2.1
_SECONDS_UNSAID = 60  # RFC 6749 §5.1 lets a server keep silent about it
_LONGEST = 86_400
_MARGIN = 30  # seconds before its end from which a token is not used any more, or a fifth of a short life
_BEARER, _BOUND = "bearer", "dpop"


@dataclass(frozen=True, slots=True)
class TokenSettings:
    """A token endpoint and how we authenticate there.

    Attributes:
        secret: the client's secret, or None where it authenticates with `key`.
        key: signs assertions (RFC 7523), or None.
        audience: whom an assertion is meant for; the endpoint's own address where the manifest does not say.
        form: what every request asks for (`scope`, `resource`).
        claims: what an assertion says besides (`act`).
    """

    url: str
    client_id: str
    secret: str | None = field(repr=False)
    key: jose.SigningKey | None
    audience: str
    form: Mapping[str, str]
    claims: Mapping[str, JSON] = field(default_factory=dict)

    @classmethod
    def parse(cls, auth: Mapping[str, Any], opening: Opening) -> Self:
        """From a manifest's `auth`. Raises: SourceMisconfigured."""
        text = opening.secret(auth["secret"]).strip()
        with_key = auth["method"] == "private_key_jwt"
        if not text:
            raise SourceMisconfigured("secret-unusable")
        return cls(
            url=auth["token_url"],
            client_id=auth["client_id"],
            secret=None if with_key else text,
            key=signing_key(text) if with_key else None,
            audience=auth.get("audience", auth["token_url"]),
            form={name: auth[name] for name in ("scope", "resource") if name in auth},
        )


@dataclass(frozen=True, slots=True)
class Token:
    """An access token.

    Attributes:
        text: what is sent.
        kind: its type in small letters (RFC 6749 §7.1).
        seconds: it may be used for, from now.
    """

    text: str = field(repr=False)
    kind: str
    seconds: float


class TokenEndpoint:
    """Asks for tokens. Nothing is kept here."""

    def __init__(self, settings: TokenSettings, transport: Transport, clock: Clock, entropy: Entropy) -> None:
        self._settings, self._transport, self._clock, self._entropy = settings, transport, clock, entropy

    def ask(
        self, deadline: Deadline, more: Mapping[str, str] | None = None, proof: Callable[[str], bytes] | None = None
    ) -> Token:
        """A fresh token; `more` is added to the form. `proof` makes the header line that binds the token to a key, for
        a nonce of the server's or "" (RFC 9449 §5, §8).

        Raises: SourceProblem, its reason beginning with ``token-``.
        """
        try:
            answer = self._send(more or {}, proof, "", deadline)
            nonce = "".join(answer.fields.get("dpop-nonce", ())[:1])
            if answer.status == 400 and proof is not None and nonce:
                answer = self._send(more or {}, proof, nonce, deadline)
            if answer.status != 200:
                raise _refusal(answer.status)
            token = _token(decode(answer.body))
            if token.kind != (_BEARER if proof is None else _BOUND):
                raise SourceMisconfigured("type")
            return token
        except SourceProblem as problem:
            problem.reason = f"token-{problem.reason}"
            raise

    def close(self) -> None:
        """Close every connection."""
        self._transport.close()

    def _send(
        self, more: Mapping[str, str], proof: Callable[[str], bytes] | None, nonce: str, deadline: Deadline
    ) -> Answer:
        lines = () if proof is None else (proof(nonce),)
        return self._transport.exchange(self._request(more, lines), deadline.left(), fields=("dpop-nonce",))

    def _request(self, more: Mapping[str, str], lines: Sequence[bytes]) -> Request:
        form = {"grant_type": "client_credentials", **self._settings.form, **more}
        headers = [b"Accept: application/json", b"Content-Type: application/x-www-form-urlencoded", b"Expect:", *lines]
        if self._settings.key is not None:
            form["client_id"] = self._settings.client_id
            form |= self._assertion(self._settings.key)
        else:
            headers.append(self._basic(self._settings.secret or ""))
        return Request(self._settings.url, headers, urlencode(form).encode())

    def _assertion(self, key: jose.SigningKey) -> Mapping[str, str]:
        settings = self._settings
        return jose.client_assertion(
            key,
            settings.client_id,
            settings.audience,
            now=self._clock.now(),
            entropy=self._entropy,
            more=settings.claims,
        )

    def _basic(self, secret: str) -> bytes:
        pair = f"{quote_plus(self._settings.client_id)}:{quote_plus(secret)}"  # RFC 6749 §2.3.1
        return b"Authorization: Basic " + base64.b64encode(pair.encode())


class Tokens:
    """One token for all callers. Safe for threads: one of them renews it, and the others wait, each its own time."""

    def __init__(
        self,
        endpoint: TokenEndpoint,
        clock: Clock,
        *,
        more: Mapping[str, str] | None = None,
        proof: Callable[[str], bytes] | None = None,
    ) -> None:
        self._endpoint, self._clock = endpoint, clock
        self._more, self._proof = more, proof
        self._renewing = threading.Lock()
        self._held: tuple[Token, float] | None = None  # and the monotonic second until which it is used

    def current(self, deadline: Deadline) -> str:
        """A token that is still good for a while. Raises: SourceProblem."""
        held = self._good()
        return held.text if held is not None else self._renew(deadline)

    def drop(self, refused: Callable[[str], bool]) -> None:
        """Use the held token no more, if it is the one that was refused: another caller may have renewed it already."""
        held = self._held
        if held is not None and refused(held[0].text):
            self._held = None

    def close(self) -> None:
        """Close every connection."""
        self._endpoint.close()

    def _good(self) -> Token | None:
        held = self._held
        return held[0] if held is not None and self._clock.monotonic() < held[1] else None

    def _renew(self, deadline: Deadline) -> str:
        if not self._renewing.acquire(timeout=deadline.left()):
            raise SourceTimedOut("token-deadline")
        try:
            held = self._good()
            if held is None:
                held = self._endpoint.ask(deadline, self._more, self._proof)
                self._held = (held, self._clock.monotonic() + held.seconds - min(_MARGIN, held.seconds / 5))
            return held.text
        finally:
            self._renewing.release()


def signing_key(text: str) -> jose.SigningKey:
    """The private JWK in a secret, with its `alg`. Raises: SourceMisconfigured."""
    try:
        return jose.SigningKey.from_private_jwk(json.loads(text))
    except (jose.InvalidKey, MalformedJson, ValueError, TypeError, AttributeError):
        raise SourceMisconfigured("secret-unusable") from None


def _token(document: Raw) -> Token:
    """The answer of a token endpoint (RFC 6749 §5.1). Raises: SourceGarbled."""
    if not isinstance(document, Mapping):
        raise SourceGarbled("answer")
    text, kind, seconds = (document.get(name) for name in ("access_token", "token_type", "expires_in"))
    if not isinstance(text, str) or not _TOKEN.fullmatch(text) or not isinstance(kind, str):
        raise SourceGarbled("answer")
    return Token(text, kind.lower(), _seconds(seconds))


def _seconds(told: Raw) -> float:
    if told is None:
        return _SECONDS_UNSAID
    if isinstance(told, str) and told.isascii() and told.isdigit() and len(told) < 10:  # as some servers write it
        told = int(told)
    if isinstance(told, bool) or not isinstance(told, int) or told <= 0:
        raise SourceGarbled("answer")
    return min(told, _LONGEST)


def _refusal(status: int) -> SourceProblem:
    """RFC 6749 §5.2: 400 and 401 are about how we ask."""
    reason = f"http-{status}"
    if status == 429:
        return SourceBusy(reason)
    return SourceUnavailable(reason) if status >= 500 else SourceMisconfigured(reason)
