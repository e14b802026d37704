"""Names for things: a prefix that says the kind, then a ULID that sorts by time of creation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from kernel.clock import Clock
from kernel.entropy import Entropy

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: without I, L, O and U, so that nobody misreads it aloud."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def new_id(prefix: str, clock: Clock, entropy: Entropy) -> str:
    """A fresh identifier such as ``case_01J8Z3V9Q4M6W7X8Y9Z0A1B2C3``.

    The 26 characters are a ULID (https://github.com/ulid/spec): 48 bits of milliseconds since 1970, then 80 random.
    """
    milliseconds = (clock.now() - _EPOCH) // _MILLISECOND  # whole numbers: a float would lose one now and then
    number = (milliseconds << 80) | int.from_bytes(entropy.bytes(10), "big")
    return f"{prefix}_{_crockford(number)}"


_PAIRS = tuple(high + low for high in CROCKFORD for low in CROCKFORD)  # ten bits at a time: half the work


def _crockford(number: int) -> str:
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in range(120, -1, -10)])
