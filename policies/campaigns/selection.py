"""Which grants a campaign is about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from policies.events import GrantState, Status

MOST_AGE = 3650
"""Days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Grants in force by provider, consumer and evidence type ('' for any), in force for so many days or more."""

    provider: str = ""
    consumer: str = ""
    evidence_type: str = ""
    in_force_days: int = 0

    def holds(self, state: GrantState, now: datetime) -> bool:
        """Whether this grant is meant: one in force, and so for long enough."""
        grant = state.grant
        since = max(state.changed_at, grant.valid_from)  # an active grant changed last when it became active
        return (
            state.status is Status.ACTIVE
            and self.provider in {"", grant.provider}
            and self.consumer in {"", grant.consumer}
            and self.evidence_type in {"", grant.evidence_type}
            and since <= now - timedelta(days=self.in_force_days)
            and now < grant.valid_to
        )


def chosen(selection: Selection, states: Iterable[GrantState], now: datetime) -> tuple[GrantState, ...]:
    """The grants in force that a selection means, in the order given."""
    return tuple(state for state in states if selection.holds(state, now))
