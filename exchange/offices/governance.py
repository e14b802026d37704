"""The offices of governance: grants, what is asked and examined before one is given, and what ends or reopens one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from exchange.access import Access
from exchange.campaigns.desk import CampaignDesk
from exchange.campaigns.sweep import CampaignSweep
from exchange.campaigns.transitions import CampaignTransitions
from exchange.clocks.desk import RuleDesk
from exchange.clocks.writing import RuleWriter
from exchange.emergency.desk import EmergencyDesk
from exchange.emergency.sweep import EmergencySweep
from exchange.emergency.transitions import EmergencyTransitions
from exchange.governance.decisions.desk import Decisions
from exchange.governance.drafting import Drafting
from exchange.governance.endpoints import Grants
from exchange.governance.examination import Examining
from exchange.governance.expiry import Expiry
from exchange.governance.sealing import Sealings
from exchange.governance.simulation.endpoints import Impacts
from exchange.governance.simulation.impact import PERIODS, Simulation, simulate
from exchange.governance.simulation.second_opinion import SecondOpinion
from exchange.governance.simulation.unused import UnusedRights
from exchange.governance.transitions import Transitions
from exchange.governance.use import UseCounting
from exchange.in_force.snapshot import Snapshot
from exchange.outside import Outside
from exchange.requests.desk import RequestDesk
from exchange.requests.sweep import RequestSweep
from exchange.requests.templates import Templates
from exchange.requests.transitions import RequestTransitions
from kernel.lease import Lease
from policies.grants.grant import Grant

MOST_REPLAYED = 20_000
"""Logged decisions that a submission waits for; the report says when there were more."""


@dataclass(frozen=True)
class GovernanceOffices:
    """Grants and the decisions taken by them; access requests, campaigns and emergencies, from which grants follow."""

    grants: Grants
    drafting: Drafting
    impacts: Impacts
    unused_rights: UnusedRights
    use_counting: UseCounting
    expiry: Expiry
    decisions: Decisions
    second_opinion: SecondOpinion
    sealings: Sealings
    access_requests: RequestDesk
    clock_rules: RuleDesk
    request_templates: Templates
    request_sweep: RequestSweep
    campaigns: CampaignDesk
    campaign_sweep: CampaignSweep
    emergencies: EmergencyDesk
    emergency_sweep: EmergencySweep


def open_governance_offices(outside: Outside, access: Access, policy: Lease[Snapshot]) -> GovernanceOffices:
    """Put them together."""
    database, ledger, clock, entropy = outside.database, outside.ledger, outside.clock, outside.entropy
    transitions = Transitions(database, ledger, clock, _examining(outside, policy))
    grants = Grants(access, transitions, clock)
    requested = RequestTransitions(database, ledger, clock, transitions)
    recertified = CampaignTransitions(transitions)
    opened = EmergencyTransitions(database, ledger, clock)
    writer = RuleWriter(access, ledger, clock, entropy)
    one_in = outside.settings.second_opinion_one_in
    return GovernanceOffices(
        grants=grants,
        drafting=Drafting(access, grants, clock, entropy),
        impacts=Impacts(access, grants, clock),
        unused_rights=UnusedRights(access, grants, clock),
        use_counting=UseCounting(database, clock),
        expiry=Expiry(transitions),
        decisions=Decisions(access, ledger),
        second_opinion=SecondOpinion(database, ledger, policy, outside.metrics, one_in),
        sealings=Sealings(access, ledger, clock, entropy),
        access_requests=RequestDesk(access, requested, clock, entropy),
        clock_rules=RuleDesk(access, writer, clock),
        request_templates=Templates(access, writer, clock),
        request_sweep=RequestSweep(requested),
        campaigns=CampaignDesk(access, recertified, clock, entropy),
        campaign_sweep=CampaignSweep(recertified),
        emergencies=EmergencyDesk(access, opened, entropy),
        emergency_sweep=EmergencySweep(opened),
    )


def _examining(outside: Outside, policy: Lease[Snapshot]) -> Examining:
    """Examinations with what the last ninety days would have been like."""

    def simulated(grant: Grant, at: datetime) -> Simulation:
        snapshot = policy.renew()
        with outside.database.read() as connection:
            return simulate(connection, snapshot, grant, at, PERIODS[-1], MOST_REPLAYED)

    return Examining(outside.database, simulated)
