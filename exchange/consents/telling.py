"""The system that asked is told that there is an answer, so that it need not look: which consent, not what was said."""

from __future__ import annotations

from datetime import datetime

from exchange.events.signal import Kind, Signal, to_system
from exchange.store.consents import Artefact
from kernel.canonical import JSON


def answered(one: Artefact, event: str, at: datetime) -> Signal:
    """The signal of an answer; ``event`` is the entry of the log that says so."""
    data: dict[str, JSON] = {"consent": one.id, "case": one.terms.case}
    cause = f"{event}:{one.id}"
    return to_system(Kind.CONSENT_ANSWERED, one.system, cause=cause, at=at, data=data, subject=one.subject)
