"""Envelope encryption: data under a data key, the data key wrapped by a key-encryption key; and blind indexes.

Everything here is AES-256-GCM (NIST SP 800-38D) or HMAC-SHA-256. To forget what is sealed, delete its wrapped data key.
"""

from __future__ import annotations

import hmac
import os
from base64 import urlsafe_b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_NONCE_BYTES = 12
_LONGEST_ID = 64


class CannotOpen(Exception):
    """The key, the associated data or the sealed bytes are not those it was sealed with. Says no more on purpose."""


def seal(key: bytes, plaintext: bytes, aad: bytes) -> bytes:
    """Encrypt and authenticate: nonce || ciphertext || tag. ``aad`` binds it to its place, so that it cannot be moved.

    The nonce always comes from the operating system, never from an Entropy argument: a repeated one reveals the key
    stream (SP 800-38D §8).
    """
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, aad)


def open_(key: bytes, sealed: bytes, aad: bytes) -> bytes:
    """The plaintext that ``seal`` was given; raises CannotOpen."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], aad)
    except (InvalidTag, ValueError):
        raise CannotOpen("what was sealed cannot be opened with this key") from None


def data_key() -> bytes:
    """A fresh data key of 256 bits."""
    return os.urandom(KEY_BYTES)


def hmac_sha256(key: bytes, data: bytes) -> bytes:
    """HMAC-SHA-256 (RFC 2104), 32 bytes, without giving up the interpreter's lock (ADR 0066).

    ``hmac.digest`` gives it up each time, and taking it back among other threads costs more than the hash.
    """
    return hmac.new(key, data, "sha256").digest()


def blind_index(key: bytes, text: str) -> bytes:
    """Finds equal values without storing them: HMAC-SHA-256 under a key of its own. Equality only."""
    return hmac_sha256(key, text.encode())


class KeyEncryptionKey:
    """Wraps data keys. Holds every version that may still be met; new wraps use the active one and carry its id."""

    def __init__(self, versions: Mapping[str, bytes], active: str) -> None:
        """``versions``: id to 32-byte key. Raises ValueError for a wrong size, a long id or an unknown ``active``."""
        for version, key in versions.items():
            if len(key) != KEY_BYTES:
                raise ValueError(f"key-encryption key {version!r} is not {KEY_BYTES} bytes")
            if not 1 <= len(version.encode()) <= _LONGEST_ID:
                raise ValueError(f"the id of a key-encryption key has 1 to {_LONGEST_ID} bytes")
        if active not in versions:
            raise ValueError(f"there is no key-encryption key {active!r}")
        self._ciphers = {version: AESGCM(key) for version, key in versions.items()}
        self.active = active

    @classmethod
    def from_file(cls, path: Path) -> KeyEncryptionKey:
        """One version from a file of base64url text; its id is the file's name without suffix. Raises ValueError."""
        try:
            key = urlsafe_b64decode(path.read_text("ascii").strip() + "=")
        except (NotBase64, UnicodeError):
            raise ValueError(f"{path} does not hold a base64url key") from None
        return cls({path.stem: key}, path.stem)

    def wrap(self, dek: bytes) -> bytes:
        """The data key, sealed: length of id || id || nonce || ciphertext || tag; the id is authenticated too."""
        version = self.active.encode()
        nonce = os.urandom(_NONCE_BYTES)
        return bytes([len(version)]) + version + nonce + self._ciphers[self.active].encrypt(nonce, dek, version)

    def unwrap(self, wrapped: bytes) -> bytes:
        """The data key; raises CannotOpen when the version is not held or anything was changed."""
        version, sealed = _split(wrapped)
        cipher = self._ciphers.get(version.decode("utf-8", "replace"))
        try:
            if cipher is None:
                raise CannotOpen("wrapped by a key that is not held")
            return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], version)
        except (InvalidTag, ValueError):
            raise CannotOpen("the wrapped key cannot be opened") from None

    def is_current(self, wrapped: bytes) -> bool:
        """Whether it is wrapped by the active version; if not, ``wrap(unwrap(…))`` renews it."""
        return _split(wrapped)[0] == self.active.encode()

    def __repr__(self) -> str:
        """Names the versions, never a key."""
        return f"KeyEncryptionKey({sorted(self._ciphers)}, active={self.active!r})"


def _split(wrapped: bytes) -> tuple[bytes, bytes]:
    length = wrapped[0] if wrapped else 0
    return wrapped[1 : 1 + length], wrapped[1 + length :]
