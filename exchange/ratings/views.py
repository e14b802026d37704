"""Ratings in JSON, for the API and the pages alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from exchange.catalogue.naming import named_in
from exchange.catalogue.registry import Registry
from exchange.clocks.limits import clock_view
from exchange.store.histories import Happened
from exchange.store.ratings import Count
from kernel.canonical import JSON
from policies.clocks.calendar import WorkingCalendar
from policies.ratings.events import BAD, GRADES, STATUSES, UNDER_WAY, Grade, RatingState, Status
from policies.ratings.lifecycle import open_to
from policies.roles import Officer


def rating_view(
    state: RatingState, registry: Registry, calendar: WorkingCalendar, now: datetime, reader: Officer
) -> dict[str, JSON]:
    """A rating: which case, what grade, by when it is put right, and what the reader may do."""
    rating = state.rating
    return {
        "case": rating.case,
        "grade": int(rating.grade),
        "status": state.status.value,
        "label": STATUSES[state.status].members(),
        "revision": state.revision,
        "organisation": named_in(registry.organisations, rating.organisation),
        "service_item": named_in(registry.service_items, rating.service_item),
        "rated_at": state.rated_at.isoformat(),
        "clock": clock_view(state.clock, calendar, now),
        "note": state.note,
        "satisfied": state.satisfied,
        "commands": [*open_to(state, reader)],
    }


def whole_view(listed: dict[str, JSON], happened: Sequence[Happened], words: str | None) -> dict[str, JSON]:
    """The same with all that happened, and what was said for whoever puts it right."""
    return {**listed, "history": [one.members() for one in happened], "words": words}


def department_view(code: str, counted: Sequence[Count], registry: Registry) -> dict[str, JSON]:
    """What a department's cases were given. Satisfied are the grades from "fairly" on, of all that count."""
    grades: Counter[Grade] = Counter()
    for one in counted:
        if one.status is not Status.EXCLUDED:
            grades[Grade(one.grade)] += one.count
    rated, bad = grades.total(), sum(grades[grade] for grade in BAD)
    return {
        "organisation": named_in(registry.organisations, code),
        "grades": {str(int(grade)): grades[grade] for grade in GRADES},
        "rated": rated,
        "excluded": sum(one.count for one in counted if one.status is Status.EXCLUDED),
        "bad": bad,
        "under_way": sum(one.count for one in counted if one.status in UNDER_WAY),
        "satisfied_per_cent": None if not rated else round(100 * (rated - bad) / rated),
    }
