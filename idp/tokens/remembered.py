"""Access tokens that were verified a moment ago: found again by their SHA-256, never by their text.

Only what cannot change is remembered: that this text was signed by one of exactly these keys, and what it says. Whether
it has expired or was revoked meanwhile, and whom it may be for, is asked anew each time (security reference, E1, S2).
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from kernel.canonical import JSON
from kernel.jose import VerifyingKey

MOST = 10_000

Keys = tuple[VerifyingKey, ...]


@dataclass(frozen=True, slots=True)
class _Verified:
    keys: Keys
    claims: Mapping[str, JSON]


class Remembered:
    """Bounded; the one unused for longest goes first. Safe for threads."""

    def __init__(self, most: int = MOST) -> None:
        """``most`` tokens are kept."""
        self._most = most
        self._kept: OrderedDict[bytes, _Verified] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, token: str, keys: Keys) -> Mapping[str, JSON] | None:
        """The claims, if the text was verified with this very set of keys: after any change of keys nothing is."""
        digest = _digest(token)
        with self._lock:
            kept = self._kept.get(digest)
            if kept is None:
                return None
            if kept.keys is not keys:
                del self._kept[digest]
                return None
            self._kept.move_to_end(digest)
            return kept.claims

    def keep(self, token: str, keys: Keys, claims: Mapping[str, JSON]) -> Mapping[str, JSON]:
        """Remember what a verified token says; nobody may change it afterwards."""
        frozen = MappingProxyType(dict(claims))
        with self._lock:
            self._kept[_digest(token)] = _Verified(keys, frozen)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return frozen


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
