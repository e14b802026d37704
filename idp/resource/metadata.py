"""Protected resource metadata (RFC 9728) of the exchange, fetched when needed and kept for a minute."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from urllib.parse import quote, urlsplit

from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.jose import EncryptionKey, InvalidKey, encryption_keys

Fetch = Callable[[str], JSON]
"""Gets the JSON at a URL, None when there is no such document; raises anything when it cannot."""

KEEP = 60.0
"""Seconds; the exchange keeps decrypting with an old key for longer than that."""
MOST_DOCUMENTS = 1000
WELL_KNOWN = "/.well-known/oauth-protected-resource"


class ResourceUnavailable(Exception):
    """The exchange's metadata or catalogue cannot be read right now, or is not what it should be."""


class UnknownInCatalogue(Exception):
    """The exchange's catalogue does not know something that is asked for: it could only be refused there."""


class ResourceMetadata:
    """What the exchange publishes about itself. ``resource`` is its resource identifier, the audience of its tokens."""

    def __init__(self, resource: str, fetch: Fetch, clock: Clock) -> None:
        self.resource = resource
        self._fetch, self._clock = fetch, clock
        self._kept: dict[str, tuple[float, Mapping[str, JSON]]] = {}
        self._lock = threading.Lock()

    def encryption_key(self) -> EncryptionKey:
        """The key the exchange decrypts with. Raises ResourceUnavailable."""
        try:
            return encryption_keys(self._document(self._member("jwks_uri")))[0]
        except (InvalidKey, IndexError, UnknownInCatalogue):
            raise ResourceUnavailable("the resource publishes no encryption key") from None

    def catalogue(self, kind: str, code: str) -> Mapping[str, JSON]:
        """One entry of the public catalogue (``service-items``, ``evidence-types``). Raises both errors above."""
        return self._document(f"{self._member('tongban_catalogue')}/{kind}/{quote(code, safe='')}")

    def _member(self, name: str) -> str:
        """A URL from the metadata, on the resource's own origin. Raises ResourceUnavailable, UnknownInCatalogue."""
        metadata = self._document(_well_known(self.resource))
        if metadata.get("resource") != self.resource:  # RFC 9728 §3.3
            raise ResourceUnavailable("the metadata is about another resource")
        url = metadata.get(name)
        if not isinstance(url, str) or _origin(url) != _origin(self.resource):
            raise ResourceUnavailable(f"the metadata has no {name} of its own")
        return url

    def _document(self, url: str) -> Mapping[str, JSON]:
        kept = self._kept.get(url)
        if kept is not None and self._clock.monotonic() < kept[0]:
            return kept[1]
        document = self._fetched(url)
        with self._lock:
            if len(self._kept) >= MOST_DOCUMENTS:
                self._kept.clear()
            self._kept[url] = (self._clock.monotonic() + KEEP, document)
        return document

    def _fetched(self, url: str) -> Mapping[str, JSON]:
        try:
            document = self._fetch(url)
        except Exception as error:
            raise ResourceUnavailable("the resource does not answer") from error
        if document is None:
            raise UnknownInCatalogue("the resource has no such document")
        if not isinstance(document, dict):
            raise ResourceUnavailable("the resource does not answer with an object")
        return document


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _well_known(resource: str) -> str:
    """RFC 9728 §3.1: the well-known part stands between the host and the path."""
    parts = urlsplit(resource)
    return f"{parts.scheme}://{parts.netloc}{WELL_KNOWN}{parts.path.rstrip('/')}"
