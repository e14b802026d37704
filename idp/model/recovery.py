"""A way back into an account whose password is lost: announced, delayed, stopped by anybody who owns the account."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Recovery:
    """One recovery. The link works from ``due_at`` to ``expires_at``, once, unless it was stopped.

    ``at_window``: two clerks saw the person and the document, and allowed it.
    """

    id: str
    person: str
    stop_hash: bytes = field(repr=False)
    link_hash: bytes = field(repr=False)
    due_at: datetime
    expires_at: datetime
    at_window: bool = False
