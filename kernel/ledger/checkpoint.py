"""Checkpoints: the tree head as a C2SP tlog-checkpoint, signed as a C2SP signed note with Ed25519.

What is signed is the text with its final newline, without the blank line that follows it in the note.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import Protocol

ED25519 = b"\x01"
"""C2SP signed-note: signature type byte of plain Ed25519."""


class NoteSigner(Protocol):
    """An Ed25519 key that signs checkpoints."""

    @property
    def public_key(self) -> bytes:
        """The 32 bytes of the public key."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature of ``message``."""
        ...


def key_id(name: str, public_key: bytes) -> bytes:
    """C2SP signed-note: the first four bytes of SHA-256 over name, newline, type byte and public key."""
    return sha256(name.encode() + b"\n" + ED25519 + public_key).digest()[:4]


def vkey(name: str, public_key: bytes) -> str:
    """C2SP signed-note verifier key, ``name+hex8+base64``: what a stranger needs to check the log's signature."""
    return f"{name}+{key_id(name, public_key).hex()}+{b64encode(ED25519 + public_key).decode()}"


def body(origin: str, size: int, root: bytes) -> str:
    """C2SP tlog-checkpoint without extension lines: origin, tree size, root hash."""
    return f"{origin}\n{size}\n{b64encode(root).decode()}\n"


def sign(origin: str, size: int, root: bytes, signer: NoteSigner) -> str:
    """A signed checkpoint; the key's name is the log's origin (C2SP tlog-checkpoint)."""
    text = body(origin, size, root)
    signature = key_id(origin, signer.public_key) + signer.sign(text.encode())
    return f"{text}\n— {origin} {b64encode(signature).decode()}\n"


def size_of(note: str) -> int:
    """The tree size a checkpoint of ours speaks of."""
    return int(note.split("\n", 2)[1])


def check_origin(origin: str) -> str:
    """The origin, when it can be a key name: C2SP forbids Unicode spaces and ``+``. Raises ValueError."""
    if not origin or "+" in origin or any(character.isspace() for character in origin) or not origin.isprintable():
        raise ValueError("a log's origin is a name without spaces and without '+'")
    return origin
