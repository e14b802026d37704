"""The rooms that officers and departments come to, put together once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from exchange.access import Access
from exchange.campaigns.desk import CampaignDesk
from exchange.campaigns.sweep import CampaignSweep
from exchange.campaigns.transitions import CampaignTransitions
from exchange.cases.locks import Locks
from exchange.cases.opening import Cases
from exchange.cases.trace import Trace
from exchange.cases.uploads import Uploads
from exchange.catalogue.desk import Desk
from exchange.catalogue.endpoints import Catalogue
from exchange.catalogue.publishing import Publishing
from exchange.catalogue.reports import Reports
from exchange.catalogue.source_desk import SourceDesk
from exchange.certificates.answering import Answering
from exchange.certificates.desk import CertificateDesk
from exchange.certificates.reporting import Reporting
from exchange.certificates.transitions import CertificateTransitions, Register
from exchange.challenges.desk import ChallengeDesk
from exchange.challenges.opening import Challenging
from exchange.challenges.sweep import challenge_sweep
from exchange.challenges.transitions import ChallengeTransitions
from exchange.consents.asking import ConsentRequests
from exchange.consents.department_desk import DepartmentConsents
from exchange.consents.desk import ConsentDesk
from exchange.consents.receipt import Receipts
from exchange.corrections.desk import CorrectionDesk
from exchange.corrections.following import Following
from exchange.corrections.opening import Opening
from exchange.corrections.sweep import correction_sweep
from exchange.corrections.transitions import CorrectionTransitions
from exchange.discovery import Discovery
from exchange.emergency.desk import EmergencyDesk
from exchange.emergency.sweep import EmergencySweep
from exchange.emergency.transitions import EmergencyTransitions
from exchange.events.courier import Courier
from exchange.events.desk import EventDesk
from exchange.events.distribution import Distribution
from exchange.events.pseudonyms import Pseudonyms
from exchange.events.subscription_desk import SubscriptionDesk
from exchange.events.transitions import SubscriptionTransitions
from exchange.forwarding.addresses import Addresses
from exchange.forwarding.courier import Courier as ForwardingCourier
from exchange.forwarding.courier import no_mail
from exchange.forwarding.desk import ForwardingDesk
from exchange.forwarding.links import Links
from exchange.forwarding.transitions import ForwardingTransitions
from exchange.gateway.lease import Lease
from exchange.gateway.snapshot import Snapshot
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
from exchange.messages.endpoints import Messages
from exchange.onboarding.endpoints import Onboarding
from exchange.onboarding.sandbox import Sandbox
from exchange.outside import Outside
from exchange.ratings.desk import RatingDesk
from exchange.ratings.sweep import rating_sweep
from exchange.ratings.transitions import RatingTransitions
from exchange.ratings.unrated import Unrated
from exchange.requests.desk import RequestDesk
from exchange.requests.rule_desk import RuleDesk
from exchange.requests.rule_writing import RuleWriter
from exchange.requests.sweep import RequestSweep
from exchange.requests.templates import Templates
from exchange.requests.transitions import RequestTransitions
from exchange.requirements.counting import Counts, Guard
from exchange.requirements.desk import RequirementDesk
from exchange.requirements.reminding import Reminding
from exchange.return_flow.desk import ReturnFlowDesk
from exchange.return_flow.flow_desk import FlowDesk
from exchange.return_flow.making import Making
from exchange.return_flow.reading import Reader
from exchange.return_flow.safe import Safe
from exchange.return_flow.telling import Telling
from exchange.return_flow.transitions import FlowTransitions
from exchange.transparency.log import Log
from exchange.transparency.usage import Usage
from kernel.clock import Clock
from kernel.database import Database
from kernel.keys import Purpose
from kernel.ledger.tiles import Tiles
from policies.grant import Grant

MOST_REPLAYED = 20_000
"""Logged decisions that a submission waits for; the report says when there were more."""


class Sweep(Protocol):
    """Something that time alone brings about."""

    def sweep(self) -> int:
        """Record what is due; how much changed. Raises LedgerUnavailable."""
        ...


@dataclass(frozen=True)
class Offices:
    """The rooms that officers and departments come to, and what they share."""

    cases: Cases
    uploads: Uploads
    requirements: RequirementDesk
    reminding: Reminding
    upload_counts: Counts
    locks: Locks
    trace: Trace
    catalogue: Catalogue
    reports: Reports
    desk: Desk
    onboarding: Onboarding
    grants: Grants
    sealings: Sealings
    drafting: Drafting
    access_requests: RequestDesk
    impacts: Impacts
    decisions: Decisions
    second_opinion: SecondOpinion
    unused_rights: UnusedRights
    use_counting: UseCounting
    request_rules: RuleDesk
    request_templates: Templates
    request_sweep: RequestSweep
    campaigns: CampaignDesk
    campaign_sweep: CampaignSweep
    messages: Messages
    forwardings: ForwardingDesk
    forwarding_courier: ForwardingCourier
    events: EventDesk
    subscriptions: SubscriptionDesk
    distribution: Distribution
    courier: Courier
    return_flows: ReturnFlowDesk
    flows: FlowDesk
    return_flow_making: Making
    certificate_reports: Reporting
    certificate_status: Answering
    certificates: CertificateDesk
    emergencies: EmergencyDesk
    emergency_sweep: EmergencySweep
    consent_requests: ConsentRequests
    consents: ConsentDesk
    department_consents: DepartmentConsents
    source_desk: SourceDesk
    correction_opening: Opening
    correction_following: Following
    corrections: CorrectionDesk
    correction_sweep: Sweep
    challenging: Challenging
    challenges: ChallengeDesk
    challenge_sweep: Sweep
    ratings: RatingDesk
    unrated: Unrated
    rating_sweep: Sweep
    usage: Usage
    log: Log
    discovery: Discovery
    expiry: Expiry
    database: Database
    clock: Clock


def open_offices(outside: Outside, access: Access, policy: Lease[Snapshot]) -> Offices:
    """Put them together. Nothing is fetched or read from the database yet."""
    ledger, clock = outside.ledger, outside.clock
    names = Pseudonyms(outside.keys.secret(Purpose.INDEX))
    register = Register(outside.keys.secret(Purpose.INDEX))
    reader = Reader(access.indexes, outside.keys.secret(Purpose.INDEX), clock)
    transitions = Transitions(outside.database, ledger, clock, _examining(outside, policy))
    requests = RequestTransitions(outside.database, ledger, clock, transitions)
    grants = Grants(access, transitions, clock)
    emergencies = EmergencyTransitions(outside.database, ledger, clock)
    recertified = CampaignTransitions(transitions)
    guard = Guard(outside.metrics)
    corrections = CorrectionTransitions(outside.database, ledger, clock)
    challenged = ChallengeTransitions(outside.database, ledger, clock)
    rated = RatingTransitions(outside.database, ledger, clock)
    flowing = FlowTransitions(ledger, clock, outside.entropy)
    certified = CertificateTransitions(ledger, clock)
    subscribed = SubscriptionTransitions(ledger, clock, outside.entropy)
    forwarded = _forwarded(outside)
    writer = RuleWriter(access, ledger, clock, outside.entropy)
    return Offices(
        expiry=Expiry(transitions),
        cases=Cases(access, ledger, clock, outside.entropy, guard),
        uploads=Uploads(access, clock),
        requirements=RequirementDesk(access, ledger, clock, outside.entropy, guard),
        reminding=Reminding(outside.database, ledger, policy, clock),
        upload_counts=Counts(access, clock),
        locks=Locks(access, ledger, clock),
        trace=Trace(access, clock),
        catalogue=Catalogue(policy, outside.database, clock),
        reports=Reports(outside.settings.origin, policy, clock),
        onboarding=Onboarding(
            access, Sandbox(outside.database, ledger, clock, outside.entropy), outside.settings.issuer
        ),
        desk=Desk(access, Publishing(policy, outside.database, ledger, clock)),
        access_requests=RequestDesk(access, requests, clock, outside.entropy),
        request_sweep=RequestSweep(requests),
        emergencies=EmergencyDesk(access, emergencies, outside.entropy),
        emergency_sweep=EmergencySweep(emergencies),
        grants=grants,
        sealings=Sealings(access, ledger, clock, outside.entropy),
        drafting=Drafting(access, grants, clock, outside.entropy),
        impacts=Impacts(access, grants, clock),
        decisions=Decisions(access, ledger),
        second_opinion=SecondOpinion(
            outside.database, ledger, policy, outside.metrics, outside.settings.second_opinion_one_in
        ),
        unused_rights=UnusedRights(access, grants, clock),
        use_counting=UseCounting(outside.database, clock),
        request_rules=RuleDesk(access, writer, clock),
        request_templates=Templates(access, writer, clock),
        campaigns=CampaignDesk(access, recertified, clock, outside.entropy),
        campaign_sweep=CampaignSweep(recertified),
        consent_requests=ConsentRequests(
            access, ledger, clock, outside.entropy, timedelta(days=outside.settings.waiting_consent_days)
        ),
        consents=ConsentDesk(access, ledger, clock, Receipts(outside.settings.origin, outside.keys.signing)),
        department_consents=DepartmentConsents(access, clock),
        source_desk=SourceDesk(access),
        correction_opening=Opening(access, corrections, outside.entropy),
        correction_following=Following(access, corrections),
        corrections=CorrectionDesk(access, corrections),
        correction_sweep=correction_sweep(corrections),
        challenging=Challenging(access, challenged, outside.entropy),
        challenges=ChallengeDesk(access, challenged),
        challenge_sweep=challenge_sweep(challenged),
        ratings=RatingDesk(access, rated),
        unrated=Unrated(access, ledger, clock),
        rating_sweep=rating_sweep(rated),
        messages=Messages(access, clock),
        forwardings=ForwardingDesk(access, forwarded),
        forwarding_courier=_forwarding_courier(outside, forwarded),
        events=EventDesk(access, subscribed),
        subscriptions=SubscriptionDesk(access, subscribed),
        return_flows=ReturnFlowDesk(access, flowing, Safe(outside.keys), reader),
        flows=FlowDesk(access, flowing),
        return_flow_making=Making(
            database=outside.database,
            ledger=ledger,
            policy=policy,
            reader=reader,
            safe=Safe(outside.keys),
            clock=clock,
        ),
        certificate_reports=Reporting(access, certified, register),
        certificates=CertificateDesk(access, certified, register, outside.entropy),
        certificate_status=Answering(access, ledger, register, clock, outside.entropy),
        courier=Courier(
            origin=outside.settings.origin,
            database=outside.database,
            ledger=ledger,
            policy=policy,
            keys=outside.keys,
            send=outside.send,
            clock=clock,
            entropy=outside.entropy,
        ),
        distribution=Distribution(outside.database, policy, names, clock),
        usage=Usage(access, ledger, clock, Telling(outside.database, ledger, reader)),
        log=Log(access, ledger, Tiles(outside.database)),
        discovery=Discovery(outside.settings.origin, outside.settings.issuer, outside.keys),
        database=outside.database,
        clock=clock,
    )


def _forwarded(outside: Outside) -> ForwardingTransitions:
    settings = outside.settings
    return ForwardingTransitions(
        database=outside.database,
        ledger=outside.ledger,
        addresses=Addresses.of(settings, outside.keys.key_encryption_key()),
        links=Links.of(settings.origin, outside.keys.secret(Purpose.INDEX)),
        mails=outside.send_mail is not None,
        clock=outside.clock,
        entropy=outside.entropy,
    )


def _forwarding_courier(outside: Outside, forwarded: ForwardingTransitions) -> ForwardingCourier:
    return ForwardingCourier(
        database=outside.database,
        ledger=outside.ledger,
        keys=outside.keys,
        addresses=forwarded.addresses,
        links=forwarded.links,
        send_mail=outside.send_mail or no_mail,
        call=outside.send,
        clock=outside.clock,
        entropy=outside.entropy,
        metrics=outside.metrics,
        digest_hour=outside.settings.digest_hour,
    )


def _examining(outside: Outside, policy: Lease[Snapshot]) -> Examining:
    """Examinations with what the last ninety days would have been like."""

    def simulated(grant: Grant, at: datetime) -> Simulation:
        snapshot = policy.renew()
        with outside.database.read() as connection:
            return simulate(connection, snapshot, grant, at, PERIODS[-1], MOST_REPLAYED)

    return Examining(outside.database, simulated)
