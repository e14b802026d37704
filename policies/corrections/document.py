"""A correction as a document: what the store holds, and what the ledger records of each event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from kernel.canonical import JSON
from policies.corrections.events import CorrectionEvent, CorrectionState, Objection, Opener, Status

_NOT_TOLD = frozenset({"request", "item", "told_from"})
"""Members of an objection that the entry of opening it leaves to the entry it is about."""


def facts(event: CorrectionEvent) -> dict[str, JSON]:
    """What the ledger records of an event besides its name and the correction: nothing of a citizen."""
    found: dict[str, JSON] = {}
    for name, value in event.said().items():
        found |= _fact(name, value)
    return found


def _fact(name: str, value: Any) -> dict[str, JSON]:
    if isinstance(value, Objection):
        told = objection_to_json(value)
        return {each: said for each, said in told.items() if each not in _NOT_TOLD and (each, said) != ("officer", "")}
    if value is None or (name, value) == ("officer", ""):
        return {}
    return {name: value.isoformat() if isinstance(value, datetime) else value if isinstance(value, int) else str(value)}


def objection_to_json(objection: Objection) -> dict[str, JSON]:
    """What is said to be wrong."""
    return {**asdict(objection), "opener": objection.opener.value}


def state_to_json(state: CorrectionState) -> dict[str, JSON]:
    """A correction's state for a store."""
    return {
        "id": state.id,
        "objection": objection_to_json(state.objection),
        "status": state.status.value,
        "opened_at": state.opened_at.isoformat(),
        "changed_at": state.changed_at.isoformat(),
        "revision": state.revision,
        "taken_by": state.taken_by,
        "note": state.note,
        "citation": state.citation,
        "told": [*sorted(state.told)],
    }


def state_from_json(document: Mapping[str, Any]) -> CorrectionState:
    """Read what ``state_to_json`` wrote. Raises ValueError, KeyError or TypeError for anything else."""
    objection = dict(document["objection"])
    return CorrectionState(
        id=document["id"],
        objection=Objection(**{**objection, "opener": Opener(objection["opener"])}),
        status=Status(document["status"]),
        opened_at=datetime.fromisoformat(document["opened_at"]),
        changed_at=datetime.fromisoformat(document["changed_at"]),
        revision=document["revision"],
        taken_by=document["taken_by"],
        note=document["note"],
        citation=document["citation"],
        told=frozenset(document["told"]),
    )
