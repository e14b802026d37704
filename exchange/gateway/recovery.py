"""After a crash: every intent that nobody will settle any more becomes an entry that says so.

Nothing had left for any of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection

from exchange import errors
from exchange.gateway.enforcement import decision_name
from exchange.gateway.entries import INTERRUPTED
from exchange.gateway.recording import IntentLost
from exchange.gateway.refusals import Refusal, in_both
from exchange.store import deliveries, intents
from exchange.store.deliveries import FAILED, Delivery
from exchange.store.intents import State, Stored
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.ledger.event import Event, Located
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt

_INTERRUPTED = Refusal(errors.RETRIEVAL_INTERRUPTED)


@dataclass(frozen=True)
class Recovery:
    """Sweeps up unfinished intents. ``runner`` names this process."""

    database: Database
    ledger: Ledger
    clock: Clock
    runner: str

    def at_start(self) -> int:
        """Before serving: on SQLite no other process serves, so every running intent of another runner is an orphan."""
        return self._sweep(self.runner if self.database.dialect == "sqlite" else None)

    def overdue(self) -> int:
        """While serving: intents far beyond every time limit, whoever began them. How many were swept up."""
        return self._sweep(None)

    def _sweep(self, not_by: str | None) -> int:
        swept = 0
        while True:
            with self.database.read() as connection:
                found = intents.unfinished(connection, overdue=self.clock.now(), not_by=not_by)
            if not found:
                return swept
            swept += sum(self._interrupt(stored) for stored in found)

    def _interrupt(self, stored: Stored) -> bool:
        """Record one interruption; False when the request was settled after all."""
        request: dict[str, Any] = orjson.loads(stored.intent.asked)
        asked: list[dict[str, Any]] = request["items"]
        events = [_event(stored, number, request) for number in range(len(asked))]

        def also(connection: Connection, receipts: Sequence[Receipt]) -> None:
            outcome = {
                "status": "failed",
                "items": [_item(stored, *each) for each in enumerate(zip(asked, receipts, strict=True))],
            }
            if not intents.settle(connection, stored.intent.id, State.INTERRUPTED, orjson.dumps(outcome).decode()):
                raise IntentLost
            rows = (_row(stored, *each) for each in enumerate(zip(events, asked, receipts, strict=True)))
            deliveries.add(connection, [row for row in rows if row is not None])

        try:
            self.ledger.append(events, also=also)
        except IntentLost:
            return False
        return True


def _event(stored: Stored, number: int, request: dict[str, Any]) -> Event:
    """What was asked for, told to whom it is about.

    Not where emergency access was asked for: whether a statute puts off that they are told is unknown here. Nor
    about whom a record of the same request would have named: nobody knows who that is.
    """
    intent, item = stored.intent, request["items"][number]
    about = item.get("about", {})
    facts: dict[str, JSON] = {
        "system": intent.system,
        "consumer": intent.organisation,
        "case": intent.case,
        "service_item": request.get("service_item", ""),
        "legal_basis": request["legal_basis"],
        "evidence_type": item["type"],
        "provider": item.get("provider", ""),
        "fields": item["fields"],
        "predicates": sorted(question["name"] for question in item["predicates"]),
        "relation": about.get("relation") or item["relation"] or "",
    }
    facts |= {name: request[name] for name in ("emergency", "officer") if name in request}
    facts |= {name: item[name] for name in ("chosen_over",) if name in item}
    subject = Located(bytes.fromhex(about["located"])) if about and "emergency" not in request else None
    return Event(INTERRUPTED, intent.id, str(number), facts, subject)


def _row(stored: Stored, number: int, made: tuple[Event, dict[str, Any], Receipt]) -> Delivery | None:
    """The row by which its provider sees the attempt; None where it is not known whom it was about."""
    event, item, receipt = made
    if "about" not in item:
        return None
    facts: Any = event.facts
    return Delivery(
        request_id=stored.intent.id,
        item=number,
        entry=receipt.index,
        case_id=stored.intent.case,
        consumer=stored.intent.organisation,
        provider=facts["provider"],
        evidence_type=facts["evidence_type"],
        service_item=facts["service_item"],
        legal_basis=facts["legal_basis"],
        relation=facts["relation"],
        subject=bytes.fromhex(item["about"]["index"]),
        outcome=FAILED,
        asked=" ".join((*facts["fields"], *facts["predicates"])),
        at=stored.intent.started_at,
        officer=facts.get("officer", ""),
    )


def _item(stored: Stored, number: int, pair: tuple[dict[str, Any], Receipt]) -> dict[str, JSON]:
    item, receipt = pair
    problem = in_both(_INTERRUPTED, decision_name(stored.intent.id, number, 0))
    return {"type": item["type"], "entry": receipt.index, "status": "failed", "problem": problem}
