"""Certificates as answers show them."""

from __future__ import annotations

from datetime import UTC, date

from exchange.certificates.lifecycle import STATUSES, Standing, Status
from exchange.store.certificates import Kept, Past
from kernel.canonical import JSON


def standing(kept: Kept) -> Standing | None:
    """How a certificate stands after its latest change on record; None where nothing is."""
    if not kept.history:
        return None
    past = kept.history[-1]
    return Standing(Status(past.status), past.revision, past.effective_at, past.valid_until, past.description)


def stands_view(stands: Standing, day: date) -> dict[str, JSON]:
    """How a certificate stands on a day."""
    status = stands.on(day)
    return {
        "status": status.value,
        "label": {"zh": STATUSES[status].zh, "en": STATUSES[status].en},
        "revision": stands.revision,
        "effective_at": stands.effective_at.astimezone(UTC).isoformat(),
        "valid_until": stands.valid_until,
        "description": stands.description,
    }


def past_view(past: Past) -> dict[str, JSON]:
    """One change on record."""
    return {
        "change": past.change,
        "status": past.status,
        "effective_at": past.effective_at.astimezone(UTC).isoformat(),
        "recorded_at": past.recorded_at.astimezone(UTC).isoformat(),
    }
