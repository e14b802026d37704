"""What waits to be fetched, encrypted under a data key of its file: without the key nothing of it can be read again."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

from exchange.store.return_flows import File, Part
from kernel import envelope
from kernel.keys import KeyRing


@dataclass(frozen=True, slots=True)
class Safe:
    """Seals and opens pieces and cursors. Each is bound to its place, so that none stands for another."""

    keys: KeyRing = field(repr=False)

    def new_key(self) -> bytes:
        """A wrapped data key for a new file."""
        return self.keys.key_encryption_key().wrap(envelope.data_key())

    def part(self, file: File, number: int, content: bytes) -> Part:
        """A piece, sealed."""
        sealed = envelope.seal(self._key(file), content, _place(file, f"part/{number}"))
        return Part(number, len(content), sha256(content).hexdigest(), sealed)

    def content(self, file: File, part: Part) -> bytes:
        """What is inside a piece. Raises CannotOpen."""
        return envelope.open_(self._key(file), part.sealed, _place(file, f"part/{part.number}"))

    def cursor(self, file: File, subject: str) -> bytes:
        """Whom was looked at last, sealed."""
        return envelope.seal(self._key(file), subject.encode(), _place(file, "cursor"))

    def subject(self, file: File) -> str:
        """Whom was looked at last; '' at the beginning. Raises CannotOpen."""
        return envelope.open_(self._key(file), file.cursor, _place(file, "cursor")).decode() if file.cursor else ""

    def _key(self, file: File) -> bytes:
        return self.keys.key_encryption_key().unwrap(file.key)


def _place(file: File, what: str) -> bytes:
    return f"return-flow/{file.flow}/{file.number}/{what}".encode()
