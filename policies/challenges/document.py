"""A challenge as a document: what the store holds, and what the ledger records of each event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from kernel.canonical import JSON
from policies.challenges.events import ChallengeEvent, ChallengeState, Status, Use


def facts(event: ChallengeEvent) -> dict[str, JSON]:
    """What the ledger records of an event besides its name and the challenge: nothing of a citizen."""
    found: dict[str, JSON] = {}
    for name, value in event.said().items():
        found |= _fact(name, value)
    return found


def _fact(name: str, value: Any) -> dict[str, JSON]:
    if isinstance(value, Use):
        return {"entry": value.entry, "challenged": value.event, "days": value.days}
    if value is None:
        return {}
    return {name: value.isoformat() if isinstance(value, datetime) else value if isinstance(value, int) else str(value)}


def state_to_json(state: ChallengeState) -> dict[str, JSON]:
    """A challenge's state for a store."""
    use = state.use
    return {
        "id": state.id,
        "use": asdict(use) | {"at": use.at.isoformat(), "asked": [*use.asked]},
        "status": state.status.value,
        "opened_at": state.opened_at.isoformat(),
        "changed_at": state.changed_at.isoformat(),
        "revision": state.revision,
        "note": state.note,
        "told": [*sorted(state.told)],
    }


def state_from_json(document: Mapping[str, Any]) -> ChallengeState:
    """Read what ``state_to_json`` wrote. Raises ValueError, KeyError or TypeError for anything else."""
    use = document["use"]
    return ChallengeState(
        id=document["id"],
        use=Use(**{**use, "at": datetime.fromisoformat(use["at"]), "asked": tuple(use["asked"])}),
        status=Status(document["status"]),
        opened_at=datetime.fromisoformat(document["opened_at"]),
        changed_at=datetime.fromisoformat(document["changed_at"]),
        revision=document["revision"],
        note=document["note"],
        told=frozenset(document["told"]),
    )
