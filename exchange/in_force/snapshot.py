"""What decisions are made by: one epoch's grants, catalogue and sources, swapped as a whole and leased for a second."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from connectors.source import Source
from exchange import errors
from exchange.catalogue.model import Status, System
from exchange.catalogue.registry import Registry
from kernel.lease import Lease, LeaseLost
from kernel.problems import Problem
from policies.both_engines import Judges
from policies.emergency.opening import EmergencyState
from policies.index import PolicyImage
from policies.model import LOCKED


@dataclass(frozen=True)
class Snapshot:
    """One epoch. Immutable; a request uses one from beginning to end, or says why it changed."""

    epoch: int
    registry: Registry
    image: PolicyImage
    sources: Mapping[str, Source]
    sealed: Mapping[bytes, datetime] = field(default_factory=dict, repr=False)
    """Until when each sealed subject is so, by blind index."""
    openings: Mapping[str, EmergencyState] = field(default_factory=dict)
    """Of emergency access: those that are open, by their id."""
    disputed: Mapping[bytes, frozenset[str]] = field(default_factory=dict, repr=False)
    """The evidence types of which somebody's record is disputed, by their blind index."""
    locked: frozenset[str] = frozenset()
    """Systems that looked up too many people, until a security administrator lifts it."""
    recorded_codes: frozenset[str] = frozenset()
    """Social credit codes that were issued with a wrong check character; the same for every epoch."""

    @cached_property
    def judges(self) -> Judges:
        """Who decides beside the image what is too delicate for one engine; parsed once for an epoch."""
        return Judges(self.image)

    def status_of(self, system: System) -> str:
        """A system's status as policies see it: one that may act is locked while its lock is not lifted."""
        return LOCKED if system.status is Status.ACTIVE and system.name in self.locked else system.status.value

    def is_disputed(self, subject: bytes, evidence_type: str) -> bool:
        """Whether a correction of this record is under way."""
        return evidence_type in self.disputed.get(subject, ())

    def is_sealed(self, subject: bytes, at: datetime) -> bool:
        """Whether nothing may leave about this subject."""
        until = self.sealed.get(subject)
        return until is not None and at < until


def current(policy: Lease[Snapshot]) -> Snapshot:
    """The snapshot decisions are made by. Raises Problem: policy.stale-epoch."""
    try:
        return policy.current()
    except LeaseLost:
        raise Problem(errors.POLICY_STALE, headers=(("Retry-After", "1"),)) from None
