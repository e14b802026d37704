"""Receipts: C2SP ``tlog-proof@v1`` texts that anyone can verify offline.

The ``extra`` line carries base64 of the canonical JSON ``{"leaf": …, "salt": …}`` (both base64; no salt when the entry
commits to nothing), so that whoever holds receipt and evidence can recompute everything. ``extra`` is not signed: the
inclusion proof binds the leaf, and the leaf's commitment binds salt and evidence.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field

HEADER = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The proof that an entry is in the log, as given to whoever the entry concerns."""

    index: int
    """Zero-based place in the log."""
    text: str
    """The ``tlog-proof@v1`` file."""
    leaf: bytes
    """Canonical JSON of the entry."""
    salt: bytes = field(repr=False)
    """The commitment's key; empty when the entry commits to nothing or its subject was erased."""
    repeated: bool = field(default=False, compare=False)
    """Whether the entry was there before this call."""


def proof_text(index: int, hashes: Iterable[bytes], note: str, extra: bytes | None = None) -> str:
    """A C2SP tlog-proof: opaque extra data, leaf index, hashes from the leaf's sibling up, checkpoint verbatim."""
    head = [HEADER] if extra is None else [HEADER, f"extra {b64encode(extra).decode()}"]
    return "\n".join([*head, f"index {index}", *(b64encode(one).decode() for one in hashes), "", note])


def extra_of(leaf: bytes, salt: bytes) -> bytes:
    """Canonical JSON of what a verifier needs beside the proof."""
    member = b',"salt":"%b"' % b64encode(salt) if salt else b""
    return b'{"leaf":"%b"%b}' % (b64encode(leaf), member)


def compose(
    index: int, hashes: Iterable[bytes], note: str, leaf: bytes, salt: bytes, *, repeated: bool = False
) -> Receipt:
    """The receipt of one entry."""
    return Receipt(index, proof_text(index, hashes, note, extra_of(leaf, salt)), leaf, salt, repeated)
