"""What somebody asked for about whoever has a name; who that is, is found out once they have their answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Asking:
    """One asking; the name is sealed."""

    id: str
    sealed: bytes = field(repr=False)
    asked_at: datetime
    expires_at: datetime
