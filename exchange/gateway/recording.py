"""Writing down what happened, before anybody is told (ADR 0012).

Ledger entries, the settled intent and everything counted from it are one durable transaction, which also compares the
epoch of the decision with the one that holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeGuard

import orjson
import structlog
from sqlalchemy import Connection

from exchange import errors
from exchange.cases.alarms import Alarm
from exchange.events import outbox
from exchange.events.signal import Kind, Signal, to_system
from exchange.gateway.asking import Asking
from exchange.gateway.enforcement import Refused
from exchange.gateway.entries import (
    DROPPED,
    REFUSAL,
    Parked,
    Released,
    Result,
    Settlement,
    beside,
    item_event,
    ruling_of,
)
from exchange.gateway.outcomes import decision_of, decisions_of, delivery_of, outcome_of, status_of, updated, waits
from exchange.gateway.parking import Parking, given_back
from exchange.gateway.relayed import became, given_answer
from exchange.store import (
    cases,
    consents,
    decisions,
    deliveries,
    further_answers,
    intents,
    messages,
    proofs,
    quotas,
    waiting,
)
from exchange.store.cases import Proof
from exchange.store.deliveries import REFUSED
from exchange.store.intents import Intent, State
from exchange.store.waiting import WaitingItem
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.jose import DpopProof
from kernel.ledger.batch import Also
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt
from kernel.problems import Problem
from policies.decision import Quota
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


class CaseClosed(Exception):
    """The case was closed before the release could be recorded: nothing was."""


class ConsentSpent(Exception):
    """A consent that a release rests on was taken back or used up meanwhile: nothing was recorded; decide again."""


class OutOfQuota(Exception):
    """What a release rests on now was not reserved, and is used up: its ``quota``."""

    def __init__(self, quota: Quota) -> None:
        super().__init__(quota.grant)
        self.quota = quota


@dataclass(frozen=True)
class Recorder:
    """Appends to the ledger; whatever it raises, nothing may leave."""

    ledger: Ledger
    clock: Clock
    parking: Parking

    def settle(self, settlement: Settlement) -> Recorded:
        """Record the outcome of an admitted request. Raises FenceMoved, LedgerUnavailable, IntentLost, ConsentSpent."""
        items = [item_event(result, settlement) for result in settlement.results]
        notices = [event for result in settlement.results for event in beside(result, settlement)]
        kept: list[tuple[float, dict[str, JSON]]] = []

        def also(connection: Connection, receipts: Sequence[Receipt]) -> None:
            outcome = outcome_of(settlement, receipts)
            self._write(connection, settlement, outcome, receipts)
            kept.append((self.clock.monotonic(), outcome))

        receipts = self.ledger.append([*items, *notices], fence=settlement.epoch, also=also)
        _raise_alarm(settlement)
        committed, outcome = kept[-1]
        return Recorded(outcome, tuple(receipts[: len(items)]), committed)

    def _write(
        self, connection: Connection, settlement: Settlement, outcome: Mapping[str, JSON], receipts: Sequence[Receipt]
    ) -> None:
        asking = settlement.asking
        _hold_case(connection, settlement)
        state = State.WAITING if waits(outcome) else State.SETTLED
        if not intents.settle(connection, asking.id, state, orjson.dumps(outcome).decode()):
            raise IntentLost
        self._write_items(connection, settlement, receipts)

    def _write_items(self, connection: Connection, settlement: Settlement, receipts: Sequence[Receipt]) -> None:
        asking = settlement.asking
        pairs = zip(settlement.results, receipts, strict=False)  # receipts of notices follow those of the items
        rows = [row for result, receipt in pairs if (row := delivery_of(result, settlement, receipt.index)) is not None]
        if rows:
            deliveries.add(connection, rows)
        decisions.add(connection, decisions_of(settlement, receipts))
        for grant in settlement.spare:
            quotas.give_back(connection, grant, settlement.day)
        for result in settlement.results:
            if _joins(result):
                whom = result.ruling.concerned
                cases.join(connection, asking.request.case, whom.index, whom.relation, self.clock)
            if isinstance(result, Released):
                self._use_consent(connection, result, asking.request.case)
                _relate(connection, result, asking)
            if ruling_of(result).item.answers is not None:
                further_answers.set_outcome(connection, given_answer(asking, ruling_of(result)), became(result))
        self.parking.park(connection, settlement, receipts)

    def _use_consent(self, connection: Connection, released: Released, case: str) -> None:
        """The log takes one transaction after another: whoever took the consent back came before this or after it."""
        judged = released.ruling.judged
        artefact = judged.artefact
        if artefact is not None and not consents.use(connection, artefact, case, self.clock.now()):
            raise ConsentSpent

    def settle_later(self, settlement: Settlement, waited: WaitingItem, also: Also) -> str:
        """Record what became of one item that waited, by whoever comes first and by nobody else; its status then.

        Raises FenceMoved, LedgerUnavailable, IntentLost where somebody else ended the wait, CaseClosed, OutOfQuota,
        ConsentSpent, and what ``also`` raises.
        """
        (result,) = settlement.results
        events = [item_event(result, settlement), *beside(result, settlement)]

        def write(connection: Connection, receipts: Sequence[Receipt]) -> None:
            _hold_case(connection, settlement)
            if isinstance(result, Released | Parked) and not cases.is_open(connection, waited.case):
                raise CaseClosed
            self._end_wait(connection, waited, result, receipts[0])
            _settle_quotas(connection, waited, result)
            self._write_items(connection, settlement, receipts)
            also(connection, receipts)

        self._once(events, settlement.epoch, write)
        _raise_alarm(settlement)
        return status_of(result)

    def forget(self, event: Event, problem: Mapping[str, JSON], waited: WaitingItem, also: Also) -> None:
        """Record that an item waited in vain, because whom it is about was erased; ``also`` is written with it.

        Raises LedgerUnavailable, IntentLost.
        """

        def write(connection: Connection, receipts: Sequence[Receipt]) -> None:
            self._end_wait(connection, waited, problem, receipts[0])
            for grant, day in given_back(waited, ()):
                quotas.give_back(connection, grant, day)
            also(connection, receipts)

        self._once([event], None, write)

    def _end_wait(
        self, connection: Connection, waited: WaitingItem, result: Result | Mapping[str, JSON], receipt: Receipt
    ) -> None:
        """The one statement that decides who ends a wait; then what is stored says what became of the item."""
        stored = intents.read(connection, waited.request_id) if waiting.take(connection, waited) else None
        if stored is None or stored.outcome is None:
            raise IntentLost
        self.ledger.drop_payload(connection, waited.entry)  # what was kept to go on with
        after = updated(orjson.loads(stored.outcome), waited.item, result, receipt)
        state = State.WAITING if waits(after) else State.SETTLED
        intents.update_outcome(connection, waited.request_id, state, orjson.dumps(after).decode())
        if state is State.SETTLED:
            outbox.put(connection, settled(stored.intent, self.clock.now()))

    def _once(self, events: Sequence[Event], fence: int | None, write: Also) -> None:
        """An entry that is there already belongs to somebody who came first: what they wrote stands."""
        receipt = self.ledger.append(events, fence=fence, also=write)[0]
        if receipt.repeated:
            raise IntentLost

    def turn_away(
        self, request_id: str, facts: Mapping[str, JSON], proof: DpopProof | None, alarm: Alarm | None = None
    ) -> Receipt:
        """Record that an authenticated caller's whole request was refused; uses up its proof where that is still to do.

        ``alarm`` is recorded and told beside it.

        Raises Problem (token.proof-replayed, and nothing is recorded), LedgerUnavailable.
        """

        def also(connection: Connection, _receipts: Sequence[Receipt]) -> None:
            if proof is not None and not proofs.consume(connection, proof):
                raise Problem(errors.PROOF_REPLAYED)
            messages.put(connection, () if alarm is None else alarm.messages)

        raised = () if alarm is None else (alarm.event,)
        return self.ledger.append([Event(REFUSAL, request_id, facts=facts), *raised], also=also)[0]

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


def _joins(result: Result) -> TypeGuard[Released | Parked]:
    """Whether whom it is about was named by a record of this very request, and is a party of the case from now on."""
    return isinstance(result, Released | Parked) and result.ruling.item.source is not None


def _hold_case(connection: Connection, settlement: Settlement) -> None:
    """Where somebody joins, the case is locked before intents and quotas are, as at admission: else two would wait for
    each other.
    """
    if any(_joins(result) for result in settlement.results):
        cases.lock(connection, settlement.asking.request.case)


def _relate(connection: Connection, released: Released, asking: Asking) -> None:
    """What the record read last says holds, whichever release is recorded last: an agreed preview may be days old."""
    item, by = released.ruling.item, released.ruling.concerned.index
    if released.proves is None:
        return
    proof = Proof(asking.request.case, by, item.type, asking.id, item.number)
    if not deliveries.rests_on_newer(connection, proof.case, item.type, by, released.read_at):
        cases.relate(connection, proof, released.proves)


def _settle_quotas(connection: Connection, waited: WaitingItem, result: Result) -> None:
    """Reserve what a release rests on beside what was reserved when it was asked for, and give back the rest."""
    rests = result.ruling.permit.quotas if isinstance(result, Released | Parked) else ()
    for quota in rests:
        held = quota.counted in waited.quotas
        if not held and not quotas.reserve(connection, quota.counted, waited.day, quota.per_day):
            raise OutOfQuota(quota)
    for grant, day in given_back(waited, [quota.counted for quota in rests]):
        quotas.give_back(connection, grant, day)


def settled(intent: Intent, at: datetime) -> Signal:
    """For the system that asked: nothing waits any more."""
    data: dict[str, JSON] = {"request": intent.id, "case": intent.case}
    return to_system(Kind.REQUEST_SETTLED, intent.system, cause=f"settled:{intent.id}", at=at, data=data)
