"""Telling departments that a session ended (OpenID Connect Back-Channel Logout 1.0), and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class NoticeState(StrEnum):
    """What is known about one department's end of a session."""

    WAITING = "waiting"
    """Not told yet, or to be told again."""
    DELIVERED = "delivered"
    """It answered that its session ended (§2.8)."""
    REFUSED = "refused"
    """It answered that it could not (§2.8: 400)."""
    UNREACHABLE = "unreachable"
    """It did not answer for as long as we tried."""
    ASKED = "asked"
    """The person's own browser was asked to end it; what came of that, nobody can see from here (Front-Channel)."""
    UNTOLD = "untold"
    """It offers no way of being told."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One client that got tokens in a session which ended. ``sid`` is the session as its organisation knows it."""

    session: str
    client_id: str
    person: str
    sid: str
    state: NoticeState
    attempts: int
    ended_at: datetime
    next_try_at: datetime
