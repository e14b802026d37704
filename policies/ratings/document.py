"""A rating as a document: what the store holds, and what the ledger records of each event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from kernel.canonical import JSON
from policies.ratings.events import Grade, Rating, RatingEvent, RatingState, Status


def facts(event: RatingEvent) -> dict[str, JSON]:
    """What the ledger records of an event besides its name and the case: nothing of a citizen."""
    found: dict[str, JSON] = {}
    for name, value in event.said().items():
        found |= _fact(name, value)
    return found


def _fact(name: str, value: Any) -> dict[str, JSON]:
    if isinstance(value, Rating):
        return {"grade": int(value.grade), "days": value.days}
    if value is None:
        return {}
    return {name: value.isoformat() if isinstance(value, datetime) else value if isinstance(value, int) else str(value)}


def state_to_json(state: RatingState) -> dict[str, JSON]:
    """A rating's state for a store."""
    return {
        "rating": asdict(state.rating) | {"grade": int(state.rating.grade)},
        "status": state.status.value,
        "rated_at": state.rated_at.isoformat(),
        "changed_at": state.changed_at.isoformat(),
        "revision": state.revision,
        "note": state.note,
        "satisfied": state.satisfied,
        "told": [*sorted(state.told)],
    }


def state_from_json(document: Mapping[str, Any]) -> RatingState:
    """Read what ``state_to_json`` wrote. Raises ValueError, KeyError or TypeError for anything else."""
    return RatingState(
        rating=Rating(**{**document["rating"], "grade": Grade(document["rating"]["grade"])}),
        status=Status(document["status"]),
        rated_at=datetime.fromisoformat(document["rated_at"]),
        changed_at=datetime.fromisoformat(document["changed_at"]),
        revision=document["revision"],
        note=document["note"],
        satisfied=document["satisfied"],
        told=frozenset(document["told"]),
    )
