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
from exchange.store import intents
from exchange.store.intents import State, Stored
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.ledger.event import Event
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
        asked: list[dict[str, Any]] = orjson.loads(stored.intent.asked)["items"]
        events = [_event(stored, number, item) for number, item in enumerate(asked)]

        def also(connection: Connection, receipts: Sequence[Receipt]) -> None:
            outcome = {
                "status": "failed",
                "items": [_item(stored, *each) for each in enumerate(zip(asked, receipts, strict=True))],
            }
            if not intents.settle(connection, stored.intent.id, State.INTERRUPTED, orjson.dumps(outcome).decode()):
                raise IntentLost

        try:
            self.ledger.append(events, also=also)
        except IntentLost:
            return False
        return True


def _event(stored: Stored, number: int, item: dict[str, Any]) -> Event:
    """The number of whom it was about is not known any more: intents hold none."""
    intent = stored.intent
    facts: dict[str, JSON] = {
        "system": intent.system,
        "consumer": intent.organisation,
        "case": intent.case,
        "evidence_type": item["type"],
        "fields": item["fields"],
        "predicates": [question["name"] for question in item["predicates"]],
    }
    return Event(INTERRUPTED, intent.id, str(number), facts)


def _item(stored: Stored, number: int, pair: tuple[dict[str, Any], Receipt]) -> dict[str, JSON]:
    item, receipt = pair
    problem = in_both(_INTERRUPTED, decision_name(stored.intent.id, number, 0))
    return {"type": item["type"], "entry": receipt.index, "status": "failed", "problem": problem}
