"""How the exchange reaches its issuer: two functions, passed in, so that tests need no network."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Fetch: TypeAlias = Callable[[str], bytes]
"""The body behind an address of the configured issuer, or IssuerUnreachable. It follows no redirects and is bounded in
size and time."""

Post: TypeAlias = Callable[[str, bytes, tuple[str, ...]], tuple[int, bytes]]
"""Status and body that answer a form posted to an address of the configured issuer; further header lines go with it.
Raises IssuerUnreachable."""


class IssuerUnreachable(Exception):
    """The identity provider did not answer, or answered something that is not its document; ``reason`` is a code for
    logs.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
