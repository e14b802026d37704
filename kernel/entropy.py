"""Randomness as an argument, so that tests and the demo can be repeated to the byte."""

from __future__ import annotations

import builtins
import random
import ssl
from base64 import urlsafe_b64encode
from typing import Protocol


class Entropy(Protocol):
    """Where random bytes come from."""

    def bytes(self, count: int) -> builtins.bytes:
        """``count`` unpredictable bytes."""
        ...


class SystemEntropy:
    """OpenSSL's generator (CTR_DRBG, NIST SP 800-90A): seeded by the operating system, anew in a forked process.

    Asked of the operating system itself, each value would give up the interpreter's lock (ADR 0066).
    """

    def bytes(self, count: int) -> builtins.bytes:
        """``count`` bytes nobody can guess."""
        return ssl.RAND_bytes(count)


class SeededEntropy:
    """The same bytes for the same seed: for tests and reproducible demonstrations, never for a secret that guards."""

    def __init__(self, seed: int) -> None:
        """Start the sequence that ``seed`` names."""
        self._source = random.Random(seed)  # noqa: S311 - predictable is what this class is for

    def bytes(self, count: int) -> builtins.bytes:
        """The next ``count`` bytes of the sequence."""
        return self._source.randbytes(count)


def token(entropy: Entropy, count: int = 32) -> str:
    """An unguessable name: ``count`` random bytes as base64url without padding (RFC 4648 §5)."""
    return urlsafe_b64encode(entropy.bytes(count)).rstrip(b"=").decode("ascii")
