"""Every part of the exchange, put together once. The only place where parts meet that do not know each other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from exchange.access import Access
from exchange.campaigns.desk import CampaignDesk
from exchange.campaigns.sweep import CampaignSweep
from exchange.campaigns.transitions import CampaignTransitions
from exchange.cases.alarms import Alarms
from exchange.cases.locks import Locks
from exchange.cases.opening import Cases
from exchange.cases.trace import Trace
from exchange.cases.uploads import Uploads
from exchange.cases.watching import Watch
from exchange.catalogue.desk import Desk
from exchange.catalogue.endpoints import Catalogue
from exchange.catalogue.publishing import Publishing
from exchange.catalogue.reports import Reports
from exchange.catalogue.shape_watch import ShapeWatch
from exchange.catalogue.source_desk import SourceDesk
from exchange.catalogue.source_metrics import SourceMetrics
from exchange.catalogue.sources import BuildSource, Sources
from exchange.certificates.answering import Answering
from exchange.certificates.desk import CertificateDesk
from exchange.certificates.reporting import Reporting
from exchange.certificates.transitions import CertificateTransitions, Register
from exchange.consents.asking import ConsentRequests
from exchange.consents.department_desk import DepartmentConsents
from exchange.consents.desk import ConsentDesk
from exchange.consents.ending import MandateEnds
from exchange.consents.receipt import Receipts
from exchange.console.pages import Console, Desks, open_console
from exchange.console.registration import Registration, read_key
from exchange.console.relying_party import Post
from exchange.corrections.desk import CorrectionDesk
from exchange.corrections.opening import Opening
from exchange.corrections.sweep import correction_sweep
from exchange.corrections.transitions import CorrectionTransitions
from exchange.corrections.withdrawing import Withdrawing
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
from exchange.events.webhooks import Send
from exchange.forwarding.addresses import Addresses
from exchange.forwarding.courier import Courier as ForwardingCourier
from exchange.forwarding.courier import SendMail, no_mail
from exchange.forwarding.desk import ForwardingDesk
from exchange.forwarding.links import Links
from exchange.forwarding.standing import ForwardingMetrics
from exchange.forwarding.transitions import ForwardingTransitions
from exchange.gateway.blind_index import BlindIndex
from exchange.gateway.deferred import Deferred
from exchange.gateway.fetching import Fetch
from exchange.gateway.fulfilment import Fulfilment
from exchange.gateway.issuer import Issuer
from exchange.gateway.lease import Lease
from exchange.gateway.parking import Parking
from exchange.gateway.patience import Limits, Patience
from exchange.gateway.pipeline import Gateway
from exchange.gateway.probing import Probing
from exchange.gateway.recording import Recorder
from exchange.gateway.recovery import Recovery
from exchange.gateway.repetition import Repetition
from exchange.gateway.retrieval import Retrieval
from exchange.gateway.revocations import RevocationFeed, Revocations
from exchange.gateway.sealing import Sealer
from exchange.gateway.snapshot import Snapshot, SnapshotReader
from exchange.gateway.tokens import Authenticator
from exchange.gateway.understanding import Understanding
from exchange.gateway.waiting import Waiting
from exchange.governance.drafting import Drafting
from exchange.governance.endpoints import Grants
from exchange.governance.examination import Examining
from exchange.governance.expiry import Expiry
from exchange.governance.sealing import Sealings
from exchange.governance.simulation.endpoints import Impacts
from exchange.governance.simulation.impact import PERIODS, Simulation, simulate
from exchange.governance.simulation.unused import UnusedRights
from exchange.governance.transitions import Transitions
from exchange.messages.endpoints import Messages
from exchange.onboarding.endpoints import Onboarding
from exchange.onboarding.sandbox import Sandbox
from exchange.portal.consents import ConsentPages
from exchange.portal.entrance import open_entrance
from exchange.portal.further import FurtherPages
from exchange.portal.pages import Portal
from exchange.portal.previews import PreviewPages
from exchange.portal.usage import UsagePages
from exchange.portal.withdrawn import WithdrawnPages
from exchange.portal.wrong import WrongPages
from exchange.previews.desk import PreviewDesk
from exchange.previews.further import Questioning
from exchange.previews.looking import Looking
from exchange.ratings.desk import RatingDesk
from exchange.ratings.sweep import rating_sweep
from exchange.ratings.transitions import RatingTransitions
from exchange.requests.desk import RequestDesk
from exchange.requests.rule_desk import RuleDesk
from exchange.requests.rule_writing import RuleWriter
from exchange.requests.sweep import RequestSweep
from exchange.requests.templates import Templates
from exchange.requests.transitions import RequestTransitions
from exchange.requirements.counting import Counts, Guard
from exchange.requirements.desk import RequirementDesk
from exchange.requirements.reminding import Reminding
from exchange.responders.desk import TaskDesk
from exchange.responders.opening import Openings
from exchange.responders.passing_on import PassingOn
from exchange.responders.sealed import Vault
from exchange.responders.sweep import TaskSweep
from exchange.responders.transitions import TaskTransitions
from exchange.return_flow.desk import ReturnFlowDesk
from exchange.return_flow.flow_desk import FlowDesk
from exchange.return_flow.making import Making
from exchange.return_flow.reading import Reader
from exchange.return_flow.safe import Safe
from exchange.return_flow.telling import Telling
from exchange.return_flow.transitions import FlowTransitions
from exchange.security_log import SecurityLog
from exchange.store import forwardings, messages, proofs
from exchange.transparency.log import Log
from exchange.transparency.usage import Usage
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy, token
from kernel.keys import KeyRing, Purpose
from kernel.ledger.log import Ledger
from kernel.ledger.tiles import Tiles
from kernel.metrics import Metrics
from kernel.settings import ExchangeSettings
from policies.grant import Grant

MOST_REPLAYED = 20_000
"""Logged decisions that a submission waits for; the report says when there were more."""


KEPT = timedelta(days=180)
"""How long an officer finds a message; what it told stands in the log for ever."""


@dataclass(frozen=True)
class Outside:
    """Everything the exchange is handed: it makes none of it itself."""

    settings: ExchangeSettings
    database: Database
    keys: KeyRing
    ledger: Ledger
    clock: Clock
    entropy: Entropy
    fetch: Fetch
    build_source: BuildSource
    metrics: Metrics
    post: Post
    send: Send
    send_mail: SendMail | None
    """None where the installation sends no mail."""


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
    unused_rights: UnusedRights
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
    correction_withdrawing: Withdrawing
    corrections: CorrectionDesk
    correction_sweep: Sweep
    ratings: RatingDesk
    rating_sweep: Sweep
    usage: Usage
    log: Log
    discovery: Discovery
    expiry: Expiry
    database: Database
    clock: Clock


@dataclass(frozen=True)
class Rooms(Offices):
    """The exchange, ready to be given addresses."""

    policy: Lease[Snapshot]
    revocations: Lease[Revocations]
    issuer: Issuer
    sources: Sources
    retrieval: Retrieval
    probing: Probing
    shapes: ShapeWatch
    recovery: Recovery
    gateway: Gateway
    repetition: Repetition
    waiting: Waiting
    deferred: Deferred
    previews: PreviewDesk
    tasks: TaskDesk
    task_sweep: TaskSweep
    console: Console | None
    portal: Portal | None

    def tidy(self) -> None:
        """The minute's housekeeping: newer keys of the issuer, overdue intents, ended grants, stale proofs."""
        self.issuer.refresh()
        self.recovery.overdue()
        self.waiting.end_overdue()
        self.task_sweep.sweep()
        self.expiry.sweep()
        self.expiry.remind()
        self.request_sweep.sweep()
        self.emergency_sweep.sweep()
        self.campaign_sweep.sweep()
        self.shapes.tell()
        self.distribution.prune()
        self.return_flow_making.prune()
        self.correction_sweep.sweep()
        self.gateway.watch.tidy()
        self.rating_sweep.sweep()
        self.reminding.sweep()
        if self.console is not None:
            self.console.sessions.prune()
        now = self.clock.now()
        self.database.write(lambda connection: proofs.prune(connection, now))
        self.database.write(lambda connection: messages.prune(connection, now - KEPT))
        self.database.write(lambda connection: forwardings.prune(connection, now - KEPT))

    def carry_events(self) -> None:
        """Hand out what changed, and begin to push what is due."""
        self.distribution.round()
        self.courier.round()

    def close(self) -> None:
        """End what holds threads and connections of its own."""
        self.courier.close()
        self.forwarding_courier.close()
        self.deferred.close()
        self.retrieval.close()
        self.probing.close()
        self.sources.close()


def furnish(outside: Outside) -> Rooms:
    """Put the parts together. Nothing is fetched or read from the database yet."""
    settings, clock, database = outside.settings, outside.clock, outside.database
    indexes = BlindIndex(outside.keys.secret(Purpose.INDEX))
    sources = Sources(outside.build_source)
    outside.metrics.registry.register(SourceMetrics(sources))
    outside.metrics.registry.register(ForwardingMetrics(database))
    policy: Lease[Snapshot] = Lease(SnapshotReader(database, sources).read, clock=clock)
    issuer = Issuer(settings.issuer, fetch=outside.fetch, clock=clock)
    revocations = _revocations(outside, issuer)
    authenticator = _authenticator(outside, issuer, revocations)
    access = Access(settings.origin, authenticator, policy, database, indexes)
    runner = token(outside.entropy, 12)
    leeway = settings.token_clock_skew_seconds
    retrieval = Retrieval(clock)
    tasks = TaskTransitions(database, outside.ledger, clock, Vault(outside.keys.key_encryption_key()))
    gateway = Gateway(
        origin=settings.origin,
        authenticator=authenticator,
        understanding=Understanding(policy, indexes, clock, runner, leeway),
        policy=policy,
        database=database,
        fulfilment=Fulfilment(
            retrieval,
            Sealer(settings.origin, outside.keys.signing),
            database,
            clock,
            Patience(database, Limits.of(settings)),
        ),
        watch=Watch(database, outside.ledger, clock, outside.entropy, outside.metrics),
        alarms=Alarms(outside.metrics, clock),
        recorder=Recorder(outside.ledger, clock, Parking(Openings(tasks).open_tasks)),
        clock=clock,
        entropy=outside.entropy,
    )
    waiting = Waiting(policy, authenticator, database, gateway.fulfilment, gateway.recorder, clock, indexes, leeway)
    offices = _offices(outside, access, policy)
    passing_on = PassingOn(tasks, waiting)
    task_desk = TaskDesk(access, tasks, passing_on)
    desks = Desks(
        grants=offices.grants,
        drafting=offices.drafting,
        sealings=offices.sealings,
        rules=offices.request_rules,
        templates=offices.request_templates,
        usage=offices.usage,
        catalogue=offices.catalogue,
        log=offices.log,
        requests=offices.access_requests,
        impacts=offices.impacts,
        entries=offices.desk,
        onboarding=offices.onboarding,
        unused=offices.unused_rights,
        emergencies=offices.emergencies,
        corrections=offices.corrections,
        ratings=offices.ratings,
        messages=offices.messages,
        forwardings=offices.forwardings,
        reports=offices.reports,
        campaigns=offices.campaigns,
        tasks=task_desk,
        counts=offices.upload_counts,
        locks=offices.locks,
        subscriptions=offices.subscriptions,
        flows=offices.flows,
        consents=offices.department_consents,
        sources=offices.source_desk,
        certificates=offices.certificates,
    )
    registration = _registration(outside, access, authenticator, issuer)
    previews = PreviewDesk(access, Looking(waiting), Questioning(waiting, retrieval))
    return Rooms(
        policy=policy,
        revocations=revocations,
        issuer=issuer,
        sources=sources,
        retrieval=retrieval,
        shapes=ShapeWatch(policy, database),
        probing=Probing(sources.listed, clock, outside.entropy),
        gateway=gateway,
        repetition=Repetition(gateway, access, Looking(waiting).to_choose_from),
        waiting=waiting,
        deferred=Deferred(waiting, retrieval),
        previews=previews,
        tasks=task_desk,
        task_sweep=TaskSweep(tasks, passing_on),
        recovery=Recovery(database, outside.ledger, clock, runner),
        console=open_console(registration, desks),
        portal=_portal(registration, outside, previews, offices),
        **vars(offices),
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


def _offices(outside: Outside, access: Access, policy: Lease[Snapshot]) -> Offices:
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
        unused_rights=UnusedRights(access, grants, clock),
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
        correction_withdrawing=Withdrawing(access, corrections),
        corrections=CorrectionDesk(access, corrections),
        correction_sweep=correction_sweep(corrections),
        ratings=RatingDesk(access, rated),
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


def _examining(outside: Outside, policy: Lease[Snapshot]) -> Examining:
    """Examinations with what the last ninety days would have been like."""

    def simulated(grant: Grant, at: datetime) -> Simulation:
        snapshot = policy.renew()
        with outside.database.read() as connection:
            return simulate(connection, snapshot, grant, at, PERIODS[-1], MOST_REPLAYED)

    return Examining(outside.database, simulated)


def _portal(
    registration: Registration | None, outside: Outside, previews: PreviewDesk, offices: Offices
) -> Portal | None:
    entrance = open_entrance(registration)
    if entrance is None:
        return None
    inside = entrance.access
    previews = replace(previews, access=inside)
    return Portal(
        PreviewPages(entrance, previews),
        FurtherPages(entrance, previews),
        WrongPages(entrance, replace(offices.correction_opening, access=inside), outside.ledger),
        UsagePages(entrance, replace(offices.usage, access=inside)),
        ConsentPages(entrance, replace(offices.consents, access=inside)),
        WithdrawnPages(entrance, replace(offices.correction_withdrawing, access=inside)),
    )


def _registration(
    outside: Outside, access: Access, authenticator: Authenticator, issuer: Issuer
) -> Registration | None:
    """The pages' own client, or None where no key is configured. Raises SettingsError."""
    settings = outside.settings
    if settings.console_key is None:
        return None
    return Registration(
        settings=settings,
        access=access,
        authenticator=authenticator,
        issuer=issuer,
        post=outside.post,
        private=read_key(settings.console_key),
        secret=outside.keys.secret(Purpose.INDEX),
        clock=outside.clock,
        entropy=outside.entropy,
    )


def _revocations(outside: Outside, issuer: Issuer) -> Lease[Revocations]:
    settings = outside.settings
    feed = RevocationFeed(
        issuer, audience=settings.origin, clock=outside.clock, leeway=settings.token_clock_skew_seconds
    )
    ends = MandateEnds(outside.database, outside.ledger, outside.clock)
    return Lease(lambda: ends(feed.read()), clock=outside.clock)


def _authenticator(outside: Outside, issuer: Issuer, revocations: Lease[Revocations]) -> Authenticator:
    return Authenticator(
        issuer,
        revocations,
        audience=outside.settings.origin,
        decryption=outside.keys.decryption,
        clock=outside.clock,
        leeway=outside.settings.token_clock_skew_seconds,
        refused=SecurityLog(outside.metrics, outside.clock).refused,
    )
