"""A passkey as the provider knows it (Web Authentication Level 3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from idp.model.assurance import Factor


@dataclass(frozen=True, slots=True)
class Passkey:
    """A public-key credential of one person. ``bound``: its authenticator says that it cannot be copied (flag BE)."""

    id: str
    person: str
    credential_id: bytes = field(repr=False)
    public_key: bytes = field(repr=False)
    sign_count: int
    transports: tuple[str, ...]
    bound: bool
    backed_up: bool
    name: str
    created_at: datetime
    last_used_at: datetime | None = None

    @property
    def factor(self) -> Factor:
        """What showing it proves."""
        return Factor.BOUND_KEY if self.bound else Factor.PASSKEY
