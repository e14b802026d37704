"""A way back into an account whose password is lost: announced, delayed, stopped by anybody who owns the account."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Recovery:
    """One recovery. The link works from ``due_at`` to ``expires_at``, once, unless it was stopped."""

    id: str
    person: str
    stop_hash: bytes = field(repr=False)
    link_hash: bytes = field(repr=False)
    due_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Asking:
    """That somebody asked for a recovery. Whom the name they typed belongs to is found out afterwards."""

    id: str
    sealed: bytes = field(repr=False)
    asked_at: datetime
    expires_at: datetime
