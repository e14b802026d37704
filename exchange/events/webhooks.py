"""Calling a subscriber's webhook: always through the one guarded client, to an address that stands in the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from exchange.events.cloud_event import MEDIA_TYPE
from kernel.outbound import LOOPBACK_NAMES, AddressPolicy, OutboundClient

Send = Callable[[str, bytes, Sequence[str]], int]
"""Posts a body with header lines to an address; the status of the answer. Raises OutboundRefused, OutboundFailed."""

SECONDS = 5.0
_ANSWER_BYTES = 16 * 1024


def guarded_send(client: OutboundClient, *, private: bool, loopback: bool) -> Send:
    """The real one: https, no redirects, bounded. ``private`` admits private networks, ``loopback`` this machine."""
    secure = AddressPolicy(allow_private=private, allow_loopback=loopback)
    local = AddressPolicy(schemes=frozenset({"http"}), hosts=LOOPBACK_NAMES, allow_loopback=loopback)

    def send(url: str, body: bytes, headers: Sequence[str]) -> int:
        allow = local if urlsplit(url).scheme == "http" else secure
        answer = client.post(
            url, body, allow=allow, media_type=MEDIA_TYPE, headers=headers, max_bytes=_ANSWER_BYTES, timeout=SECONDS
        )
        return answer.status

    return send
