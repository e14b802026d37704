"""Calling addresses that clients registered: their keys, their logout. Always through the one guarded client (F1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol
from urllib.parse import urlencode, urlsplit

from kernel.canonical import JSON, encode
from kernel.outbound import LOOPBACK_NAMES, AddressPolicy, OutboundClient

_KEYS_BYTES = 64 * 1024
_ANSWER_BYTES = 16 * 1024
_SECONDS = 3.0
_FORM = "application/x-www-form-urlencoded"


class Reach(Protocol):
    """What may be asked of a client's addresses. Laws: no redirect is followed, size and time are bounded."""

    def json(self, url: str) -> JSON:
        """A JSON document. Raises OutboundRefused, OutboundFailed."""
        ...

    def post(self, url: str, fields: Mapping[str, str]) -> int:
        """The status that answers a form. Raises OutboundRefused, OutboundFailed (and then it may have arrived)."""
        ...

    def notify(self, url: str, bearer: str, body: Mapping[str, str]) -> int:
        """The status that answers a JSON object sent with a bearer token. Raises as ``post`` does."""
        ...


class GuardedReach:
    """The real one. ``private`` admits addresses of private networks, ``loopback`` this machine's (a demonstration)."""

    def __init__(self, *, private: bool, loopback: bool, client: OutboundClient | None = None) -> None:
        self._client = client or OutboundClient()
        self._secure = AddressPolicy(allow_private=private, allow_loopback=loopback)
        self._local = AddressPolicy(schemes=frozenset({"http"}), hosts=LOOPBACK_NAMES, allow_loopback=loopback)

    def json(self, url: str) -> JSON:
        """A JSON document of at most 64 KiB."""
        return self._client.get_json(url, allow=self._policy(url), max_bytes=_KEYS_BYTES, timeout=_SECONDS)

    def post(self, url: str, fields: Mapping[str, str]) -> int:
        """The status that answers a form."""
        body = urlencode(fields).encode()
        answer = self._client.post(
            url, body, allow=self._policy(url), media_type=_FORM, max_bytes=_ANSWER_BYTES, timeout=_SECONDS
        )
        return answer.status

    def notify(self, url: str, bearer: str, body: Mapping[str, str]) -> int:
        """The status that answers a JSON object; no redirect is followed, so the token goes to this address alone."""
        answer = self._client.post(
            url,
            encode({**body}),
            allow=self._policy(url),
            headers=(f"Authorization: Bearer {bearer}",),
            max_bytes=_ANSWER_BYTES,
            timeout=_SECONDS,
        )
        return answer.status

    def _policy(self, url: str) -> AddressPolicy:
        """Plain http goes to this machine or nowhere."""
        return self._local if urlsplit(url).scheme == "http" else self._secure
