"""A request as a document: what the store holds, and what the ledger records of each event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from kernel.canonical import JSON, encode
from policies.clocks.profile import ShareType, Stage
from policies.clocks.run import Pause, Run
from policies.grants.document import grant_from_json, grant_to_json
from policies.requests.content import Assessment, Circumstances, Content, RefusalCode
from policies.requests.events import Refusal, RequestEvent, RequestState, Seat, Status
from policies.roles import Role


def content_to_json(content: Content) -> dict[str, JSON]:
    """The canonical form of what is asked for."""
    return {
        "grant": grant_to_json(content.grant),
        "purpose": content.purpose,
        "onward": content.onward,
        "assessment": None if content.assessment is None else assessment_to_json(content.assessment),
    }


def content_from_json(document: Mapping[str, Any]) -> Content:
    """Read the canonical form. Raises InvalidGrant, InvalidContent, ValueError, KeyError or TypeError."""
    assessment = document["assessment"]
    return Content(
        grant=grant_from_json(document["grant"]),
        purpose=document["purpose"],
        onward=document["onward"],
        assessment=None if assessment is None else assessment_from_json(assessment),
    )


def assessment_to_json(assessment: Assessment) -> dict[str, JSON]:
    """An impact assessment."""
    return {
        "necessity": assessment.necessity,
        "risks": assessment.risks,
        "measures": assessment.measures,
        "assessed_on": assessment.assessed_on.isoformat(),
        "reference": assessment.reference,
    }


def assessment_from_json(document: Mapping[str, Any]) -> Assessment:
    """Read an impact assessment. Raises InvalidContent, ValueError or TypeError."""
    return Assessment(**{**document, "assessed_on": date.fromisoformat(document["assessed_on"])})


def facts(event: RequestEvent) -> dict[str, JSON]:
    """What the ledger records of an event besides its name and the request: nothing of a citizen.

    What is asked for stands as the digest of its canonical form and the codes that say who asks whom for what.
    """
    found: dict[str, JSON] = {}
    for name, value in event.said().items():
        found |= _fact(name, value)
    return found


def _fact(name: str, value: Any) -> dict[str, JSON]:
    if isinstance(value, Content):
        grant = value.grant
        digest = sha256(encode(content_to_json(value))).hexdigest()
        codes = {"consumer": grant.consumer, "provider": grant.provider, "evidence_type": grant.evidence_type}
        return {**codes, "digest": f"sha256:{digest}"}
    if isinstance(value, Circumstances):
        return {"circumstances": circumstances_to_json(value)}
    if isinstance(value, datetime):
        return {name: value.isoformat()}
    return {name: value if isinstance(value, int) else str(value)}


def circumstances_to_json(circumstances: Circumstances) -> dict[str, JSON]:
    """What the catalogue and the service levels said."""
    return {
        "share_type": circumstances.share_type.value,
        "sensitivity": circumstances.sensitivity,
        "profile": circumstances.profile,
        "clocks": {stage.value: days for stage, days in circumstances.clocks.items()},
    }


def _circumstances_from_json(document: Mapping[str, Any]) -> Circumstances:
    return Circumstances(
        share_type=ShareType(document["share_type"]),
        sensitivity=document["sensitivity"],
        profile=document["profile"],
        clocks={Stage(stage): days for stage, days in document["clocks"].items()},
    )


def state_to_json(state: RequestState) -> dict[str, JSON]:
    """A request's state for a store."""
    refusal = state.refusal
    return {
        "id": state.id,
        "parent": state.parent,
        "content": content_to_json(state.content),
        "status": state.status.value,
        "authors": [[name, role.value] for name, role in state.authors],
        "changed_at": state.changed_at.isoformat(),
        "revision": state.revision,
        "seats": [[seat.value, name] for seat, name in sorted(state.seats)],
        "circumstances": None if state.circumstances is None else circumstances_to_json(state.circumstances),
        "clock": None if state.clock is None else _run_to_json(state.clock),
        "told": [*sorted(state.told)],
        "refusal": None if refusal is None else refusal_to_json(refusal),
        "note": state.note,
        "grant": state.grant,
        "notified": state.notified,
    }


def state_from_json(document: Mapping[str, Any]) -> RequestState:
    """Read what ``state_to_json`` wrote."""
    circumstances, clock, refusal = document["circumstances"], document["clock"], document["refusal"]
    return RequestState(
        id=document["id"],
        parent=document["parent"],
        content=content_from_json(document["content"]),
        status=Status(document["status"]),
        authors=tuple((name, Role(role)) for name, role in document["authors"]),
        changed_at=datetime.fromisoformat(document["changed_at"]),
        revision=document["revision"],
        seats=frozenset((Seat(seat), name) for seat, name in document["seats"]),
        circumstances=None if circumstances is None else _circumstances_from_json(circumstances),
        clock=None if clock is None else _run_from_json(clock),
        told=frozenset(document["told"]),
        refusal=None
        if refusal is None
        else Refusal(RefusalCode(refusal["code"]), refusal["citation"], refusal["reason"]),
        note=document["note"],
        grant=document["grant"],
        notified=document["notified"],
    )


def refusal_to_json(refusal: Refusal) -> dict[str, JSON]:
    """Why it was refused."""
    return {"code": refusal.code.value, "citation": refusal.citation, "reason": refusal.reason}


def _run_to_json(run: Run) -> dict[str, JSON]:
    pauses: list[JSON] = [
        [pause.began.isoformat(), None if pause.ended is None else pause.ended.isoformat()] for pause in run.pauses
    ]
    return {"stage": run.stage.value, "days": run.days, "began": run.began.isoformat(), "pauses": pauses}


def _run_from_json(document: Mapping[str, Any]) -> Run:
    pauses = tuple(
        Pause(datetime.fromisoformat(began), None if ended is None else datetime.fromisoformat(ended))
        for began, ended in document["pauses"]
    )
    began = datetime.fromisoformat(document["began"])
    return Run(stage=Stage(document["stage"]), days=document["days"], began=began, pauses=pauses)
