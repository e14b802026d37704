"""A one-time link by which one member of staff makes their own account."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the link is good for, and until when; its secret is kept as a hash.

    Without ``organisation`` the newcomer is the first administrator, who also names the operating body.
    """

    id: str
    hash: bytes = field(repr=False)
    roles: tuple[str, ...]
    organisation: str | None
    expires_at: datetime
