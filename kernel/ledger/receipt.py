"""Receipts: C2SP ``tlog-proof@v1`` texts that anyone can verify offline.

The ``extra`` line carries base64 of the canonical JSON ``{"leaf": …, "salt": …}`` (both base64; no salt when the entry
commits to nothing), so that whoever holds receipt and evidence can recompute everything. ``extra`` is not signed: the
inclusion proof binds the leaf, and the leaf's commitment binds salt and evidence.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

HEADER = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The proof that an entry is in the log, as given to whoever the entry concerns."""

    index: int
    """Zero-based place in the log."""
    leaf: bytes
    """Canonical JSON of the entry."""
    salt: bytes = field(repr=False)
    """The commitment's key; empty when the entry commits to nothing or its subject was erased."""
    note: str = field(repr=False)
    """The signed checkpoint under which the entry was acknowledged."""
    path: Callable[[], str] = field(repr=False, compare=False)
    """The lines of the inclusion proof."""
    repeated: bool = field(default=False, compare=False)
    """Whether the entry was there before this call."""

    @property
    def text(self) -> str:
        """The ``tlog-proof@v1`` file: made when somebody reads it, and most entries' nobody does."""
        return proof_text(self.index, self.path(), self.note, extra_of(self.leaf, self.salt))


def lines_of(hashes: Iterable[bytes]) -> str:
    """Hashes as a proof writes them: one base64 line each."""
    return "".join(b2a_base64(one).decode() for one in hashes)


def proof_text(index: int, lines: str, note: str, extra: bytes | None = None) -> str:
    """A C2SP tlog-proof: opaque extra data, leaf index, hashes from the leaf's sibling up, checkpoint verbatim."""
    extra_line = "" if extra is None else f"extra {b2a_base64(extra).decode()}"
    return f"{HEADER}\n{extra_line}index {index}\n{lines}\n{note}"


def extra_of(leaf: bytes, salt: bytes) -> bytes:
    """Canonical JSON of what a verifier needs beside the proof."""
    member = b',"salt":"%b"' % b2a_base64(salt, newline=False) if salt else b""
    return b'{"leaf":"%b"%b}' % (b2a_base64(leaf, newline=False), member)
