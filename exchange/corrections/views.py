"""Corrections in JSON, for the API and the pages alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from exchange.catalogue.naming import named, named_in
from exchange.catalogue.registry import Registry
from exchange.clocks.limits import clock_view, deadline_view
from exchange.corrections.recipients import Received
from exchange.gateway.predicates import LABELS
from exchange.particulars import Particulars
from exchange.store.histories import Happened
from kernel.canonical import JSON
from kernel.text import Text
from policies.clocks.calendar import WorkingCalendar
from policies.corrections.events import STATUSES, UNANSWERED, CorrectionState
from policies.corrections.lifecycle import open_to
from policies.roles import Officer


def correction_view(
    state: CorrectionState, registry: Registry, calendar: WorkingCalendar, now: datetime, reader: Officer
) -> dict[str, JSON]:
    """A correction: which field of what, whose it is, by when it is answered, and what the reader may do."""
    objection = state.objection
    return {
        "id": state.id,
        "status": state.status.value,
        "label": STATUSES[state.status].members(),
        "revision": state.revision,
        "evidence_type": named_in(registry.evidence_types, objection.evidence_type),
        "field": named(objection.field, _label(objection.field, registry, objection.evidence_type)),
        "provider": named_in(registry.organisations, objection.provider),
        "consumer": named_in(registry.organisations, objection.consumer),
        "opener": objection.opener.value,
        "officer": objection.officer,
        "opened_at": state.opened_at.isoformat(),
        "clock": clock_view(state.clock, calendar, now),
        "note": state.note,
        "citation": state.citation,
        "commands": [*open_to(state, reader)],
    }


def standing_view(state: CorrectionState, calendar: WorkingCalendar) -> dict[str, JSON]:
    """How a correction stands, for whoever opened it: without anything of whom it is about."""
    return {
        "id": state.id,
        "status": state.status.value,
        "label": STATUSES[state.status].members(),
        "opened_at": state.opened_at.isoformat(),
        "deadline": deadline_view(state.clock, calendar),
        "note": state.note,
        "citation": state.citation,
        "commands": ["withdraw"] if state.status in UNANSWERED else [],
    }


def whole_view(
    listed: dict[str, JSON], received: Received | None, happened: Sequence[Happened], shown: Particulars | None
) -> dict[str, JSON]:
    """The same with where the reader's own department received the record, all that happened, and what whoever took it
    up needs to know.
    """
    cases: list[JSON] = [] if received is None else [one.case for one in received.released]
    flows: list[JSON] = [] if received is None else [{"flow": one.flow, "row": one.row} for one in received.flows]
    particulars: JSON = None
    if shown is not None:
        particulars = {"subject": {"scheme": shown.about.scheme, "value": shown.about.value}, **shown.said}
    history: list[JSON] = [one.members() for one in happened]
    return {**listed, "cases": cases, "flows": flows, "history": history, "particulars": particulars}


def _label(named: str, registry: Registry, evidence_type: str) -> Text | None:
    kind = registry.evidence_types.get(evidence_type)
    found = kind.fields.get(named) if kind else None
    return found.label if found else LABELS.get(named)
