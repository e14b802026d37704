"""Clients' keys, for signatures and for encryption: registered, or published under `jwks_uri` (RFC 7591 §2)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from idp.clients.metadata.keys import registered_key
from idp.clients.reach import Reach
from idp.errors import InvalidClientMetadataError, UnauthorizedClientError
from idp.model.client import Client
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.jose import InvalidKey, RecipientKey, VerifyingKey
from kernel.logging import logger
from kernel.outbound import OutboundFailed, OutboundRefused

REFETCH_SECONDS = 60.0
"""F4: an unknown `kid` causes at most one fetch a minute and client, however many tokens name it."""
FRESH_SECONDS = 600.0
"""A key that a client no longer publishes stops counting within this time."""
STALE_SECONDS = 3600.0
"""How long keys go on counting while their address does not answer."""
MOST_KEYS = 16


@dataclass(slots=True)
class _Published:
    """One client's published keys, as last seen. ``fetching`` keeps it to one fetch at a time."""

    url: str
    keys: tuple[VerifyingKey, ...] = ()
    recipients: tuple[RecipientKey, ...] = ()
    seen_at: float | None = None
    asked_at: float | None = None
    fetching: threading.Lock = field(default_factory=threading.Lock)


class ClientKeys:
    """The keys that a client's signatures are checked with, and that answers to it are encrypted to."""

    def __init__(self, reach: Reach, clock: Clock) -> None:
        self._reach, self._clock = reach, clock
        self._published: dict[str, _Published] = {}

    def of(self, client: Client, kid: str | None) -> tuple[VerifyingKey, ...]:
        """The client's keys. ``kid`` is what the token at hand names: when it is unknown, the client is asked again."""
        if client.jwks_uri is None:
            return client.keys
        kept = self._seen(
            client, client.jwks_uri, lambda kept: kid is not None and all(key.kid != kid for key in kept.keys)
        )
        return () if kept is None else kept.keys

    def recipient(self, client: Client, alg: str) -> RecipientKey:
        """The first of the client's keys that serves an algorithm; when none does, the client is asked again.

        Raises UnauthorizedClientError: an answer that cannot be encrypted is not sent at all.
        """
        known = client.recipients
        if client.jwks_uri is not None:
            kept = self._seen(client, client.jwks_uri, lambda kept: _serving(kept.recipients, alg) is None)
            known = () if kept is None else kept.recipients
        found = _serving(known, alg)
        if found is None:
            raise UnauthorizedClientError("The client has no key that its answers can be encrypted to.")
        return found

    def _seen(self, client: Client, url: str, lacking: Callable[[_Published], bool]) -> _Published | None:
        """What a client publishes, asked for again when it is old or something is lacking; None once it is stale."""
        kept = self._published.get(client.id)
        if kept is None or kept.url != url:
            kept = self._published[client.id] = _Published(url)
        if self._outdated(kept, lacking):
            self._fetch(kept, client.id)
        return kept if self._age(kept.seen_at) < STALE_SECONDS else None

    def _outdated(self, kept: _Published, lacking: Callable[[_Published], bool]) -> bool:
        """F4: whatever the reason, never two questions within a minute."""
        if self._age(kept.asked_at) < REFETCH_SECONDS:
            return False
        return lacking(kept) or self._age(kept.seen_at) >= FRESH_SECONDS

    def _fetch(self, kept: _Published, client_id: str) -> None:
        """One thread asks; the others wait for its answer rather than refuse what may be good."""
        with kept.fetching:
            if self._age(kept.asked_at) < REFETCH_SECONDS:
                return
            kept.asked_at = self._clock.monotonic()
            try:
                kept.keys, kept.recipients = parsed(self._reach.json(kept.url))
                kept.seen_at = self._clock.monotonic()
            except (OutboundRefused, OutboundFailed, InvalidKey) as error:
                logger("idp").warning("client_keys_not_fetched", client=client_id, reason=str(error))

    def _age(self, at: float | None) -> float:
        return float("inf") if at is None else self._clock.monotonic() - at


def _serving(keys: tuple[RecipientKey, ...], alg: str) -> RecipientKey | None:
    return next((key for key in keys if alg in key.algorithms), None)


def parsed(document: JSON) -> tuple[tuple[VerifyingKey, ...], tuple[RecipientKey, ...]]:
    """The usable keys of a fetched set: for signatures, each with its one algorithm, and for encryption.

    Raises InvalidKey for what is no set.
    """
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list) or len(entries) > MOST_KEYS:
        raise InvalidKey("not a JWK set")
    usable = [key for entry in entries if (key := _usable(entry)) is not None]
    return (
        tuple(key for key in usable if isinstance(key, VerifyingKey)),
        tuple(key for key in usable if isinstance(key, RecipientKey)),
    )


def _usable(entry: JSON) -> VerifyingKey | RecipientKey | None:
    """RFC 7517 §5: what we cannot use is left out."""
    try:
        key = registered_key(entry)
        return RecipientKey.from_jwk(key) if key.get("use") == "enc" else VerifyingKey.from_jwk(key)
    except (InvalidClientMetadataError, InvalidKey):
        return None
