"""What takes two persons: proposed by one, confirmed by another, who binds themselves to exactly what they saw."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kernel.canonical import JSON, encode


class Outcome(StrEnum):
    """How a proposal ended; one nobody decided on lapses."""

    CONFIRMED = "confirmed"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A sensitive change that waits for a second person. ``facts`` hold identifiers, never personal data."""

    id: str
    command: str
    facts: Mapping[str, JSON]
    proposed_by: str
    proposed_at: datetime
    expires_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    outcome: Outcome | None = None

    @property
    def digest(self) -> str:
        """SHA-256 over all that is proposed: what a confirmation names."""
        told: dict[str, JSON] = {
            "id": self.id,
            "command": self.command,
            "facts": dict(self.facts),
            "proposed_by": self.proposed_by,
            "expires_at": self.expires_at.isoformat(),
        }
        return hashlib.sha256(encode(told)).hexdigest()
