"""Agents of legal entities: appointed by a representative, confirmed by themselves, in some matters, for a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

DEFAULT_LASTING = timedelta(days=30)
LONGEST = timedelta(days=365)
MOST_OPEN = 50
"""Appointments of one representative that wait or are in force."""
MOST_ADMINISTRATORS = 5
"""Agents of one representative who may appoint agents, that wait or are in force."""
MOST_ITEMS = 50
"""Service items named in one of them."""


class AppointmentState(StrEnum):
    """Where an appointment stands. A proposal waits for its agent as soon as it is recorded."""

    AWAITING_AGENT = "awaiting_agent"
    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"
    """Declined, or ended by either side."""
    LAPSED = "lapsed"
    """Who appointed the agent no longer represents the entity."""


@dataclass(frozen=True, slots=True)
class Appointment:
    """As it is kept. The agent is found by a blind index of their number, and known (``agent``) once they confirmed.

    ``sealed`` is what the representative wrote of the agent, under the representative's key. ``service_items`` None:
    every matter of the entity.
    """

    id: str
    representative: str
    entity_index: bytes = field(repr=False)
    agent_index: bytes = field(repr=False)
    sealed: bytes = field(repr=False)
    service_items: tuple[str, ...] | None
    proposed_at: datetime
    valid_until: datetime
    agent: str | None = None
    confirmed_at: datetime | None = None
    ended_at: datetime | None = None
    ended_as: AppointmentState | None = None
    may_appoint: bool = False
    """An administrator: they may appoint agents, within their own matters and term, and no administrators."""
    via: str | None = None
    """The administrator's own appointment, where one of them appointed; it rests on the representative all the same."""

    def state(self, now: datetime) -> AppointmentState:
        """Where it stands at a moment."""
        if self.ended_as is not None:
            return self.ended_as
        if self.valid_until <= now:
            return AppointmentState.EXPIRED
        return AppointmentState.AWAITING_AGENT if self.confirmed_at is None else AppointmentState.ACTIVE
