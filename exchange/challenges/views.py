"""Challenges in JSON, for the API and the pages alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from exchange.catalogue.naming import named_in
from exchange.catalogue.registry import Registry
from exchange.clocks.limits import clock_view, deadline_view
from exchange.store.histories import Happened
from kernel.canonical import JSON
from policies.challenges.events import STATUSES, ChallengeState
from policies.challenges.lifecycle import open_to
from policies.clocks.calendar import WorkingCalendar
from policies.roles import Officer


def own_view(state: ChallengeState, registry: Registry, calendar: WorkingCalendar) -> dict[str, JSON]:
    """A challenge for whoever gave it."""
    return _common(state, registry) | {"deadline": deadline_view(state.clock, calendar)}


def challenge_view(
    state: ChallengeState, registry: Registry, calendar: WorkingCalendar, now: datetime, reader: Officer
) -> dict[str, JSON]:
    """A challenge: which use of whose, by when it is answered, and what the reader may do."""
    use = state.use
    return _common(state, registry) | {
        "revision": state.revision,
        "event": use.event,
        "used_at": use.at.isoformat(),
        "request": use.request,
        "case": use.case,
        "system": use.system,
        "officer": use.officer,
        "evidence_type": named_in(registry.evidence_types, use.evidence_type),
        "service_item": named_in(registry.service_items, use.service_item),
        "legal_basis": use.legal_basis,
        "asked": [*use.asked],
        "relation": use.relation,
        "clock": clock_view(state.clock, calendar, now),
        "commands": [*open_to(state, reader)],
    }


def whole_view(listed: dict[str, JSON], happened: Sequence[Happened], words: str | None) -> dict[str, JSON]:
    """The same with all that happened, and what was said for whoever answers."""
    return {**listed, "history": [one.members() for one in happened], "words": words}


def _common(state: ChallengeState, registry: Registry) -> dict[str, JSON]:
    return {
        "id": state.id,
        "entry": state.use.entry,
        "status": state.status.value,
        "label": STATUSES[state.status].members(),
        "organisation": named_in(registry.organisations, state.use.organisation),
        "opened_at": state.opened_at.isoformat(),
        "note": state.note,
    }
