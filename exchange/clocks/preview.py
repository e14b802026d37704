"""What a proposed calendar or service level would do, told before it is written; nothing is kept of it."""

from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import Connection

from exchange.clocks.rules import Rules
from exchange.store import access_requests
from exchange.store.access_requests import Filter
from kernel.canonical import JSON
from policies.clocks.calendar import CalendarTable
from policies.clocks.changes import Moved, calendars, joined, moved, steps_changed
from policies.clocks.profile import STAGES, SlaProfile, profiles_in_force
from policies.clocks.run import Run
from policies.requests.conditions import sees
from policies.requests.events import RequestState, Status
from policies.roles import Officer

MOST_LOOKED_AT, MOST_SHOWN, _BATCH = 5_000, 100, 200
"""Requests under way: at most so many are looked at, and of those that move so many are named."""
_OVER = frozenset({Status.FULFILLED, Status.LAPSED, Status.UPHELD, Status.WITHDRAWN})
UNDER_WAY = Filter(statuses=frozenset(Status) - {Status.DRAFTED} - _OVER)
"""Those on which a clock can run."""


def calendar_preview(
    connection: Connection, rules: Rules, proposed: CalendarTable, today: date, reader: Officer
) -> dict[str, JSON]:
    """How many clocks run, how many deadlines would move which way, and those that the reader may see."""
    before, after = calendars(rules.tables, proposed, today)
    running, truncated = _running(connection)
    every = ((state, clock, moved(clock, before, after)) for state, clock in running)
    found = [(state, clock, change) for state, clock, change in every if change is not None]
    seen = [one for one in found if sees(one[0], reader)]
    shown: list[JSON] = [_moved(*one) for one in seen[:MOST_SHOWN]]
    return {
        "effective_from": proposed.effective_from.isoformat(),
        "running": len(running),
        "truncated": truncated,
        "earlier": sum(change.after < change.before for *_, change in found),
        "later": sum(change.after > change.before for *_, change in found),
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
    running, truncated = _running(connection)
    return {
        "effective_from": proposed.effective_from.isoformat(),
        "running": len(running),
        "truncated": truncated,
        "steps": steps,
    }


def _running(connection: Connection) -> tuple[list[tuple[RequestState, Run]], bool]:
    """Requests under way whose clock runs, and whether there are more than were looked at."""
    found, after = list[tuple[RequestState, Run]](), ""
    for _ in range(MOST_LOOKED_AT // _BATCH):
        batch = access_requests.listed(connection, UNDER_WAY, after=after, limit=_BATCH)
        found += [(state, state.clock) for state in batch if state.clock is not None]
        if len(batch) < _BATCH:
            return found, False
        after = batch[-1].id
    return found, bool(access_requests.listed(connection, UNDER_WAY, after=after, limit=1))


def _moved(state: RequestState, clock: Run, change: Moved) -> dict[str, Any]:
    stage = STAGES[clock.stage]
    return {
        "id": state.id,
        "text": {"zh": stage.zh, "en": stage.en},
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
    """Steps whose working days would change for what is handed in from then on; running deadlines stay."""

    effective_from = fields.String(required=True)
    running = fields.Integer(required=True)
    truncated = fields.Boolean(required=True)
    steps = fields.List(fields.Dict(), required=True)
