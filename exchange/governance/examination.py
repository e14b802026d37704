"""The examination of a version by the state of the exchange: made at submission, kept with it, made again in effect.

Reads catalogue and grants in force; asks ``policies.analysis``. Never on the path of a decision (ADR 0029).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from exchange.catalogue.grant_drafts import misfits
from exchange.catalogue.policy_registry import policy_registry
from exchange.catalogue.registry import Registry
from exchange.governance.simulation.impact import Simulation
from exchange.governance.views import names
from exchange.store import catalogue, epoch, grants
from kernel.database import Database
from kernel.text import Text
from policies.analysis.change import Proposal, basis, examine, reprove
from policies.grants.conditions import panel_of
from policies.grants.events import Status
from policies.grants.grant import Grant
from policies.grants.review import Recheck, ReviewPackage
from policies.grants.routing import Panel, unconditional
from policies.hierarchy import Hierarchy

Simulate = Callable[[Grant, datetime], Simulation]
"""What the version would have changed for what was asked and logged."""


@dataclass(frozen=True, slots=True)
class Rechecked:
    """What was found again, and the epoch under which it was found."""

    found: Recheck
    epoch: int


@dataclass(frozen=True)
class Examining:
    """Examines versions of grants. Safe for threads: each examination has a solver of its own."""

    database: Database
    simulate: Simulate | None = None
    _known: list[Registry] = field(default_factory=list)

    def review(self, grant: Grant, at: datetime) -> ReviewPackage:
        """What the panel is to be shown of a version, and signs. Raises DatabaseUnavailable."""
        proposal, lacking, _ = self._proposed(grant, at)
        if self.simulate is None:
            return ReviewPackage(examine(proposal), misfit=lacking)
        simulated = self.simulate(grant, at)
        return ReviewPackage(examine(proposal), simulated.digest, simulated.report, lacking)

    def again(self, grant: Grant, at: datetime) -> Rechecked:
        """What must still hold when a version takes effect: its basis, the catalogue, and the standing invariants.

        Raises DatabaseUnavailable.
        """
        proposal, lacking, now = self._proposed(grant, at)
        return Rechecked(_recheck(proposal, lacking), now)

    def as_new(self, grant: Grant, at: datetime) -> Rechecked:
        """The same of a version that was signed long ago, and who would have to sign it today.

        Raises DatabaseUnavailable.
        """
        proposal, lacking, now = self._proposed(grant, at)
        return Rechecked(_recheck(proposal, lacking, panel_of(ReviewPackage(examine(proposal)))), now)

    def _proposed(self, grant: Grant, at: datetime) -> tuple[Proposal, Text | None, int]:
        with self.database.read() as connection:
            return self._proposal(connection, grant, at)

    def _proposal(self, connection: Connection, grant: Grant, at: datetime) -> tuple[Proposal, Text | None, int]:
        """Rows of one epoch: read again until it did not move meanwhile; with what its catalogue lacks of the grant."""
        while True:
            now = epoch.read(connection)
            registry = self._registry(connection, now.catalogue)
            known = policy_registry(registry)
            types = _connected(grant.evidence_type, Hierarchy.of(known))
            active = tuple(state.grant for state in grants.active_over(connection, types))
            versions = grants.living_of(connection, grant.id)
            if epoch.read(connection) == now:
                standing = (*active, *(one.grant for one in versions if one.status is Status.ACTIVE))
                suspended = [one for one in versions if one.status is Status.SUSPENDED and one.grant.ref != grant.ref]
                troubles = misfits(registry, grant)
                return (
                    Proposal(
                        grant=grant,
                        active=tuple({one.ref: one for one in standing}.values()),
                        suspended=tuple(one.grant for one in suspended),
                        reactivates=tuple(sorted({seat for one in suspended for seat in one.whole_panel})),
                        registry=known,
                        at=at,
                        name=names(registry, grant.evidence_type),
                    ),
                    troubles[0].what if troubles else None,
                    now.policies,
                )

    def _registry(self, connection: Connection, version: int) -> Registry:
        """The catalogue of this version; reading it again costs more than any proof."""
        for registry in self._known:
            if registry.version == version:
                return registry
        registry = Registry.build(catalogue.read_all(connection).values(), version)
        self._known[:] = [registry]
        return registry


def _recheck(proposal: Proposal, lacking: Text | None, seats: Panel | None = None) -> Recheck:
    still = unconditional(proposal.grant, proposal.registry)
    return Recheck(basis(proposal), reprove(proposal), seats, lacking, still)


def _connected(evidence_type: str, hierarchy: Hierarchy) -> frozenset[str]:
    """Every evidence type that a grant over this one could meet: by going up and down the families."""
    found, grown = {("EvidenceType", evidence_type)}, True
    while grown:
        more = {
            one
            for entity, above in hierarchy.above.items()
            if entity[0] == "EvidenceType" and above & found
            for one in above
        }
        grown, found = not more <= found, found | more
    return frozenset(name for _, name in found)
