"""Where the private half of a key lies: in a file beside the manifest, or in a token that never gives it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from kernel.canonical import JSON
from kernel.entropy import Entropy

from . import material
from .folder import KeyFolder
from .model import KeyRecord, Line


@dataclass(frozen=True, slots=True)
class Made:
    """A new key: its name, its public half (None for secrets), and the token's own name for it where it lies in one."""

    kid: str
    public: Mapping[str, JSON] | None
    handle: str | None = None


class PrivateHalves(Protocol):
    """A place for private halves."""

    def make(self, line: Line, entropy: Entropy, /) -> Made:
        """A new key, durable before this returns; it counts once the manifest names it. Raises KeyRingError."""

    def open(self, record: KeyRecord) -> material.Material:
        """The key of a record, ready for use. Raises KeyRingError."""

    def remove(self, record: KeyRecord) -> None:
        """Forget a private half; doing it twice is no mistake."""


class Hardware(PrivateHalves, Protocol):
    """A place that takes some lines only."""

    def takes(self, line: Line) -> bool:
        """Whether new keys of this line are made here."""


@dataclass(frozen=True, slots=True)
class FileHalves:
    """Private halves as files of the ring's folder."""

    folder: KeyFolder

    def make(self, line: Line, entropy: Entropy) -> Made:
        """A key made from the given entropy."""
        private = material.generate(line, entropy)
        kid = str(private["kid"])
        self.folder.write_private(line.purpose, kid, private)
        return Made(kid, material.public_half(line.purpose, private))

    def open(self, record: KeyRecord) -> material.Material:
        """Parsed, and compared with the manifest."""
        return material.parse(record, self.folder.read_private(record.purpose, record.kid))

    def remove(self, record: KeyRecord) -> None:
        """Removes the file."""
        self.folder.remove_private(record.purpose, record.kid)
