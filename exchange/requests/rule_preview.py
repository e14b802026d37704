"""What a proposed calendar or service level would do, told before it is written; nothing is kept of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import Connection

from exchange.requests.rules import Rules
from exchange.store import access_requests
from exchange.store.access_requests import Filter
from kernel.canonical import JSON
from policies.clocks.calendar import CalendarTable
from policies.clocks.changes import Moved, calendars, joined, moved, steps_changed
from policies.clocks.profile import STAGES, SlaProfile, profiles_in_force
from policies.requests.conditions import sees
from policies.requests.events import RequestState
from policies.roles import Officer

MOST_LOOKED_AT, MOST_SHOWN, _BATCH = 5_000, 100, 200
"""Requests: of those that run at most so many are counted, and of those that move so many are named."""


def calendar_preview(
    connection: Connection, rules: Rules, proposed: CalendarTable, today: date, reader: Officer
) -> dict[str, JSON]:
    """How many clocks run, how many deadlines would move which way, and those that the reader may see."""
    before, after = calendars(rules.tables, proposed, today)
    looked_at, found = 0, list[tuple[RequestState, Moved]]()
    for state in _running(connection):
        looked_at += 1
        change = None if state.clock is None else moved(state.clock, before, after)
        if change is not None:
            found.append((state, change))
    seen = [(state, change) for state, change in found if sees(state, reader)]
    shown: list[JSON] = [_moved(state, change) for state, change in seen[:MOST_SHOWN]]
    return {
        "effective_from": proposed.effective_from.isoformat(),
        "running": looked_at,
        "truncated": looked_at == MOST_LOOKED_AT,
        "earlier": sum(change.after < change.before for _state, change in found),
        "later": sum(change.after > change.before for _state, change in found),
        "requests": shown,
    }


def profile_preview(connection: Connection, rules: Rules, proposed: SlaProfile, today: date) -> dict[str, JSON]:
    """What would change for requests that are handed in from then on; clocks that run keep the days they began with."""
    on = max(proposed.effective_from, today)
    held = next((one for one in profiles_in_force(rules.profiles, on) if one.id == proposed.id), None)
    steps: list[JSON] = [
        {
            "stage": step.stage.value,
            "text": {"zh": STAGES[step.stage].zh, "en": STAGES[step.stage].en},
            "share_type": step.share_type.value,
            "published": step.published if told_apart else None,
            "before": step.before,
            "after": step.after,
        }
        for step, told_apart in joined(steps_changed(held, proposed))
    ]
    running = sum(1 for _state in _running(connection))
    return {"effective_from": proposed.effective_from.isoformat(), "running": running, "moved": 0, "steps": steps}


def _running(connection: Connection) -> Iterator[RequestState]:
    after, looked_at = "", 0
    while True:
        batch = access_requests.listed(connection, Filter(), after=after, limit=_BATCH)
        for state in batch:
            if state.clock is not None:
                yield state
                looked_at += 1
            if looked_at == MOST_LOOKED_AT:
                return
        if len(batch) < _BATCH:
            return
        after = batch[-1].id


def _moved(state: RequestState, change: Moved) -> dict[str, Any]:
    stage = STAGES[state.clock.stage] if state.clock else None
    return {
        "id": state.id,
        "text": None if stage is None else {"zh": stage.zh, "en": stage.en},
        "before": change.before.isoformat(),
        "after": change.after.isoformat(),
    }


CalendarPreviewAnswer = Schema.from_dict(
    {
        "effective_from": fields.String(required=True),
        **{name: fields.Integer(required=True) for name in ("running", "earlier", "later")},
        "truncated": fields.Boolean(required=True),
        "requests": fields.List(fields.Dict(), required=True),
    },
    name="CalendarPreviewAnswer",
)
"""Running clocks, and how their deadlines would move from the day on which the table counts."""


class ProfilePreviewAnswer(Schema):
    """Steps whose working days would change for what is handed in from then on; ``moved`` counts running deadlines."""

    effective_from = fields.String(required=True)
    running = fields.Integer(required=True)
    moved = fields.Integer(required=True)
    steps = fields.List(fields.Dict(), required=True)
