"""Timestamped Ed25519 cosignatures (C2SP tlog-cosignature, signature type 0x04)."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_TYPE = b"\x04"


@dataclass(frozen=True, slots=True)
class Cosigner:
    """A witness's name and key. A name has one key."""

    name: str
    key: Ed25519PrivateKey = field(repr=False)

    @property
    def vkey(self) -> str:
        """C2SP verifier key, ``name+hex8+base64``."""
        return f"{self.name}+{self._key_id().hex()}+{b64encode(_TYPE + self._public()).decode()}"

    def line(self, body: str, at: int) -> str:
        """The signature line over a checkpoint's text (with its final newline), at a POSIX time."""
        message = f"cosignature/v1\ntime {at}\n{body}"
        signature = at.to_bytes(8, "big") + self.key.sign(message.encode())
        return f"— {self.name} {b64encode(self._key_id() + signature).decode()}\n"

    def _public(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def _key_id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + _TYPE + self._public()).digest()[:4]
