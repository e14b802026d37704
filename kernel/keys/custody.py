"""Changes of a service's keys, each with its entry in the service's ledger.

Making or publishing a key is recorded before the ring names it: a crash in between leaves an entry about a key that
nobody ever saw. Revoking is the other way round: nothing may stand between an operator and the end of a leaked key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kernel.canonical import JSON
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger

from .model import KeyDescription, Purpose
from .ring import KeyRing

SCHEDULED = frozenset({Purpose.JWS, Purpose.JWE})
"""What a running service rotates by itself. A key-encryption key waits for an operator, who restarts the nodes."""
ROTATE_EVERY = 60.0
"""Seconds between two looks at what is due."""


@dataclass(frozen=True, slots=True)
class Custody:
    """A ring whose changes are recorded. Every method raises KeyRingError and LedgerUnavailable."""

    ring: KeyRing
    ledger: Ledger

    def ensure(self, algorithms: Sequence[str]) -> None:
        """The first key of every algorithm that has none; safe on several nodes at once."""
        self.ring.ensure(algorithms, self._published)

    def add(self, alg: str) -> KeyDescription:
        """The first key of a signature algorithm, in use at once."""
        return self.ring.add(alg, self._published)

    def rotate(self, purpose: str, alg: str | None = None) -> KeyDescription:
        """Publish the next key, which takes over after its lead."""
        return self.ring.rotate(purpose, alg, self._published)

    def rotate_due(self) -> tuple[KeyDescription, ...]:
        """Publish whatever is due; safe on several nodes at once: the second finds nothing due any more."""
        return self.ring.rotate_due(SCHEDULED, self._published)

    def revoke(self, kid: str) -> KeyDescription:
        """End a key at once, then record it. LedgerUnavailable: the key is revoked all the same."""
        revoked = self.ring.revoke(kid, self._published)
        self.record_revocation(revoked)
        return revoked

    def record_revocation(self, revoked: KeyDescription) -> None:
        """The entry of a revocation; recording it twice leaves one."""
        self.ledger.append([Event("KeyRevoked", revoked.kid, facts=_about(revoked))])

    def _published(self, key: KeyDescription) -> None:
        facts = _about(key) | {"not_before": key.not_before.isoformat()}
        self.ledger.append([Event("KeyPublished", key.kid, facts=facts)])


def _about(key: KeyDescription) -> dict[str, JSON]:
    return {"purpose": key.purpose.value, "alg": key.alg}
