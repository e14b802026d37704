"""What nobody reads without reason: what an office asked back, what it was told, and the record that it supplied.

Each task has a data key of its own, wrapped by the exchange's; the ciphertext names its task and opens beside no other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from exchange.store.responders import Envelope
from kernel import canonical
from kernel.canonical import JSON
from kernel.envelope import KeyEncryptionKey, data_key, open_, seal

_LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Secret:
    """Of one task: the office's question, the reply to it, and the record as it was understood."""

    question: str = field(default="", repr=False)
    reply: str = field(default="", repr=False)
    values: Mapping[str, JSON] | None = field(default=None, repr=False)
    source_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Vault:
    """Seals and opens. Safe for threads."""

    kek: KeyEncryptionKey

    def seal(self, task: str, secret: Secret) -> Envelope:
        """Under a fresh key."""
        key = data_key()
        return Envelope(self.kek.wrap(key), seal(key, canonical.encode(_to_json(secret)), task.encode()))

    def open(self, task: str, envelope: Envelope) -> Secret:
        """What was sealed for this task. Raises CannotOpen."""
        plain = open_(self.kek.unwrap(envelope.wrapped), envelope.sealed, task.encode())
        return _from_json(cast("Mapping[str, Any]", canonical.decode(plain.decode(), max_bytes=_LARGEST)))


def _to_json(secret: Secret) -> dict[str, JSON]:
    return {
        "question": secret.question,
        "reply": secret.reply,
        "values": None if secret.values is None else dict(secret.values),
        "source_time": None if secret.source_time is None else secret.source_time.isoformat(),
    }


def _from_json(document: Mapping[str, Any]) -> Secret:
    at = document["source_time"]
    return Secret(
        question=document["question"],
        reply=document["reply"],
        values=document["values"],
        source_time=None if at is None else datetime.fromisoformat(at),
    )
