"""A task as a document: what the store holds, and what the ledger records of each event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kernel.canonical import JSON
from policies.clocks.run import Pause
from policies.responders.clock import Running, ServiceClock
from policies.responders.task import Office, Status, TaskEvent, TaskState, Wanted


def facts(event: TaskEvent) -> dict[str, JSON]:
    """What the ledger records of an event besides its name and the task: nothing of a citizen."""
    found: dict[str, JSON] = {}
    for name, value in event.said().items():
        found |= _fact(name, value)
    return found


def _fact(name: str, value: Any) -> dict[str, JSON]:
    if isinstance(value, Wanted):
        return wanted_to_json(value)
    if isinstance(value, int):
        return {name: value}
    return {name: value.isoformat() if isinstance(value, datetime) else str(value)}


def wanted_to_json(wanted: Wanted) -> dict[str, JSON]:
    """What is asked."""
    return {
        "request": wanted.request,
        "item": wanted.item,
        "case": wanted.case,
        "consumer": wanted.consumer,
        "evidence_type": wanted.evidence_type,
        "service_item": wanted.service_item,
        "legal_basis": wanted.legal_basis,
        "relation": wanted.relation,
        "entry": wanted.entry,
        "fields": [*wanted.fields],
        "predicates": [*wanted.predicates],
        "offices": [{"organisation": each.organisation, "division": each.division} for each in wanted.offices],
        "clock": {"days": wanted.clock.days, "hours": wanted.clock.hours},
        "asked_by": wanted.asked_by,
        "emergency": wanted.emergency,
    }


def state_to_json(state: TaskState) -> dict[str, JSON]:
    """A task's state for a store."""
    running = state.running
    return {
        "id": state.id,
        "wanted": wanted_to_json(state.wanted),
        "status": state.status.value,
        "opened_at": state.opened_at.isoformat(),
        "changed_at": state.changed_at.isoformat(),
        "revision": state.revision,
        "began": running.began.isoformat(),
        "pauses": [{"began": each.began.isoformat(), "ended": _moment(each.ended)} for each in running.pauses],
        "turn": state.turn,
        "taken_by": state.taken_by,
        "told": [*state.told],
        "reply_due": _moment(state.reply_due),
        "reason": state.reason,
        "citation": state.citation,
    }


def state_from_json(document: Mapping[str, Any]) -> TaskState:
    """Read what ``state_to_json`` wrote. Raises ValueError, KeyError or TypeError for anything else."""
    wanted = _wanted(document["wanted"])
    pauses = tuple(Pause(datetime.fromisoformat(each["began"]), _instant(each["ended"])) for each in document["pauses"])
    return TaskState(
        id=document["id"],
        wanted=wanted,
        status=Status(document["status"]),
        opened_at=datetime.fromisoformat(document["opened_at"]),
        changed_at=datetime.fromisoformat(document["changed_at"]),
        revision=document["revision"],
        running=Running(clock=wanted.clock, began=datetime.fromisoformat(document["began"]), pauses=pauses),
        turn=document["turn"],
        taken_by=document["taken_by"],
        told=tuple(document["told"]),
        reply_due=_instant(document["reply_due"]),
        reason=document["reason"],
        citation=document["citation"],
    )


def _wanted(document: Mapping[str, Any]) -> Wanted:
    lists = {name: tuple(document[name]) for name in ("fields", "predicates")}
    offices = tuple(Office(**each) for each in document["offices"])
    return Wanted(**{**document, **lists, "offices": offices, "clock": ServiceClock(**document["clock"])})


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
