"""The pages put together: the API's rooms once more, with a session for a door."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from exchange.access import Access
from exchange.campaigns.desk import CampaignDesk
from exchange.cases.locks import Locks
from exchange.cases.trace import Trace
from exchange.catalogue.desk import Desk
from exchange.catalogue.endpoints import Catalogue
from exchange.catalogue.reports import Reports
from exchange.catalogue.source_desk import SourceDesk
from exchange.certificates.desk import CertificateDesk
from exchange.challenges.desk import ChallengeDesk
from exchange.consents.department_desk import DepartmentConsents
from exchange.console.attempt import HOME
from exchange.console.batches import BatchPages
from exchange.console.campaigns import CampaignPages
from exchange.console.catalogue import CataloguePages
from exchange.console.certificates import CERTIFICATE_LIFE, CertificatePages
from exchange.console.challenges import CHALLENGES
from exchange.console.client_keys import KeyPages
from exchange.console.clocks import ClockPages
from exchange.console.consents import ConsentPages
from exchange.console.corrections import CORRECTIONS
from exchange.console.decisions import DecisionPages
from exchange.console.divisions import DivisionPages
from exchange.console.door import Door
from exchange.console.duties import DutyPages
from exchange.console.effects import Effects
from exchange.console.emergency import EMERGENCY, EmergencyPages
from exchange.console.entries import EntryPages
from exchange.console.entry_drafting import EntryDrafting
from exchange.console.entry_versions import VersionPages
from exchange.console.forwardings import ADDRESSES, ForwardingLinks, ForwardingPages
from exchange.console.grant_drafting import GrantDrafting
from exchange.console.grants import GRANTS, GrantPages
from exchange.console.joining import JoiningPages
from exchange.console.look_ups import LookUpPages
from exchange.console.messages import MessagePages
from exchange.console.proceeding_pages import ProceedingPages
from exchange.console.ratings import RATINGS, RatingPages
from exchange.console.reading import ReadingPages
from exchange.console.registration import Registration
from exchange.console.request_templates import TemplatePages
from exchange.console.requests import RequestPages
from exchange.console.return_flows import RETURN_FLOWS, FlowPages
from exchange.console.sealings import SealingPages
from exchange.console.sessions import Sessions
from exchange.console.signing_in import CALLBACK, SigningIn
from exchange.console.sources import SourcePages
from exchange.console.subscriptions import EVENT_SUBSCRIPTIONS, SubscriptionPages
from exchange.console.tasks import TASKS_BY_HAND, TaskPages
from exchange.console.trying import TryingPages
from exchange.console.unused import UnusedPages
from exchange.console.watching import WatchPages
from exchange.corrections.desk import CorrectionDesk
from exchange.emergency.desk import EmergencyDesk
from exchange.events.subscription_desk import SubscriptionDesk
from exchange.forwarding.desk import ForwardingDesk
from exchange.governance.decisions.desk import Decisions
from exchange.governance.drafting import Drafting
from exchange.governance.endpoints import Grants
from exchange.governance.sealing import Sealings
from exchange.governance.simulation.endpoints import Impacts
from exchange.governance.simulation.unused import UnusedRights
from exchange.messages.endpoints import Messages
from exchange.onboarding.endpoints import Onboarding
from exchange.ratings.desk import RatingDesk
from exchange.requests.batches import BatchDesk
from exchange.requests.desk import RequestDesk
from exchange.requests.rule_desk import RuleDesk
from exchange.requests.templates import Templates
from exchange.requirements.counting import Counts
from exchange.responders.desk import TaskDesk
from exchange.return_flow.flow_desk import FlowDesk
from exchange.transparency.log import Log
from exchange.transparency.usage import Usage
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.routes import Route


@dataclass(frozen=True)
class Desks:
    """The rooms that pages show, as the API uses them."""

    grants: Grants
    drafting: Drafting
    sealings: Sealings
    usage: Usage
    catalogue: Catalogue
    log: Log
    requests: RequestDesk
    rules: RuleDesk
    templates: Templates
    impacts: Impacts
    decisions: Decisions
    entries: Desk
    onboarding: Onboarding
    unused: UnusedRights
    emergencies: EmergencyDesk
    corrections: CorrectionDesk
    challenges: ChallengeDesk
    ratings: RatingDesk
    tasks: TaskDesk
    messages: Messages
    forwardings: ForwardingDesk
    reports: Reports
    campaigns: CampaignDesk
    counts: Counts
    locks: Locks
    trace: Trace
    subscriptions: SubscriptionDesk
    flows: FlowDesk
    consents: DepartmentConsents
    sources: SourceDesk
    certificates: CertificateDesk


PageRoutes = Callable[[], tuple[Route, ...]]


@dataclass(frozen=True)
class Console:
    """The officers' pages."""

    sessions: Sessions
    pages: tuple[PageRoutes, ...]

    def routes(self) -> tuple[Route, ...]:
        """Every address of the pages."""
        start = Text("工作页面的首页", "The first of the officers' pages")
        first = tuple(Route("GET", path, _first, "anyone", start, page=True, tag="pages") for path in ("/", HOME))
        return (*first, *(route for group in self.pages for route in group()))


def _first(request: HttpRequest) -> HttpResponse:
    del request
    return redirect(GRANTS)


def open_console(registration: Registration | None, desks: Desks) -> Console | None:
    """The pages, or None where no key is configured. Raises SettingsError."""
    if registration is None:
        return None
    sessions, party = registration.sessions(), registration.party(CALLBACK)
    signing_in = SigningIn(
        party, sessions, sessions.cookies, registration.key("console sign-in"), registration.clock.now
    )
    inside = replace(registration.access, authenticator=sessions)
    return Console(sessions, (signing_in.routes, *_pages(desks, inside), *_joining(desks, inside, registration)))


def _joining(desks: Desks, inside: Access, registration: Registration) -> tuple[PageRoutes, ...]:
    """The pages of a department's first steps, which name addresses of the exchange and of the identity provider."""
    door, desk, origin = Door(inside), replace(desks.onboarding, access=inside), registration.settings.origin
    return (
        JoiningPages(door, desk, origin).routes,
        KeyPages(door, desk, registration.issuer, origin).routes,
    )


def _pages(desks: Desks, inside: Access) -> tuple[PageRoutes, ...]:
    """The rooms of the API, entered by a session in place of a token (ADR 0038)."""
    door, grants = Door(inside), replace(desks.grants, access=inside)
    rules = replace(desks.rules, access=inside, writer=replace(desks.rules.writer, access=inside))
    templates = replace(desks.templates, access=inside, writer=replace(desks.templates.writer, access=inside))
    batches = BatchDesk(replace(desks.requests, access=inside))
    effects = Effects(door, grants, replace(desks.impacts, access=inside, grants=grants))
    return (
        GrantPages(door, grants, effects).routes,
        effects.routes,
        GrantDrafting(door, replace(desks.drafting, access=inside, grants=grants)).routes,
        TryingPages(door, grants).routes,
        DecisionPages(door, replace(desks.decisions, access=inside)).routes,
        UnusedPages(door, grants, replace(desks.unused, access=inside, grants=grants)).routes,
        SealingPages(door, replace(desks.sealings, access=inside)).routes,
        EntryDrafting(door, replace(desks.entries, access=inside), desks.onboarding.issuer).routes,
        VersionPages(door, replace(desks.entries, access=inside)).routes,
        EntryPages(door, replace(desks.entries, access=inside)).routes,
        EmergencyPages(door, replace(desks.emergencies, access=inside), EMERGENCY).routes,
        ProceedingPages(door, replace(desks.corrections, access=inside), CORRECTIONS).routes,
        ProceedingPages(door, replace(desks.challenges, access=inside), CHALLENGES).routes,
        RatingPages(door, replace(desks.ratings, access=inside), RATINGS).routes,
        TaskPages(door, replace(desks.tasks, access=inside), TASKS_BY_HAND).routes,
        BatchPages(door, batches).routes,
        TemplatePages(door, templates).routes,
        RequestPages(door, batches.desk, batches, templates).routes,
        ClockPages(door, rules).routes,
        CampaignPages(door, replace(desks.campaigns, access=inside)).routes,
        MessagePages(door, replace(desks.messages, access=inside)).routes,
        ForwardingPages(door, replace(desks.forwardings, access=inside), ADDRESSES).routes,
        ForwardingLinks(desks.forwardings.transitions).routes,
        WatchPages(door, replace(desks.counts, access=inside), replace(desks.locks, access=inside)).routes,
        LookUpPages(door, replace(desks.trace, access=inside)).routes,
        SubscriptionPages(door, replace(desks.subscriptions, access=inside), EVENT_SUBSCRIPTIONS).routes,
        FlowPages(door, replace(desks.flows, access=inside), RETURN_FLOWS).routes,
        CertificatePages(door, replace(desks.certificates, access=inside), CERTIFICATE_LIFE).routes,
        ConsentPages(door, replace(desks.consents, access=inside)).routes,
        SourcePages(door, replace(desks.sources, access=inside)).routes,
        DutyPages(door, desks.reports).routes,
        DivisionPages(door, desks.reports).routes,
        CataloguePages(door, desks.catalogue, desks.reports, replace(desks.entries, access=inside)).routes,
        ReadingPages(door, replace(desks.usage, access=inside), desks.log).routes,
    )
