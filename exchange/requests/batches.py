"""One request for many departments: all of its children or none are drafted, and handed in together or one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from exchange import errors
from exchange.access import AuthorisedOfficer
from exchange.forms import read as read_form
from exchange.governance.views import names
from exchange.in_force.snapshot import current
from exchange.paging import page_size
from exchange.proceedings import told
from exchange.requests.desk import SUBMIT, RequestDesk, refused
from exchange.requests.forms import BulkRequestForm
from exchange.store import access_requests, request_batches
from exchange.store.access_requests import Filter
from kernel.canonical import JSON
from kernel.ids import new_id
from kernel.ledger.event import Event
from kernel.ledger.receipt import Receipt
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, json_response
from policies.requests.batch import PHASES, Batch, progress
from policies.requests.commands import DraftRequest
from policies.requests.conditions import READERS, open_to, sees
from policies.requests.events import RequestState, Status
from policies.requests.steps import RequestStep
from policies.roles import Officer

BULK = BulkRequestForm()
"""Built once."""
EVENT = "RequestBatchDrafted"
_LONGEST = 64
_TWICE = Text("同一部门列了两次", "One department stands twice")
_NOTHING = Text("没有可提交的草稿", "There is no draft to hand in")
_BAD_AFTER = Text("after 应为上一页的 next", "after is the next of the page before")


@dataclass(frozen=True)
class BatchDesk:
    """The endpoints of bulk requests. ``desk`` is that of single ones."""

    desk: RequestDesk

    def draft(self, http: HttpRequest) -> HttpResponse:
        """``POST /v1/access-requests/bulk``: all of them, or none. Raises Problem."""
        desk, officer = self.desk, self.desk.access.officer(http)
        body = desk.filled_in(read_form(BULK, http))
        if len(set(body["consumers"])) != len(body["consumers"]):
            raise Problem(INVALID_BODY, detail=_TWICE)
        parent = new_id("arb", desk.clock, desk.entropy)
        steps = [step for each in body["consumers"] for step in self._child(body, each, parent, officer, http.language)]
        children = {step.after.id: step.after for step in steps}
        batch = _batch(parent, [*children.values()], officer.officer, steps[0].event.at)
        spend = desk.access.spending(officer.caller)

        def also(connection: Connection, receipts: Sequence[Receipt]) -> None:
            spend(connection, receipts)
            request_batches.add(connection, batch)

        with told(refused, errors.ACCESS_REQUEST_CHANGED):
            desk.transitions.record(steps, also, beside=(_entry(batch),))
        return self._answer(batch, officer, 201)

    def listed(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/access-requests/batches``: newest first, as far as this officer may see them. Raises Problem."""
        officer = self.desk.access.officer(http)
        asked = http.parameters()
        limit, after = page_size(asked.get("limit")), asked.get("after", "")
        if len(after) > _LONGEST:
            raise Problem(INVALID_BODY, detail=_BAD_AFTER)
        self.desk.access.spend(officer.caller)
        party = _party(officer.officer)
        with self.desk.access.database.read() as connection:
            found = request_batches.listed(
                connection, party=party, by=officer.officer.id, before=after, limit=limit + 1
            )
            page = found[:limit]
            counted = request_batches.counted(connection, [one.id for one in page], party=party)
        shown: list[JSON] = [self._view(one, counted[one.id]) for one in page]
        return json_response({"batches": shown, "next": page[-1].id if len(found) > limit else None})

    def show(self, http: HttpRequest, batch: str) -> HttpResponse:
        """``GET /v1/access-requests/batches/<batch>``: how far it has come, and its requests. Raises Problem."""
        officer = self.desk.access.officer(http)
        self.desk.access.spend(officer.caller)
        return self._answer(self._find(batch, officer), officer)

    def submit(self, http: HttpRequest, batch: str) -> HttpResponse:
        """``POST /v1/access-requests/batches/<batch>/submit``: every draft of it, or none. Raises Problem."""
        desk, officer = self.desk, self.desk.access.officer(http)
        read_form(SUBMIT, http)
        found, asking = self._find(batch, officer), desk.asking()
        drafts = [state for state in self._children(found, officer) if state.status is Status.DRAFTED]
        if not drafts:
            raise Problem(errors.ACCESS_REQUEST_NOT_ALLOWED, detail=_NOTHING)
        with told(refused, errors.ACCESS_REQUEST_CHANGED):
            steps = [
                step
                for state in drafts
                for step in desk.transitions.steps(
                    (desk.submission(asking, state, http.language),), state, officer.officer
                )
            ]
            desk.transitions.record(steps, desk.access.spending(officer.caller))
        return self._answer(found, officer)

    def _child(
        self, body: Mapping[str, Any], consumer: str, parent: str, officer: AuthorisedOfficer, language: str
    ) -> tuple[RequestStep, ...]:
        desk = self.desk
        request, asking = new_id("ar", desk.clock, desk.entropy), desk.asking()
        with told(refused, errors.ACCESS_REQUEST_CHANGED):
            content = asking.content(body, consumer, request, language)
            drafted = desk.transitions.steps((DraftRequest(request, content, parent),), None, officer.officer)
            if not body.get("submit", False):
                return drafted
            state = drafted[-1].after
            handed_in = (desk.submission(asking, state, language),)
            return (*drafted, *desk.transitions.steps(handed_in, state, officer.officer))

    def _find(self, batch: str, officer: AuthorisedOfficer) -> Batch:
        with self.desk.access.database.read() as connection:
            found = request_batches.find(connection, batch)
        if found is None or not (found.by == officer.officer.id or self._children(found, officer)):
            raise Problem(errors.ACCESS_REQUEST_UNKNOWN)
        return found

    def _children(self, batch: Batch, officer: AuthorisedOfficer) -> list[RequestState]:
        with self.desk.access.database.read() as connection:
            found = access_requests.listed(connection, Filter(parent=batch.id), after="", limit=batch.size)
        return [state for state in found if sees(state, officer.officer)]

    def _answer(self, batch: Batch, officer: AuthorisedOfficer, status: int = 200) -> HttpResponse:
        children, rules = self._children(batch, officer), self.desk.rules()
        counted: dict[Status, int] = {}
        for state in children:
            counted[state.status] = counted.get(state.status, 0) + 1
        shown: list[JSON] = [self.desk.view(state, officer, rules) for state in children]
        drafts = [state for state in children if state.status is Status.DRAFTED]
        commands: list[JSON] = ["submit"] if any("submit" in open_to(one, officer.officer) for one in drafts) else []
        said = {**self._view(batch, counted), "parent": batch.id, "commands": commands, "requests": shown}
        return json_response(said, status)

    def _view(self, batch: Batch, counted: Mapping[Status, int]) -> dict[str, JSON]:
        name = names(current(self.desk.access.policy).registry, batch.evidence_type)(batch.evidence_type)
        phases: list[JSON] = [
            {"phase": phase.value, "text": {"zh": PHASES[phase].zh, "en": PHASES[phase].en}, "count": count}
            for phase, count in progress(counted).items()
        ]
        return {
            "id": batch.id,
            "at": batch.at.isoformat(),
            "evidence_type": {"code": batch.evidence_type, "name": {"zh": name.zh, "en": name.en}},
            "purpose": batch.purpose,
            "size": batch.size,
            "progress": phases,
        }


def _batch(parent: str, children: Sequence[RequestState], officer: Officer, at: datetime) -> Batch:
    content = children[0].content
    return Batch(
        id=parent,
        by=officer.id,
        organisation=officer.organisation,
        at=at,
        evidence_type=content.grant.evidence_type,
        purpose=content.purpose,
        size=len(children),
    )


def _entry(batch: Batch) -> Event:
    facts: dict[str, JSON] = {
        "by": batch.by,
        "organisation": batch.organisation,
        "evidence_type": batch.evidence_type,
        "size": batch.size,
    }
    return Event(EVENT, batch.id, "1", facts)


def _party(officer: Officer) -> str | None:
    return None if READERS & officer.roles else officer.organisation
