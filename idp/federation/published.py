"""What an upstream publishes: its metadata (OpenID Connect Discovery 1.0 §4) and its keys, asked for when needed.

Kept for ten minutes. A `kid` nobody has seen causes one more look at the keys, by one visit at a time, a minute after
the last one (F4); whoever comes meanwhile uses what is kept. One that was silent is not asked again for some seconds,
so that nobody waits for it in a row; and nobody waits for somebody else's
look either: each visit that finds nothing fresh looks for itself, and one slow answer holds up one visit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

from idp.model.upstream import Upstream
from kernel.canonical import JSON, MalformedJson, decode
from kernel.clock import Clock
from kernel.jose import InvalidKey, VerifyingKey, verifying_keys
from kernel.outbound import LOOPBACK_NAMES, AddressPolicy, Fetched, OutboundClient, OutboundFailed, OutboundRefused

FRESH_SECONDS = 600.0
REFETCH_SECONDS = 60.0
SILENT_SECONDS = 10.0
_MOST_BYTES = 128 * 1024
_SECONDS = 5.0
_FORM = "application/x-www-form-urlencoded"
REFUSES_A_FORM = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED})
"""RFC 6749 §5.2: 401 where the client may have proven itself by a header, 400 for everything."""
REFUSES_A_TOKEN = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
"""RFC 6750 §3.1: a request that is none, a token that is not good, a token that does not suffice."""
_NOT_OUR_CLIENT = ("invalid_client", "unauthorized_client")
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class UpstreamSilent(Exception):
    """It cannot be reached, or does not answer as it should. The text names no person."""


class FormRefused(Exception):
    """It is there, and does not take what it was sent (RFC 6749 §5.2; RFC 6750 §3.1 for a token)."""

    def __init__(self, *, for_us: bool = False) -> None:
        """``for_us``: not for what was sent, but because it does not take us for its client."""
        super().__init__()
        self.for_us = for_us


@dataclass(frozen=True, slots=True)
class Metadata:
    """The addresses we use; ``names_itself``: it promises `iss` in its answers (RFC 9207 §3)."""

    authorization: str
    token: str
    jwks: str
    userinfo: str | None
    names_itself: bool


class Published:
    """One upstream's documents. Safe for threads: what is kept is replaced whole, and nobody waits for a lock."""

    def __init__(self, upstream: Upstream, clock: Clock, client: OutboundClient | None = None) -> None:
        self.upstream = upstream
        self._clock, self._client = clock, client or OutboundClient()
        self._metadata: tuple[Metadata, float] | None = None
        self._keys: tuple[tuple[VerifyingKey, ...], float] | None = None
        self._silent_until = float("-inf")
        self._looking = threading.Lock()

    def metadata(self) -> Metadata:
        """Raises UpstreamSilent."""
        kept, now = self._metadata, self._clock.monotonic()
        if kept is None or now - kept[1] > FRESH_SECONDS:
            kept = self._metadata = (self._read_metadata(), now)
        return kept[0]

    def keys(self, kid: object) -> tuple[VerifyingKey, ...]:
        """Its signature keys; ``kid`` is what the token at hand names. Raises UpstreamSilent."""
        address = self.metadata().jwks
        kept = self._keys
        if kept is None or self._age(kept) > FRESH_SECONDS:
            return self._read_keys(address)
        if any(key.kid == kid for key in kept[0]) or not self._looking.acquire(blocking=False):
            return kept[0]
        try:
            newest = self._keys or kept  # somebody may have looked since
            return self._read_keys(address) if self._age(newest) > REFETCH_SECONDS else newest[0]
        finally:
            self._looking.release()

    def _age(self, kept: tuple[tuple[VerifyingKey, ...], float]) -> float:
        return self._clock.monotonic() - kept[1]

    def _read_keys(self, address: str) -> tuple[VerifyingKey, ...]:
        """Kept as of before the look: a slow answer is no younger for it. Raises UpstreamSilent."""
        now = self._clock.monotonic()
        found = _keys(self._get(address), self.upstream.signing_alg)
        self._keys = (found, now)
        return found

    def post(
        self, url: str, fields: Mapping[str, str], *headers: str, refusals: Set[HTTPStatus] = REFUSES_A_FORM
    ) -> JSON:
        """The JSON that answers a form with 200. Raises UpstreamSilent, FormRefused."""
        return self._asked(
            lambda: self._client.post(
                url,
                urlencode(fields).encode(),
                allow=self._policy(url),
                media_type=_FORM,
                headers=headers,
                max_bytes=_MOST_BYTES,
                timeout=_SECONDS,
            ),
            refusals,
        )

    def _get(self, url: str) -> JSON:
        """A document of theirs; for some seconds after a vain attempt nobody makes another."""
        if self._clock.monotonic() < self._silent_until:
            raise UpstreamSilent(f"{self.upstream.name} did not answer a moment ago")
        try:
            return self._asked(
                lambda: self._client.get(url, allow=self._policy(url), max_bytes=_MOST_BYTES, timeout=_SECONDS)
            )
        except (UpstreamSilent, FormRefused):
            self._silent_until = self._clock.monotonic() + SILENT_SECONDS
            raise UpstreamSilent(f"{self.upstream.name} does not publish what it should") from None

    def _asked(self, ask: Callable[[], Fetched], refusals: Set[HTTPStatus] = REFUSES_A_FORM) -> JSON:
        try:
            answer = ask()
            if answer.status in refusals:
                raise FormRefused(for_us=_does_not_know_us(answer))
            if answer.status != HTTPStatus.OK:
                raise UpstreamSilent(f"{self.upstream.name} answered with status {answer.status}")
            return decode(answer.body, max_bytes=_MOST_BYTES)
        except (OutboundRefused, OutboundFailed, MalformedJson) as trouble:
            raise UpstreamSilent(f"{self.upstream.name}: {type(trouble).__name__}") from None

    def _policy(self, url: str) -> AddressPolicy:
        """Private networks only on the issuer's host, which the operator named; without TLS only on this machine."""
        issuer, host = urlsplit(self.upstream.issuer), urlsplit(url).hostname or ""
        if issuer.scheme == "http":
            return AddressPolicy(schemes=frozenset({"http"}), hosts=LOOPBACK_NAMES, allow_loopback=True)
        return AddressPolicy(hosts=frozenset({host}), allow_private=host == issuer.hostname)

    def _may_be_asked(self, address: JSON) -> bool:
        """The browser is sent to one of them, so its scheme matters as much as where we go ourselves."""
        try:
            return isinstance(address, str) and self._policy(address).admits_url(address)
        except ValueError:  # no address at all, such as one that begins an IPv6 host and does not end it
            return False

    def _read_metadata(self) -> Metadata:
        """Discovery §4.3: a document that speaks of another issuer is none."""
        document = self._get(self.upstream.issuer.rstrip("/") + "/.well-known/openid-configuration")
        if not isinstance(document, dict) or document.get("issuer") != self.upstream.issuer:
            raise UpstreamSilent(f"{self.upstream.name} publishes another issuer's metadata")
        addresses = {name: document.get(name) for name in (*_ENDPOINTS, "userinfo_endpoint")}
        if not all(self._may_be_asked(addresses[name]) for name in _ENDPOINTS):
            raise UpstreamSilent(f"{self.upstream.name} publishes no safe {', '.join(_ENDPOINTS)}")
        userinfo = addresses["userinfo_endpoint"]
        if userinfo is not None and not self._may_be_asked(userinfo):
            raise UpstreamSilent(f"{self.upstream.name} publishes no safe userinfo_endpoint")
        return Metadata(
            str(addresses["authorization_endpoint"]),
            str(addresses["token_endpoint"]),
            str(addresses["jwks_uri"]),
            userinfo if isinstance(userinfo, str) else None,
            document.get("authorization_response_iss_parameter_supported") is True,
        )


def _does_not_know_us(answer: Fetched) -> bool:
    """RFC 6749 §5.2: the words for it; a 401 without a word that could be read says it too."""
    try:
        told = decode(answer.body, max_bytes=_MOST_BYTES)
    except MalformedJson:
        told = None
    word = told.get("error") if isinstance(told, dict) else None
    return word in _NOT_OUR_CLIENT or (answer.status == HTTPStatus.UNAUTHORIZED and word is None)


def _keys(document: JSON, alg: str | None) -> tuple[VerifyingKey, ...]:
    try:
        return verifying_keys(document if isinstance(document, dict) else {}, alg)
    except InvalidKey:
        raise UpstreamSilent("the published keys cannot be read") from None
