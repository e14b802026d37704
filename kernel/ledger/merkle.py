"""RFC 6962 §2.1 Merkle tree: growing it, and the proofs that a leaf is in it and that it only ever grew.

A *coordinate* ``(level, index)`` names the complete subtree over the leaves ``[index << level, (index + 1) << level)``.
A complete subtree never changes again, so its hash is stored once: with the leaf that completed it (``Growth.nodes``).
Proofs are lists of coordinates first and hashes second, so that a reader fetches O(log n) rows and nothing more.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
"""RFC 6962 §2.1: the hash of an empty tree is the hash of an empty string."""

Coordinate = tuple[int, int]


def leaf_hash(entry: bytes) -> bytes:
    """RFC 6962 §2.1: a leaf is hashed behind 0x00, so that it can never pass for an inner node."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962 §2.1: an inner node is hashed behind 0x01."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """A tree of ``size`` leaves by the roots of its maximal complete subtrees, largest first: enough to append."""

    size: int
    hashes: tuple[bytes, ...]

    @classmethod
    def empty(cls) -> Frontier:
        """The tree without leaves."""
        return cls(0, ())

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> Frontier:
        """The frontier kept as concatenated hashes; raises ValueError when their number does not fit ``size``."""
        if len(data) != HASH_BYTES * size.bit_count():
            raise ValueError("frontier does not fit the tree size")
        return cls(size, tuple(data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)))

    def to_bytes(self) -> bytes:
        """The hashes, concatenated."""
        return b"".join(self.hashes)

    def root(self) -> bytes:
        """The tree's root hash."""
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = node_hash(left, root)
        return root

    def stored(self) -> dict[Coordinate, bytes]:
        """Its hashes by coordinate."""
        return dict(zip(frontier_coordinates(self.size), self.hashes, strict=True))


@dataclass(frozen=True, slots=True)
class Growth:
    """What appending leaves to a tree brought about."""

    frontier: Frontier
    nodes: tuple[bytes, ...]
    """For each new leaf: hashes of the complete subtrees that end with it, level 0 (its own hash) first."""
    stored: Mapping[Coordinate, bytes]
    """Every hash that a proof for one of the new leaves can need: the old frontier's and the new nodes'."""


def grow(frontier: Frontier, leaves: Iterable[bytes]) -> Growth:
    """Append leaf hashes to a tree."""
    size, stack, stored, rows = frontier.size, list(frontier.hashes), frontier.stored(), []
    for leaf in leaves:
        level, node, row = 0, leaf, [leaf]
        stored[0, size] = leaf
        while size >> level & 1:  # a left sibling of the same size waits on the stack: join them
            node = node_hash(stack.pop(), node)
            level += 1
            row.append(node)
            stored[level, size >> level] = node
        stack.append(node)
        rows.append(b"".join(row))
        size += 1
    return Growth(Frontier(size, tuple(stack)), tuple(rows), stored)


def row_of(coordinate: Coordinate) -> int:
    """Index of the leaf that completes the subtree; its hash is the ``level``-th of that leaf's stored nodes."""
    level, index = coordinate
    return ((index + 1) << level) - 1


def frontier_coordinates(size: int) -> list[Coordinate]:
    """The maximal complete subtrees of a tree, largest first."""
    return [(level, (size >> level) - 1) for level in reversed(range(size.bit_length())) if size >> level & 1]


def inclusion_path(index: int, size: int) -> list[Coordinate]:
    """RFC 6962 §2.1.1: the siblings from leaf to root. Raises ValueError when the tree has no such leaf."""
    if not 0 <= index < size:
        raise ValueError("the tree has no such leaf")
    return list(_siblings(0, index, size - 1))


def consistency_path(old: int, new: int) -> list[Coordinate]:
    """RFC 6962 §2.1.2: the nodes that join two sizes of one tree. Raises ValueError unless 0 <= old <= new."""
    if not 0 <= old <= new:
        raise ValueError("the older tree cannot be the larger one")
    if old in (0, new):
        return []
    level, node = 0, old - 1
    while node & 1:
        level, node = level + 1, node >> 1
    start = [(level, node)] if node else []  # a complete old tree is its own root, which the verifier knows
    return start + list(_siblings(level, node, (new - 1) >> level))


def _siblings(level: int, node: int, last: int) -> Iterator[Coordinate]:
    """Siblings of ``node`` and its ancestors; ``last`` is the right-most node of the level."""
    while last:
        if node & 1:
            yield level, node - 1
        elif node < last:
            yield level, node + 1
        level, node, last = level + 1, node >> 1, last >> 1


def is_complete(coordinate: Coordinate, size: int) -> bool:
    """Whether the subtree is full in a tree of ``size`` leaves."""
    return row_of(coordinate) < size


def needed(path: Sequence[Coordinate], size: int) -> set[Coordinate]:
    """The stored hashes from which ``with_right_edge`` makes every hash of a path."""
    return {at for at in path if is_complete(at, size)} | set(frontier_coordinates(size))


def with_right_edge(size: int, stored: Mapping[Coordinate, bytes]) -> dict[Coordinate, bytes]:
    """``stored``, at least a tree's frontier, and the right-most nodes that are not complete subtrees of that tree."""
    known = dict(stored)
    last = size - 1
    for level in range(last.bit_length()):
        above = (level + 1, last >> level + 1)
        if not is_complete(above, size):
            node = last >> level
            is_right_child = node & 1
            below = known[level, node]
            known[above] = node_hash(known[level, node - 1], below) if is_right_child else below
    return known


class ProofLines:
    """Inclusion proofs of one tree as base64 lines; proofs of neighbours share their upper part, made once.

    Safe for threads: what two make at once is the same.
    """

    def __init__(self, size: int, stored: Mapping[Coordinate, bytes]) -> None:
        """``stored`` covers the complete subtrees on the paths of every leaf that is asked for, and the frontier."""
        self._last = size - 1
        self._stored = stored
        self._made: dict[Coordinate, str] = {}

    @cached_property
    def _known(self) -> Mapping[Coordinate, bytes]:
        return with_right_edge(self._last + 1, self._stored)

    def of(self, level: int, node: int) -> str:
        """The lines from a node's sibling up to the root's children, each ending in a newline."""
        last = self._last >> level
        if not last:
            return ""
        lines = self._made.get((level, node))
        if lines is None:
            above = self.of(level + 1, node >> 1)
            lines = self._made[level, node] = self._sibling_line(level, node, last) + above
        return lines

    def _sibling_line(self, level: int, node: int, last: int) -> str:
        if node == last and not node & 1:
            return ""  # the right-most node of its level, without a sibling: it moves up unchanged
        return b2a_base64(self._known[level, node ^ 1]).decode()
