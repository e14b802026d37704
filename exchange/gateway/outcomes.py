"""What is stored of a settled request: enough to answer it again, and rows to count by; never a value of evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from exchange.gateway.enforcement import Permitted, Refused
from exchange.gateway.entries import Failed, Parked, Released, Result, Settlement, ruling_of
from exchange.gateway.refusals import Refusal, in_both
from exchange.gateway.sealing import instant
from exchange.store.decisions import LoggedDecision
from exchange.store.deliveries import CERTIFICATE, FAILED, REFUSED, RELEASED, Delivery
from exchange.store.waiting import Wait
from kernel.canonical import JSON
from kernel.ledger.receipt import Receipt
from policies import recorded


def outcome_of(settlement: Settlement, receipts: Sequence[Receipt]) -> dict[str, JSON]:
    """What is stored to answer a repetition: per item its status and its entry; the evidence itself lies by the
    ledger.
    """
    items = [_stored(result, receipt) for result, receipt in zip(settlement.results, receipts, strict=False)]
    return {"status": overall_status([str(item["status"]) for item in items]), "items": [*items]}


def _stored(result: Result, receipt: Receipt) -> dict[str, JSON]:
    ruling = ruling_of(result)
    stored: dict[str, JSON] = {"type": ruling.item.type, "entry": receipt.index}
    stored["status"] = status_of(result)
    if isinstance(result, Released):  # what a requirement rests on is read again; the evidence is sealed away
        return stored | ({CERTIFICATE: result.certificate} if result.certificate else {})
    if isinstance(result, Parked):
        reason: dict[str, JSON] = {"reason": Wait.FURTHER.value} if result.wait is Wait.FURTHER else {}
        return stored | {"until": instant(result.until)} | reason
    refusal = Refusal(result.kind, more=result.more) if isinstance(result, Failed) else result.refusal
    return stored | {"problem": in_both(refusal, ruling.decision)}


def status_of(result: Result) -> str:
    """What an item is called in an answer."""
    if isinstance(result, Released):
        return "delivered"
    if isinstance(result, Parked):
        return STATUSES[result.wait]
    return "failed" if isinstance(result, Failed) else "refused"


STATUSES: Mapping[Wait, str] = {
    Wait.PERSON: "awaiting-person",
    Wait.PREVIEW: "awaiting-preview",
    Wait.FURTHER: "awaiting-preview",
    Wait.SOURCE: "running",
}
"""What an item that waits is called."""


def waits(outcome: Mapping[str, Any]) -> bool:
    """Whether some item of a stored outcome waits still."""
    return outcome["status"] in STATUSES.values()


def updated(
    outcome: Mapping[str, Any], number: int, result: Result | Mapping[str, JSON], receipt: Receipt
) -> dict[str, JSON]:
    """A stored outcome in which one item's turn has come: by a result, or failed with a problem (in both languages)."""
    items = [*outcome["items"]]
    if isinstance(result, Mapping):
        items[number] = {"type": items[number]["type"], "entry": receipt.index, "status": "failed", "problem": result}
    else:
        items[number] = _stored(result, receipt)
    return {"status": overall_status([item["status"] for item in items]), "items": items}


def overall_status(statuses: Sequence[str]) -> str:
    """One word for all items: for what some still wait, otherwise delivered, partly-delivered, failed or refused."""
    for waiting in STATUSES.values():
        if waiting in statuses:
            return waiting
    if "delivered" in statuses:
        return "delivered" if set(statuses) == {"delivered"} else "partly-delivered"
    return "failed" if "failed" in statuses else "refused"


def delivery_of(result: Result, settlement: Settlement, entry: int) -> Delivery | None:
    """The row an item is counted by; None while it waits, and when it could not be established whom it is about."""
    ruling = ruling_of(result)
    if ruling.concerned is None or isinstance(result, Parked):
        return None
    asking, item = settlement.asking, ruling.item
    return Delivery(
        request_id=asking.id,
        item=item.number,
        entry=entry,
        case_id=asking.request.case,
        consumer=asking.system.organisation,
        provider=settlement.providers.get(item.type, ""),
        evidence_type=item.type,
        service_item=asking.request.service_item,
        legal_basis=asking.request.legal_basis,
        relation=ruling.concerned.relation,
        subject=ruling.concerned.index,
        outcome=outcome_name(result),
        asked=" ".join((*item.fields, *sorted(item.predicate_names))),
        at=asking.moment,
        officer="" if asking.token.officer is None else asking.indexes.of_officer(asking.token.officer),
        read_at=result.read_at if isinstance(result, Released) else None,
    )


def decision_of(request_id: str, ruling: Permitted | Refused, outcome: str, entry: int) -> LoggedDecision | None:
    """The decision to log beside an entry; None where policies were not asked."""
    if ruling.judged is None:
        return None
    asked, consent = ruling.judged.asked, ruling.judged.asked.consent
    return LoggedDecision(
        entry=entry,
        request_id=request_id,
        item=ruling.item.number,
        at=asked.now,
        epoch=ruling.judged.said.epoch,
        catalogue=ruling.judged.catalogue,
        rules=recorded.rules(),
        subject=ruling.concerned.index if ruling.concerned else None,
        evidence_type=asked.evidence_type,
        asked=recorded.asked(asked),
        consent_from=consent.not_before if consent else None,
        consent_until=consent.not_after if consent else None,
        verdict=recorded.verdict(ruling.judged.said),
        outcome=outcome,
    )


def decisions_of(settlement: Settlement, receipts: Sequence[Receipt]) -> list[LoggedDecision]:
    """The decisions of a settled request, each beside the entry of its item."""
    pairs = zip(settlement.results, receipts, strict=False)
    logged = (
        decision_of(settlement.asking.id, ruling_of(result), outcome_name(result), receipt.index)
        for result, receipt in pairs
    )
    return [one for one in logged if one is not None]


def outcome_name(result: Result) -> str:
    """What became of an item, in one word."""
    if isinstance(result, Released):
        return RELEASED
    if isinstance(result, Parked):
        return "waiting"
    return FAILED if isinstance(result, Failed) else REFUSED
