"""Openings in JSON, for the API and the pages alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from exchange.catalogue.registry import Registry
from exchange.governance.views import names
from exchange.store.emergencies import Item
from exchange.store.histories import Happened
from kernel.canonical import JSON
from policies.clocks.calendar import WorkingCalendar
from policies.emergency.document import delay_to_json, review_to_json
from policies.emergency.lifecycle import is_overdue, open_to, review_due
from policies.emergency.opening import STATUSES, EmergencyState
from policies.grants.grant import Grant
from policies.grants.sentence import sentence
from policies.roles import Officer


def emergency_view(
    state: EmergencyState, registry: Registry, calendar: WorkingCalendar, now: datetime, reader: Officer
) -> dict[str, JSON]:
    """An opening: who asked for what and why, until when it is open, by when it is reviewed, what the reader may do."""
    asked, due = state.asked, review_due(state, calendar)
    name = names(registry, "")
    return {
        "id": state.id,
        "status": state.status.value,
        "label": STATUSES[state.status].members(),
        "revision": state.revision,
        "template": asked.template,
        "consumer": {"code": asked.consumer, "name": name(asked.consumer).members()},
        "provider": {"code": asked.provider, "name": name(asked.provider).members()},
        "case": asked.case,
        "reason": asked.reason,
        "minutes": asked.minutes,
        "notice_delay": None if asked.delay is None else delay_to_json(asked.delay),
        "asked_by": state.asked_by,
        "asked_at": state.asked_at.isoformat(),
        "opened_by": state.opened_by or None,
        "opened_at": _moment(state.opened_at),
        "ends": _moment(state.ends),
        "review_due": _moment(due),
        "overdue": is_overdue(state, calendar, now),
        "note": state.note,
        "review": None if state.review is None else review_to_json(state.review),
        "commands": [*open_to(state, reader)],
    }


def whole_view(
    listed: dict[str, JSON], people: int, items: Sequence[Item], happened: Sequence[Happened]
) -> dict[str, JSON]:
    """The same with the number of people in its case, everything that was asked for under it, and all that happened."""
    shown: list[JSON] = [
        {
            "evidence_type": item.evidence_type,
            "asked": [*item.asked.split()],
            "outcome": item.outcome,
            "entry": item.entry,
            "at": item.at.isoformat(),
        }
        for item in items
    ]
    return {**listed, "people": people, "items": shown, "history": [one.members() for one in happened]}


def template_view(grant: Grant, registry: Registry) -> dict[str, JSON]:
    """A template in its own words. Raises ValueError for a grant that is none."""
    if grant.emergency is None:
        raise ValueError("no template")
    delay = grant.emergency.delay
    return {
        "template": grant.ref,
        "sentence": sentence(grant, names(registry, grant.evidence_type)).members(),
        "minutes": grant.emergency.minutes,
        "notice_delay": None if delay is None else delay_to_json(delay),
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
