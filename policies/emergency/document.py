"""An opening as a document: what the store holds, and what the ledger records of each event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kernel.canonical import JSON
from kernel.text import Text
from policies.emergency.opening import Asked, EmergencyEvent, EmergencyState, Finding, Review, Status
from policies.grants.terms import NoticeDelay


def facts(event: EmergencyEvent) -> dict[str, JSON]:
    """What the ledger records of an event besides its name and the opening: nothing of a citizen."""
    found: dict[str, JSON] = {}
    for name, value in event.said().items():
        found |= _fact(name, value)
    return found


def _fact(name: str, value: Any) -> dict[str, JSON]:
    if isinstance(value, Asked):
        return asked_to_json(value)
    return {name: value.isoformat() if isinstance(value, datetime) else str(value)}


def asked_to_json(asked: Asked) -> dict[str, JSON]:
    """What was asked for."""
    return {
        "template": asked.template,
        "consumer": asked.consumer,
        "provider": asked.provider,
        "case": asked.case,
        "reason": asked.reason,
        "minutes": asked.minutes,
        "notice_delay": None if asked.delay is None else delay_to_json(asked.delay),
    }


def delay_to_json(delay: NoticeDelay) -> dict[str, JSON]:
    """By which statute the person is told later, and how much."""
    return {"days": delay.days, "statute": {"zh": delay.statute.zh, "en": delay.statute.en}}


def state_to_json(state: EmergencyState) -> dict[str, JSON]:
    """An opening's state for a store."""
    review = state.review
    return {
        "id": state.id,
        "asked": asked_to_json(state.asked),
        "status": state.status.value,
        "asked_by": state.asked_by,
        "asked_at": state.asked_at.isoformat(),
        "changed_at": state.changed_at.isoformat(),
        "revision": state.revision,
        "opened_by": state.opened_by,
        "opened_at": None if state.opened_at is None else state.opened_at.isoformat(),
        "ends": None if state.ends is None else state.ends.isoformat(),
        "told": state.told,
        "note": state.note,
        "review": None if review is None else review_to_json(review),
    }


def review_to_json(review: Review) -> dict[str, JSON]:
    """What a review found."""
    return {"by": review.by, "at": review.at.isoformat(), "finding": review.finding.value, "words": review.words}


def state_from_json(document: Mapping[str, Any]) -> EmergencyState:
    """Read what ``state_to_json`` wrote. Raises ValueError, KeyError or TypeError for anything else."""
    asked, review = dict(document["asked"]), document["review"]
    delay = asked.pop("notice_delay")
    return EmergencyState(
        id=document["id"],
        asked=Asked(**asked, delay=None if delay is None else NoticeDelay(delay["days"], Text(**delay["statute"]))),
        status=Status(document["status"]),
        asked_by=document["asked_by"],
        asked_at=datetime.fromisoformat(document["asked_at"]),
        changed_at=datetime.fromisoformat(document["changed_at"]),
        revision=document["revision"],
        opened_by=document["opened_by"],
        opened_at=_optional(document["opened_at"]),
        ends=_optional(document["ends"]),
        told=document["told"],
        note=document["note"],
        review=None
        if review is None
        else Review(review["by"], datetime.fromisoformat(review["at"]), Finding(review["finding"]), review["words"]),
    )


def _optional(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
