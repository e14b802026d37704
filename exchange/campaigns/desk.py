"""The endpoints of campaigns. Officers alone; what each of them may do is decided by ``policies.campaigns``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from exchange import errors
from exchange.access import Access, AuthorisedOfficer
from exchange.campaigns.forms import ANSWER, CALL_OFF, NEW, SELECTION, selection_of
from exchange.campaigns.transitions import CampaignTransitions
from exchange.campaigns.views import campaign_view, choice_view, item_view
from exchange.forms import read
from exchange.governance.use import used
from exchange.in_force.snapshot import current
from exchange.paging import MOST_ON_A_PAGE, page_size
from exchange.proceedings import told
from exchange.store import campaigns, grants
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.entropy import Entropy
from kernel.ids import new_id
from kernel.problems import INVALID_BODY, Problem, ProblemKind
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, json_response
from policies.campaigns.commands import OpenCampaign
from policies.campaigns.events import Answer, CampaignState, ItemState, ItemStatus
from policies.campaigns.lifecycle import READERS, is_over, sees
from policies.grants.events import GrantState, Status
from policies.grants.unused import Usage
from policies.roles import Officer, Role

_BAD = Text("show 只能是 waiting 或 all，after 是序号", "show is waiting or all, after a number")
_LONGEST_NUMBER = 6
_LIVING = frozenset({Status.ACTIVE, Status.SUSPENDED})


@dataclass(frozen=True)
class CampaignDesk:
    """The campaign endpoints."""

    access: Access
    transitions: CampaignTransitions
    clock: Clock
    entropy: Entropy

    def list(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/campaigns``: newest first, as far as they concern this officer. Raises Problem."""
        officer = self.access.officer(http)
        asked = http.parameters()
        limit, before, party = page_size(asked.get("limit")), asked.get("before", ""), _party(officer.officer)
        self.access.spend(officer.caller)
        with self.access.database.read() as connection:
            found = campaigns.listed(connection, party, before=before, limit=limit + 1)
            shown = self._shown(connection, found[:limit], officer.officer)
        return json_response({"campaigns": [*shown], "next": found[limit - 1].id if len(found) > limit else None})

    def preview(self, http: HttpRequest) -> HttpResponse:
        """``POST /v1/campaigns/preview``: which grants a campaign would be about. Raises Problem."""
        officer = self.access.officer(http, Role.GOVERNANCE_OFFICER)
        selection = selection_of(read(SELECTION, http))
        self.access.spend(officer.caller)
        registry = current(self.access.policy).registry
        with self.access.database.read() as connection:
            choice = self.transitions.chosen(connection, selection)
        shown: Sequence[JSON] = [choice_view(each, registry) for each in choice.grants[:MOST_ON_A_PAGE]]
        return json_response({"count": len(choice.grants), "digest": choice.digest, "grants": shown})

    def open(self, http: HttpRequest) -> HttpResponse:
        """``POST /v1/campaigns``: over exactly what was previewed. Raises Problem."""
        officer = self.access.officer(http)
        body = read(NEW, http)
        selection = selection_of(body)
        with self.access.database.read() as connection:
            choice = self.transitions.chosen(connection, selection)
        if choice.digest != body["digest"]:
            raise Problem(errors.CAMPAIGN_CHANGED)
        name = new_id("camp", self.clock, self.entropy)
        command = OpenCampaign(name, body["title"], selection, body["days"], choice.grants)
        with told(_refused, errors.CAMPAIGN_CHANGED):
            state = self.transitions.open(command, choice.epoch, officer.officer, self.access.spending(officer.caller))
        return self._answer(state, officer, 201)

    def show(self, http: HttpRequest, campaign: str) -> HttpResponse:
        """``GET /v1/campaigns/<campaign>``. Raises Problem."""
        officer = self.access.officer(http)
        self.access.spend(officer.caller)
        return self._answer(self._find(campaign), officer)

    def call_off(self, http: HttpRequest, campaign: str) -> HttpResponse:
        """``POST /v1/campaigns/<campaign>/call-off``. Raises Problem."""
        officer = self.access.officer(http)
        reason, state = read(CALL_OFF, http)["reason"], self._find(campaign)
        with told(_refused, errors.CAMPAIGN_CHANGED):
            after = self.transitions.call_off(reason, state, officer.officer, self.access.spending(officer.caller))
        return self._answer(after, officer)

    def items(self, http: HttpRequest, campaign: str) -> HttpResponse:
        """``GET /v1/campaigns/<campaign>/items``: each with what it gives and how it was used. Raises Problem."""
        officer = self.access.officer(http)
        asked = http.parameters()
        limit, after, shown = page_size(asked.get("limit")), asked.get("after", "0"), asked.get("show", "waiting")
        if shown not in {"waiting", "all"}:
            raise Problem(INVALID_BODY, detail=_BAD)
        status, behind = (
            ItemStatus.WAITING if shown == "waiting" else None,
            _number(after, Problem(INVALID_BODY, detail=_BAD)),
        )
        self.access.spend(officer.caller)
        state = self._find(campaign)
        with self.access.database.read() as connection:
            party = _party(officer.officer)
            found = campaigns.items(connection, state.id, party=party, status=status, after=behind, limit=limit + 1)
            page: Sequence[JSON] = self._views(connection, found[:limit], state, officer.officer)
        return json_response({"items": page, "next": found[limit - 1].number if len(found) > limit else None})

    def item(self, http: HttpRequest, campaign: str, number: str) -> HttpResponse:
        """``GET /v1/campaigns/<campaign>/items/<number>``. Raises Problem."""
        officer = self.access.officer(http)
        self.access.spend(officer.caller)
        state = self._find(campaign)
        return self._answer_item(self._find_item(state, number, officer), state, officer)

    def answer(self, http: HttpRequest, campaign: str, number: str) -> HttpResponse:
        """``POST /v1/campaigns/<campaign>/items/<number>/answer``. Raises Problem."""
        officer = self.access.officer(http)
        body, state = read(ANSWER, http), self._find(campaign)
        item = self._find_item(state, number, officer)
        if body.get("revision", item.revision) != item.revision:
            raise Problem(errors.CAMPAIGN_CHANGED)
        spend = self.access.spending(officer.caller)
        with told(_refused, errors.CAMPAIGN_CHANGED):
            after = self.transitions.answer(Answer(body["answer"]), body["words"], item, state, officer.officer, spend)
        return self._answer_item(after, state, officer)

    def _find(self, campaign: str) -> CampaignState:
        with self.access.database.read() as connection:
            state = campaigns.find(connection, campaign)
        if state is None:
            raise Problem(errors.CAMPAIGN_UNKNOWN)
        return state

    def _find_item(self, state: CampaignState, number: str, officer: AuthorisedOfficer) -> ItemState:
        with self.access.database.read() as connection:
            item = campaigns.item(connection, state.id, _number(number, Problem(errors.CAMPAIGN_UNKNOWN)))
        if item is None or not sees(item.provider, item.consumer, officer.officer):
            raise Problem(errors.CAMPAIGN_UNKNOWN)
        return item

    def _shown(
        self, connection: Connection, states: Sequence[CampaignState], reader: Officer
    ) -> Sequence[dict[str, JSON]]:
        """Campaigns, without those of which nothing concerns the reader's department."""
        party, calendar, now = _party(reader), self.transitions.calendar(connection), self.clock.now()
        counts = campaigns.counts(connection, [state.id for state in states], party)
        concerned = (state for state in states if party is None or any(counts[state.id].values()))
        return [campaign_view(state, counts[state.id], calendar, now, reader) for state in concerned]

    def _answer(self, state: CampaignState, officer: AuthorisedOfficer, status: int = 200) -> HttpResponse:
        with self.access.database.read() as connection:
            shown = self._shown(connection, [state], officer.officer)
        if not shown:
            raise Problem(errors.CAMPAIGN_UNKNOWN)
        return json_response(shown[0], status)

    def _answer_item(self, item: ItemState, state: CampaignState, officer: AuthorisedOfficer) -> HttpResponse:
        with self.access.database.read() as connection:
            (view,) = self._views(connection, [item], state, officer.officer)
        return json_response(view)

    def _views(
        self, connection: Connection, items: Sequence[ItemState], state: CampaignState, reader: Officer
    ) -> Sequence[dict[str, JSON]]:
        now, registry = self.clock.now(), current(self.access.policy).registry
        shown = [(item, _version(connection, item)) for item in items]
        uses = used(connection, now, {grant.grant.ref for _, grant in shown}) if shown else {}
        over = is_over(state, self.transitions.calendar(connection), now)
        return [
            item_view(
                item,
                grant,
                uses.get(grant.grant.ref, Usage()),
                registry,
                campaign=state,
                over=over,
                reader=reader,
                now=now,
            )
            for item, grant in shown
        ]


def _version(connection: Connection, item: ItemState) -> GrantState:
    """What an answer is about: the version put before the provider, or the newer one that took its place."""
    versions = grants.versions(connection, item.grant)
    asked = next(state for state in versions if state.grant.version == item.version)
    newer = [state for state in versions if state.grant.version > item.version and state.status in _LIVING]
    return newer[-1] if newer and asked.status is Status.SUPERSEDED else asked


def _party(reader: Officer) -> str | None:
    """Whose items a reader sees: None for everybody's."""
    return None if READERS & reader.roles else reader.organisation


def _number(text: str, otherwise: Problem) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER):
        raise otherwise
    return int(text)


_INCOMPLETE = frozenset(
    {f"campaign.{code}" for code in ("title-missing", "days", "nothing-chosen", "too-many", "reason-missing")}
    | {"campaign-item.reason-missing"}
)
"""Refusals that the same officer mends by saying more or something else."""


def _refused(code: str) -> ProblemKind:
    return errors.CAMPAIGN_INCOMPLETE if code in _INCOMPLETE else errors.CAMPAIGN_NOT_ALLOWED
