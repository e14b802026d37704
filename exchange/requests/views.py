"""Requests in words and JSON, for the API, the pages and the command line alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from exchange.catalogue.registry import Registry
from exchange.governance.views import names
from exchange.store.histories import Happened
from kernel.canonical import JSON
from policies.clocks.calendar import WorkingCalendar
from policies.clocks.run import in_words, standing
from policies.grants.document import grant_to_json
from policies.grants.sentence import sentence
from policies.requests.conditions import open_to
from policies.requests.content import REFUSALS
from policies.requests.document import assessment_to_json, refusal_to_json
from policies.requests.events import STATUSES, RequestState
from policies.roles import Officer


def request_view(
    state: RequestState, registry: Registry, calendar: WorkingCalendar, now: datetime, reader: Officer
) -> dict[str, JSON]:
    """A request as it stands in a list: who asks whom for what, what is left of the time, what the reader may do."""
    grant = state.content.grant
    name = names(registry, grant.evidence_type)
    return {
        "id": state.id,
        "parent": state.parent or None,
        "status": state.status.value,
        "label": STATUSES[state.status].members(),
        "revision": state.revision,
        **{
            member: {"code": code, "name": name(code).members()}
            for member, code in (
                ("consumer", grant.consumer),
                ("provider", grant.provider),
                ("evidence_type", grant.evidence_type),
            )
        },
        "sentence": sentence(grant, name).members(),
        "purpose": state.content.purpose,
        "onward": state.content.onward,
        "share_type": state.circumstances.share_type.value if state.circumstances else None,
        "clock": clock_view(state, calendar, now),
        "ref": state.grant or None,
        "notified": state.notified,
        "commands": [*open_to(state, reader)],
        "changed_at": state.changed_at.isoformat(),
    }


def whole_view(listed: dict[str, JSON], state: RequestState, history: Sequence[Happened]) -> dict[str, JSON]:
    """The same with all that is asked for and all that happened."""
    assessment, refusal = state.content.assessment, state.refusal
    return {
        **listed,
        "grant": grant_to_json(state.content.grant),
        "assessment": None if assessment is None else assessment_to_json(assessment),
        "refusal": None if refusal is None else {**refusal_to_json(refusal), "text": REFUSALS[refusal.code].members()},
        "note": state.note,
        "history": [one.members() for one in history],
    }


def clock_view(state: RequestState, calendar: WorkingCalendar, now: datetime) -> dict[str, JSON] | None:
    """Where the clock of the present step stands; None where none runs."""
    if state.clock is None:
        return None
    here = standing(state.clock, calendar, now)
    return {
        "stage": here.stage.value,
        "profile": state.circumstances.profile if state.circumstances else "",
        "days": state.clock.days,
        "began": state.clock.began.isoformat(),
        "warning": None if here.warning is None else here.warning.isoformat(),
        "deadline": None if here.deadline is None else here.deadline.isoformat(),
        "days_left": here.left,
        "days_overdue": here.overdue,
        "late": here.late,
        "paused": here.paused,
        "provisional": here.provisional,
        "text": in_words(here).members(),
    }
