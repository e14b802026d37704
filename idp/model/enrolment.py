"""A one-time link by which one member of staff makes their own account."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from idp.model.roles import GIVEN_BY_TWO


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the link is good for, and until when; its secret is kept as a hash.

    Without ``organisation`` the newcomer is the first administrator, who also names the operating body. ``invited_by``
    is who asked for it, None for the operator's command; ``proposal``, by what it was confirmed, where that took two.
    """

    id: str
    hash: bytes = field(repr=False)
    roles: tuple[str, ...]
    organisation: str | None
    expires_at: datetime
    invited_by: str | None = None
    proposal: str | None = None

    @property
    def fills_vacancy(self) -> bool:
        """Whether one alone gives an office that takes two: only while it is vacant (ADR 0019)."""
        return self.proposal is None and not GIVEN_BY_TWO.isdisjoint(self.roles)
