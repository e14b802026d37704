"""RFC 6962 §2.1 as a verifier needs it (RFC 9162 §2.1.3.2 and §2.1.4.2 spell the two checks out)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

from kernel.ledger.verify.failure import VerificationFailed


def leaf(entry: bytes) -> bytes:
    """The hash of an entry."""
    return sha256(b"\x00" + entry).digest()


def _join(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def root_by_inclusion(entry_hash: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root that an inclusion proof leads to; the caller compares it with the signed one."""
    if not 0 <= index < size:
        raise VerificationFailed("序号超出日志范围", "the index lies outside the tree")
    at, last, root = index, size - 1, entry_hash
    for sibling in proof:
        if not last:
            raise VerificationFailed("证明过长", "the proof is too long")
        if at % 2 or at == last:
            root = _join(sibling, root)
            while at and at % 2 == 0:  # levels on which this subtree had no sibling
                at, last = at // 2, last // 2
        else:
            root = _join(root, sibling)
        at, last = at // 2, last // 2
    if last:
        raise VerificationFailed("证明过短", "the proof is too short")
    return root


def is_consistent(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree of ``new`` leaves extends the tree of ``old`` leaves."""
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == sha256(b"").digest()
    if old > new or not proof:
        return False
    at, last = old - 1, new - 1
    while at % 2:
        at, last = at // 2, last // 2
    is_power_of_two = old & (old - 1) == 0
    nodes = [old_root, *proof] if is_power_of_two else list(proof)
    return _joins(nodes, at, last, old_root, new_root)


def _joins(nodes: Sequence[bytes], at: int, last: int, old_root: bytes, new_root: bytes) -> bool:
    old = new = nodes[0]
    for node in nodes[1:]:
        if not last:
            return False
        if at % 2 or at == last:
            old, new = _join(node, old), _join(node, new)
            while at and at % 2 == 0:
                at, last = at // 2, last // 2
        else:
            new = _join(new, node)
        at, last = at // 2, last // 2
    return not last and old == old_root and new == new_root


def root_of(entries: Iterable[bytes]) -> tuple[int, bytes]:
    """Size and root of a whole log, read once from the beginning, in memory that grows with its logarithm."""
    stack: list[tuple[int, bytes]] = []  # (leaves below, hash), larger subtrees first
    size = 0
    for entry in entries:
        width, node = 1, leaf(entry)
        while stack and stack[-1][0] == width:
            width, node = width * 2, _join(stack.pop()[1], node)
        stack.append((width, node))
        size += 1
    if not stack:
        return 0, sha256(b"").digest()
    root = stack.pop()[1]
    while stack:
        root = _join(stack.pop()[1], root)
    return size, root
