"""Names that mean something to one subscriber alone, so that two of them cannot find out that they hold one person."""

from __future__ import annotations

from dataclasses import dataclass, field

from kernel.envelope import blind_index

_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Keyed hashes under the exchange's index key; each kind of name has a prefix of its own."""

    key: bytes = field(repr=False)

    def of_subject(self, system: str, subject: bytes | None) -> str:
        """Whom an event is about, for one system: the same person has the same name in all its subscriptions."""
        return "" if subject is None else f"who_{self._of('event-subject', system, subject.hex())}"

    def of_event(self, subscription: str, cause: str) -> str:
        """An event's id (CloudEvents ``id``): the same whenever it is delivered, another one for everybody else."""
        return f"evt_{self._of('event', subscription, cause)}"

    def _of(self, *parts: str) -> str:
        return blind_index(self.key, "\n".join(parts)).hex()[:_LENGTH]
