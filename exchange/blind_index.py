"""Finding people again without storing their numbers: keyed hashes under the exchange's own index key."""

from __future__ import annotations

from dataclasses import dataclass, field

from kernel.envelope import blind_index
from kernel.identifiers.subject import SubjectRef


@dataclass(frozen=True, slots=True)
class BlindIndex:
    """Hashes under one key; each kind of thing hashed has a prefix of its own, so that none stands for another."""

    key: bytes = field(repr=False)

    def of(self, subject: SubjectRef) -> bytes:
        """The index of a person or company."""
        return blind_index(self.key, f"subject\n{subject.scheme}\n{subject.value}")

    def of_key(self, system: str, idempotency_key: str) -> bytes:
        """The index of an Idempotency-Key: its text is the caller's and may hold anything."""
        return blind_index(self.key, f"idempotency\n{system}\n{idempotency_key}")

    def of_request(self, body: bytes, person: bytes | None) -> bytes:
        """What makes two requests the same: the body, and the index of the person the token speaks for."""
        who = person.hex() if person else ""
        return blind_index(self.key, f"request\n{who}\n{body.hex()}")

    def of_officer(self, officer: str) -> str:
        """A short stable name for an officer in ledger facts, telling nothing to those without the key."""
        return blind_index(self.key, f"officer\n{officer}").hex()[:16]
