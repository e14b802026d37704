"""The pages put together: the API's rooms once more, with a session for a door."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from exchange.access import Access
from exchange.console.attempt import HOME
from exchange.console.batches import BatchPages
from exchange.console.campaigns import CampaignPages
from exchange.console.catalogue import CataloguePages
from exchange.console.certificates import CERTIFICATE_LIFE, CertificatePages
from exchange.console.challenges import CHALLENGES, ChallengePages
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
from exchange.console.wrong_rows import WrongRowPages
from exchange.offices import Offices
from exchange.requests.batches import BatchDesk
from exchange.responders.desk import TaskDesk
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.routes import Route

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


def open_console(registration: Registration | None, offices: Offices, tasks: TaskDesk) -> Console | None:
    """The pages of the offices and of tasks by hand, or None where no key is configured. Raises SettingsError."""
    if registration is None:
        return None
    sessions, party = registration.sessions(), registration.party(CALLBACK)
    signing_in = SigningIn(
        party, sessions, sessions.cookies, registration.key("console sign-in"), registration.clock.now
    )
    inside = replace(registration.access, authenticator=sessions)
    pages = (*_pages(offices, tasks, inside), *_joining(offices, inside, registration))
    return Console(sessions, (signing_in.routes, *pages))


def _joining(offices: Offices, inside: Access, registration: Registration) -> tuple[PageRoutes, ...]:
    """The pages of a department's first steps, which name addresses of the exchange and of the identity provider."""
    door, desk, origin = Door(inside), replace(offices.onboarding, access=inside), registration.settings.origin
    return (
        JoiningPages(door, desk, origin).routes,
        KeyPages(door, desk, registration.issuer, origin).routes,
    )


def _pages(offices: Offices, tasks: TaskDesk, inside: Access) -> tuple[PageRoutes, ...]:
    """The rooms of the API, entered by a session in place of a token (ADR 0038)."""
    door, grants = Door(inside), replace(offices.grants, access=inside)
    rules, templates = offices.clock_rules, offices.request_templates
    rules = replace(rules, access=inside, writer=replace(rules.writer, access=inside))
    templates = replace(templates, access=inside, writer=replace(templates.writer, access=inside))
    batches = BatchDesk(replace(offices.access_requests, access=inside))
    flows = replace(offices.flows, access=inside)
    effects = Effects(door, grants, replace(offices.impacts, access=inside, grants=grants))
    return (
        GrantPages(door, grants, effects).routes,
        effects.routes,
        GrantDrafting(door, replace(offices.drafting, access=inside, grants=grants)).routes,
        TryingPages(door, grants).routes,
        DecisionPages(door, replace(offices.decisions, access=inside)).routes,
        UnusedPages(door, grants, replace(offices.unused_rights, access=inside, grants=grants)).routes,
        SealingPages(door, replace(offices.sealings, access=inside)).routes,
        EntryDrafting(door, replace(offices.catalogue_desk, access=inside), offices.onboarding.issuer).routes,
        VersionPages(door, replace(offices.catalogue_desk, access=inside)).routes,
        EntryPages(door, replace(offices.catalogue_desk, access=inside)).routes,
        EmergencyPages(door, replace(offices.emergencies, access=inside), EMERGENCY).routes,
        ProceedingPages(door, replace(offices.corrections, access=inside), CORRECTIONS).routes,
        ChallengePages(door, replace(offices.challenges, access=inside), CHALLENGES).routes,
        RatingPages(door, replace(offices.ratings, access=inside), RATINGS).routes,
        TaskPages(door, replace(tasks, access=inside), TASKS_BY_HAND).routes,
        BatchPages(door, batches).routes,
        TemplatePages(door, templates).routes,
        RequestPages(door, batches.desk, batches, templates).routes,
        ClockPages(door, rules).routes,
        CampaignPages(door, replace(offices.campaigns, access=inside)).routes,
        MessagePages(door, replace(offices.messages, access=inside)).routes,
        ForwardingPages(door, replace(offices.forwardings, access=inside), ADDRESSES).routes,
        ForwardingLinks(offices.forwardings.transitions).routes,
        WatchPages(door, replace(offices.upload_counts, access=inside), replace(offices.locks, access=inside)).routes,
        LookUpPages(door, replace(offices.trace, access=inside)).routes,
        SubscriptionPages(door, replace(offices.subscriptions, access=inside), EVENT_SUBSCRIPTIONS).routes,
        FlowPages(door, flows, RETURN_FLOWS).routes,
        WrongRowPages(door, flows, replace(offices.correction_opening, access=inside)).routes,
        CertificatePages(door, replace(offices.certificates, access=inside), CERTIFICATE_LIFE).routes,
        ConsentPages(door, replace(offices.department_consents, access=inside)).routes,
        SourcePages(door, replace(offices.source_desk, access=inside)).routes,
        DutyPages(door, offices.reports).routes,
        DivisionPages(door, offices.reports).routes,
        CataloguePages(door, offices.catalogue, offices.reports, replace(offices.catalogue_desk, access=inside)).routes,
        ReadingPages(door, replace(offices.usage, access=inside), offices.log).routes,
    )
