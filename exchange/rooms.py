"""Every part of the exchange, put together once. Here and in `offices` alone parts meet that do not know each other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from exchange.access import Access
from exchange.authentication.issuer import Issuer
from exchange.authentication.revocations import RevocationFeed, Revocations
from exchange.authentication.security_log import SecurityLog
from exchange.authentication.tokens import Authenticator
from exchange.blind_index import BlindIndex
from exchange.cases.alarms import Alarms
from exchange.cases.watching import Watch
from exchange.catalogue.shape_watch import ShapeWatch
from exchange.catalogue.source_metrics import SourceMetrics
from exchange.catalogue.sources import Sources
from exchange.certificates.register import Register
from exchange.consents.ending import MandateEnds
from exchange.console.pages import Console, open_console
from exchange.console.registration import Registration, read_key
from exchange.forwarding.standing import ForwardingMetrics
from exchange.gateway.deferred import Deferred
from exchange.gateway.fulfilment import Fulfilment
from exchange.gateway.parking import Parking
from exchange.gateway.patience import Limits, Patience
from exchange.gateway.pipeline import Gateway
from exchange.gateway.probing import Probing
from exchange.gateway.recording import Recorder
from exchange.gateway.recovery import Recovery
from exchange.gateway.relayed import RelayedAnswers
from exchange.gateway.repetition import Repetition
from exchange.gateway.retrieval import Retrieval
from exchange.gateway.sealing import Sealer
from exchange.gateway.understanding import Understanding
from exchange.gateway.waiting import Waiting
from exchange.in_force.reading import SnapshotReader
from exchange.in_force.snapshot import Snapshot
from exchange.offices import Offices, open_offices
from exchange.outside import Outside
from exchange.portal.challenge import ChallengePages
from exchange.portal.consents import ConsentPages
from exchange.portal.entrance import open_entrance
from exchange.portal.further import FurtherPages
from exchange.portal.pages import Portal
from exchange.portal.previews import PreviewPages
from exchange.portal.rating import OwnCasePages
from exchange.portal.usage import UsagePages
from exchange.portal.withdrawn import WithdrawnPages
from exchange.portal.wrong import WrongPages
from exchange.previews.desk import PreviewDesk
from exchange.previews.further import Questioning
from exchange.previews.looking import Looking
from exchange.requirements.following import Following
from exchange.responders.desk import TaskDesk
from exchange.responders.opening import Openings
from exchange.responders.passing_on import PassingOn
from exchange.responders.sealed import Vault
from exchange.responders.sweep import TaskSweep
from exchange.responders.transitions import TaskTransitions
from exchange.store import forwardings, messages, proofs
from kernel.entropy import token
from kernel.keys import Purpose
from kernel.lease import Lease

KEPT = timedelta(days=180)
"""How long an officer finds a message; what it told stands in the log for ever."""


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
    following: Following
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
        self.expiry.begin()
        self.expiry.sweep()
        self.expiry.remind()
        self.use_counting.sweep()
        self.request_sweep.sweep()
        self.emergency_sweep.sweep()
        self.campaign_sweep.sweep()
        self.distribution.prune()
        self.return_flow_making.prune()
        self.correction_sweep.sweep()
        self.gateway.watch.tidy()
        self.rating_sweep.sweep()
        self.challenge_sweep.sweep()
        if self.console is not None:
            self.console.sessions.prune()
        now = self.clock.now()
        self.database.write(lambda connection: proofs.prune(connection, now))
        self.database.write(lambda connection: messages.prune(connection, now - KEPT))
        self.database.write(lambda connection: forwardings.prune(connection, now - KEPT))
        self.shapes.tell()  # these need the catalogue as it is now, and give up where it cannot be confirmed
        self.reminding.sweep()
        self.second_opinion.round()

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
    sources = Sources(outside.build_source)
    outside.metrics.registry.register(SourceMetrics(sources))
    outside.metrics.registry.register(ForwardingMetrics(database))
    policy: Lease[Snapshot] = Lease(
        SnapshotReader(database, sources, frozenset(settings.recorded_credit_codes)).read, clock=clock
    )
    issuer = Issuer(settings.issuer, fetch=outside.fetch, clock=clock)
    revocations = _revocations(outside, issuer)
    authenticator = _authenticator(outside, issuer, revocations)
    indexes = BlindIndex(outside.keys.secret(Purpose.INDEX))
    access = Access(settings.origin, authenticator, policy, database, indexes)
    runner = token(outside.entropy, 12)
    retrieval = Retrieval(clock)
    tasks = TaskTransitions(database, outside.ledger, clock, Vault(outside.keys.key_encryption_key()))
    watch = Watch(database, outside.ledger, clock, outside.entropy, outside.metrics)
    alarms = Alarms(outside.metrics, clock)
    gateway = _gateway(outside, access, authenticator, watch, alarms, retrieval, tasks, runner)
    waiting = Waiting(
        policy=policy,
        authenticator=authenticator,
        database=database,
        fulfilment=gateway.fulfilment,
        recorder=gateway.recorder,
        clock=clock,
        indexes=indexes,
        leeway=settings.token_clock_skew_seconds,
    )
    offices = open_offices(outside, access, policy, watch, alarms)
    passing_on = PassingOn(tasks, waiting)
    task_desk = TaskDesk(access, tasks, passing_on)
    registration = _registration(outside, access, authenticator, issuer)
    previews = PreviewDesk(access, Looking(waiting), Questioning(waiting, retrieval))
    following = Following(access, outside.ledger, clock)
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
        following=following,
        tasks=task_desk,
        task_sweep=TaskSweep(tasks, passing_on),
        recovery=Recovery(database, outside.ledger, clock, runner),
        console=open_console(registration, offices, task_desk),
        portal=_portal(registration, outside, previews, following, offices),
        **vars(offices),
    )


def _gateway(
    outside: Outside,
    access: Access,
    authenticator: Authenticator,
    watch: Watch,
    alarms: Alarms,
    retrieval: Retrieval,
    tasks: TaskTransitions,
    runner: str,
) -> Gateway:
    """The governed call; ``runner`` names this process in the intents it begins."""
    settings, clock, database, ledger = outside.settings, outside.clock, outside.database, outside.ledger
    sealer, patience = Sealer(settings.origin, outside.keys.signing), Patience(database, Limits.of(settings))
    register = Register(outside.keys.secret(Purpose.INDEX))
    return Gateway(
        origin=settings.origin,
        authenticator=authenticator,
        understanding=Understanding(
            access.policy, access.indexes, clock, runner, settings.token_clock_skew_seconds, ledger.locate
        ),
        policy=access.policy,
        database=database,
        fulfilment=Fulfilment(retrieval, sealer, database, clock, patience, register),
        relayed=RelayedAnswers(ledger, clock),
        watch=watch,
        alarms=alarms,
        recorder=Recorder(ledger, clock, Parking(Openings(tasks).open_tasks)),
        clock=clock,
        entropy=outside.entropy,
    )


def _portal(
    registration: Registration | None, outside: Outside, previews: PreviewDesk, following: Following, offices: Offices
) -> Portal | None:
    entrance = open_entrance(registration)
    if entrance is None:
        return None
    inside = entrance.access
    previews = replace(previews, access=inside)
    return Portal(
        PreviewPages(entrance, previews, replace(following, access=inside)),
        FurtherPages(entrance, previews),
        WrongPages(entrance, replace(offices.correction_opening, access=inside), outside.ledger),
        UsagePages(entrance, replace(offices.usage, access=inside)),
        ConsentPages(entrance, replace(offices.consents, access=inside)),
        WithdrawnPages(entrance, replace(offices.correction_following, access=inside)),
        ChallengePages(entrance, replace(offices.challenging, access=inside)),
        OwnCasePages(entrance, replace(offices.unrated, access=inside), replace(offices.ratings, access=inside)),
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
