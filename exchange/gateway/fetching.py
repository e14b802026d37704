"""How the exchange reads a document of its issuer: one function, passed in, so that tests need no network."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Fetch: TypeAlias = Callable[[str], bytes]
"""The body behind an address of the configured issuer, or IssuerUnreachable. It follows no redirects and is bounded in
size and time."""


class IssuerUnreachable(Exception):
    """The identity provider did not answer, or answered something that is not its document; ``reason`` is a code for
    logs.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
