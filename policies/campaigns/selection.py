"""Which grants a campaign is about."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from policies.grants.events import GrantState, Status

MOST_AGE = 3650
"""Days."""

Versions = Callable[[str], Iterable[GrantState]]
"""Every version of a grant, by its identifier, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Grants in force by provider, consumer and evidence type ('' for any), in force for so many days or more."""

    provider: str = ""
    consumer: str = ""
    evidence_type: str = ""
    in_force_days: int = 0

    def covers(self, state: GrantState, now: datetime) -> bool:
        """Whether this grant is meant, but for its days in force."""
        grant = state.grant
        return (
            state.status is Status.ACTIVE
            and self.provider in {"", grant.provider}
            and self.consumer in {"", grant.consumer}
            and self.evidence_type in {"", grant.evidence_type}
            and grant.valid_from <= now < grant.valid_to
        )

    def holds(self, state: GrantState, versions: Versions, now: datetime) -> bool:
        """Whether this grant is meant: one in force, and so for long enough."""
        if not self.covers(state, now):
            return False
        return not self.in_force_days or in_force_since(state, versions) <= now - timedelta(days=self.in_force_days)


def in_force_since(state: GrantState, versions: Versions) -> datetime:
    """From when the days of a grant in force count.

    A version that took effect without its provider's signature begins no new time: the grant has been in force since
    the provider signed last, or from its beginning. Else whoever tightens it by a field, or suspends it and puts it
    back, would put off that the provider looks at it again.
    """
    since = max(state.changed_at, state.grant.valid_from)  # an active grant changed last when it became active
    if state.signed_by_provider:
        return since
    earlier = [
        each
        for each in versions(state.grant.id)
        if each.status is Status.SUPERSEDED and each.grant.version < state.grant.version
    ]
    signed = [each for each in earlier if each.signed_by_provider][-1:]
    return min([since, *map(_began, signed or (*earlier, state))])


def _began(state: GrantState) -> datetime:
    """It changed last when it was replaced or put back: of its beginning is known who signed it when, and its term."""
    return max([state.grant.valid_from, *(each.at for each in state.signatures)])


def chosen(
    selection: Selection, states: Iterable[GrantState], versions: Versions, now: datetime
) -> tuple[GrantState, ...]:
    """The grants in force that a selection means, in the order given."""
    return tuple(state for state in states if selection.holds(state, versions, now))
