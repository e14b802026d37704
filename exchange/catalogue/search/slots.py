"""Sets of slots (whole numbers from 0), each a bit of one whole number: tens of thousands meet in a microsecond.

In store a small set is a sorted array instead, which takes less room than a number with few bits.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from itertools import compress, count

Kept = int | array  # type: ignore[type-arg]  # an array of slots, ascending; or the bits themselves
"""A set in store."""

_SPARSE = 64
"""A set that holds less than one slot in so many is kept as an array."""
_ZERO_AND_ONE = bytes.maketrans(b"01", b"\x00\x01")


def bits_of(slots: Iterable[int], room: int) -> int:
    """The set of these slots, all below ``room``."""
    octets = bytearray((room + 7) // 8)
    for slot in slots:
        octets[slot >> 3] |= 1 << (slot & 7)
    return int.from_bytes(octets, "little")


def slots_of(bits: int) -> Iterator[int]:
    """The slots of a set, ascending."""
    return compress(count(), bin(bits)[:1:-1].encode().translate(_ZERO_AND_ONE))


def kept(slots: list[int], room: int) -> Kept:
    """A set as it is stored; ``slots`` ascend and are below ``room``."""
    return array("I", slots) if len(slots) * _SPARSE < room else bits_of(slots, room)


def bits(stored: Kept) -> int:
    """A stored set as bits."""
    if isinstance(stored, int):
        return stored
    return bits_of(stored, stored[-1] + 1) if stored else 0


def with_slot(stored: Kept, slot: int, room: int) -> Kept:
    """The set and one slot more; ``stored`` stays as it is."""
    if isinstance(stored, int):
        return stored | 1 << slot
    return kept(sorted({*stored, slot}), room)


def without_slot(stored: Kept, slot: int) -> Kept:
    """The set and one slot less; ``stored`` stays as it is."""
    if isinstance(stored, int):
        return stored & ~(1 << slot)
    return array("I", (one for one in stored if one != slot))
