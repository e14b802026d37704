"""A sign-in under way: kept by the browser alone, sealed, so that strangers make us store nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from kernel.canonical import MalformedJson, decode, encode
from kernel.entropy import Entropy, token
from kernel.envelope import CannotOpen, open_, seal
from kernel.jose import base64url

LASTS = timedelta(minutes=15)
HOME = "/console"
_PURPOSE = b"console sign-in"
_LONGEST_ADDRESS = 512


@dataclass(frozen=True, slots=True)
class Attempt:
    """What has to come back (``state``, ``nonce``), what proves that it is ours (``verifier``), and where it began."""

    state: str
    nonce: str
    verifier: str = field(repr=False)
    began_at: int
    to: str

    @classmethod
    def new(cls, entropy: Entropy, now: datetime, to: str, home: str = HOME) -> Attempt:
        """A fresh one; ``to`` is where somebody wanted to go among the pages below ``home``."""
        return cls(token(entropy, 16), token(entropy, 16), token(entropy), int(now.timestamp()), safe(to, home))

    def sealed(self, key: bytes) -> str:
        """The cookie's value."""
        said = {
            "state": self.state,
            "nonce": self.nonce,
            "verifier": self.verifier,
            "began_at": self.began_at,
            "to": self.to,
        }
        return base64url.encode(seal(key, encode(said), _PURPOSE))

    @classmethod
    def opened(cls, key: bytes, value: str | None, now: datetime) -> Attempt | None:
        """The attempt that a browser brought back; None when it brought none of ours, or too late."""
        said = _opened(key, value)
        if said is None or now.timestamp() - said["began_at"] > LASTS.total_seconds():
            return None
        return cls(**said)


def _opened(key: bytes, value: str | None) -> Mapping[str, Any] | None:
    try:
        found: Any = decode(open_(key, base64url.decode(value or ""), _PURPOSE))
    except (CannotOpen, MalformedJson, ValueError):
        return None
    return found if isinstance(found, dict) else None


def safe(to: str, home: str = HOME) -> str:
    """An address among these pages; anything else becomes their first page."""
    harmless = to.isascii() and to.isprintable() and len(to) <= _LONGEST_ADDRESS and "\\" not in to
    # By its beginning alone: a parser of addresses has opinions of its own, and raises for some of them.
    inside = to == home or to.startswith((f"{home}/", f"{home}?"))
    return to if harmless and inside else home
