"""Writing down what happened, before anybody is told (ADR 0012).

Ledger entries, the settled intent and everything counted from it are one durable transaction, which also compares the
epoch of the decision with the one that holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import orjson
import structlog
from sqlalchemy import Connection

from exchange import errors
from exchange.gateway.enforcement import Refused
from exchange.gateway.entries import DROPPED, REFUSAL, Released, Settlement, item_event, notice
from exchange.gateway.outcomes import decision_of, decisions_of, delivery_of, outcome_of
from exchange.store import cases, decisions, deliveries, intents, proofs, quotas
from exchange.store.deliveries import REFUSED
from exchange.store.intents import State
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.jose import DpopProof
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt
from kernel.problems import Problem
from policies.explain import ENGINES_DISAGREE


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was recorded: the outcome as stored, the receipt of each item, and when (monotonic seconds) it was
    committed.
    """

    outcome: dict[str, JSON]
    receipts: tuple[Receipt, ...] = field(repr=False)
    committed: float


class IntentLost(Exception):
    """The intent was ended by somebody else meanwhile: nothing of this outcome was recorded."""


@dataclass(frozen=True)
class Recorder:
    """Appends to the ledger; whatever it raises, nothing may leave."""

    ledger: Ledger
    clock: Clock

    def settle(self, settlement: Settlement) -> Recorded:
        """Record the outcome of an admitted request. Raises FenceMoved, LedgerUnavailable, IntentLost."""
        items = [item_event(result, settlement) for result in settlement.results]
        notices = [event for result in settlement.results if (event := notice(result, settlement)) is not None]
        kept: list[tuple[float, dict[str, JSON]]] = []

        def also(connection: Connection, receipts: Sequence[Receipt]) -> None:
            outcome = outcome_of(settlement, receipts)
            self._write(connection, settlement, outcome, receipts)
            kept.append((self.clock.monotonic(), outcome))

        receipts = self.ledger.append([*items, *notices], fence=settlement.epoch, also=also)
        if settlement.asking.request.emergency is not None:
            _raise_alarm(settlement)
        committed, outcome = kept[-1]
        return Recorded(outcome, tuple(receipts[: len(items)]), committed)

    def _write(
        self, connection: Connection, settlement: Settlement, outcome: Mapping[str, JSON], receipts: Sequence[Receipt]
    ) -> None:
        asking = settlement.asking
        if not intents.settle(connection, asking.id, State.SETTLED, orjson.dumps(outcome).decode()):
            raise IntentLost
        pairs = zip(settlement.results, receipts, strict=False)  # receipts of notices follow those of the items
        rows = [row for result, receipt in pairs if (row := delivery_of(result, settlement, receipt.index)) is not None]
        if rows:
            deliveries.add(connection, rows)
        decisions.add(connection, decisions_of(settlement, receipts))
        for grant in settlement.spare:
            quotas.give_back(connection, grant, settlement.day)
        for result in settlement.results:
            if isinstance(result, Released):
                item, by = result.ruling.item.number, result.ruling.concerned.index
                cases.relate(connection, asking.request.case, result.proves, by, asking.id, item)

    def turn_away(self, request_id: str, facts: Mapping[str, JSON], proof: DpopProof | None) -> Receipt:
        """Record that an authenticated caller's whole request was refused; uses up its proof where that is still to do.

        Raises Problem (token.proof-replayed, and nothing is recorded), LedgerUnavailable.
        """

        def also(connection: Connection, _receipts: Sequence[Receipt]) -> None:
            if proof is not None and not proofs.consume(connection, proof):
                raise Problem(errors.PROOF_REPLAYED)

        return self.ledger.append([Event(REFUSAL, request_id, facts=facts)], also=also)[0]

    def refuse_replay(self, asking_id: str, refused: Refused, facts: Mapping[str, JSON]) -> None:
        """Record, once, that an answer given before is not given again. Raises LedgerUnavailable."""

        def also(connection: Connection, receipts: Sequence[Receipt]) -> None:
            logged = decision_of(asking_id, refused, REFUSED, receipts[0].index)
            decisions.add(connection, [] if logged is None else [logged])

        named = "emergency" in facts  # whether a statute hides the entry is unknown, so it is shown to auditors alone
        subject = refused.concerned.subject if refused.concerned and not named else None
        self.ledger.append([Event(REFUSAL, asking_id, str(refused.item.number), facts, subject)], also=also)

    def drop(self, request_id: str, facts: Mapping[str, JSON]) -> None:
        """Record that an answer was not sent in time. Raises LedgerUnavailable."""
        self.ledger.append([Event(DROPPED, request_id, facts=facts)])


def _raise_alarm(settlement: Settlement) -> None:
    """Two engines that decide one request differently are a defect: somebody must look at it."""
    for result in settlement.results:
        if isinstance(result, Refused) and ENGINES_DISAGREE in result.refusal.clauses:
            structlog.get_logger(__name__).error("decision engines disagree", decision=result.decision)
