"""The identity provider as the exchange knows it: its metadata (RFC 8414) and its current signing keys (RFC 7517).

Keys are read once and kept. A token by an unknown key may cause a new reading, at most once an interval, whatever the
number of tokens: strangers must not be able to make us hammer the issuer (attack case F4).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from exchange.authentication.fetching import Fetch, IssuerUnreachable
from kernel.canonical import MalformedJson, decode
from kernel.clock import Clock
from kernel.jose import InvalidKey, VerifyingKey, verifying_keys

REFETCH_SECONDS = 60.0
"""Least time between two readings that unknown keys may cause."""


@dataclass(frozen=True, slots=True)
class KeySet:
    """The issuer's keys; ``generation`` changes whenever they do, so that nothing verified with older ones is kept."""

    generation: int
    keys: tuple[VerifyingKey, ...]


class Issuer:
    """One trusted issuer. Safe for threads."""

    def __init__(self, issuer: str, *, fetch: Fetch, clock: Clock) -> None:
        """``issuer`` is the configured identifier; nothing is fetched before it is needed."""
        self.identifier = issuer
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._key_set: KeySet | None = None
        self._metadata: dict[str, Any] | None = None
        self._last_attempt = float("-inf")

    def key_set(self) -> KeySet:
        """The keys as last read. Raises IssuerUnreachable when they never could be."""
        known = self._key_set
        return known if known is not None else self._read_if_due()

    def key_set_after_unknown(self, interval: float = REFETCH_SECONDS) -> KeySet:
        """The keys, read again if the interval has passed; otherwise those already known. Raises IssuerUnreachable."""
        return self._read_if_due(interval)

    def refresh(self) -> None:
        """Read the keys again (a scheduled reading); keeps the known ones when the issuer does not answer."""
        with self._lock:
            self._try_reading()

    def endpoint(self, name: str) -> str:
        """An address from the issuer's metadata, on the issuer's own origin. Raises IssuerUnreachable."""
        metadata = self._metadata
        if metadata is None:
            metadata = self._metadata = self._read_metadata()
        return self._own_address(metadata, name)

    def document(self, name: str) -> bytes:
        """The body behind a metadata address. Raises IssuerUnreachable."""
        return self._fetch(self.endpoint(name))

    def _read_if_due(self, interval: float = REFETCH_SECONDS) -> KeySet:
        with self._lock:
            due = self._clock.monotonic() - self._last_attempt >= interval
            if due:
                self._try_reading()
            if self._key_set is None:
                raise IssuerUnreachable("keys-unknown")
            return self._key_set

    def _try_reading(self) -> None:
        try:
            self._read()
        except IssuerUnreachable:
            if self._key_set is None:
                self._last_attempt = float("-inf")  # nothing known yet: the next request may try again
                raise

    def _read(self) -> None:
        self._last_attempt = self._clock.monotonic()
        try:
            keys = verifying_keys(_object(self.document("jwks_uri")))
        except InvalidKey:
            raise IssuerUnreachable("jwks-malformed") from None
        known = self._key_set
        if known is None or known.keys != keys:
            self._key_set = KeySet(0 if known is None else known.generation + 1, keys)

    def _read_metadata(self) -> dict[str, Any]:
        # RFC 8414 §3: the well-known part stands between host and path of the issuer.
        parts = urlsplit(self.identifier)
        path = parts.path.rstrip("/")
        metadata = _object(self._fetch(f"{parts.scheme}://{parts.netloc}/.well-known/oauth-authorization-server{path}"))
        if metadata.get("issuer") != self.identifier:  # RFC 8414 §3.3
            raise IssuerUnreachable("metadata-of-another-issuer")
        return metadata

    def _own_address(self, metadata: dict[str, Any], name: str) -> str:
        address = metadata.get(name)
        if not isinstance(address, str) or not _same_origin(address, self.identifier):
            raise IssuerUnreachable(f"metadata-without-{name}")
        return address


def _same_origin(left: str, right: str) -> bool:
    return urlsplit(left)[:2] == urlsplit(right)[:2]


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = decode(body)
    except MalformedJson:
        value = None
    if not isinstance(value, dict):
        raise IssuerUnreachable("not-a-json-object")
    return value
