"""What waited goes on: decided again under what holds now, filtered, signed, recorded; once, whoever comes first.

A request that waits is told from one that was interrupted by its state: recovery after a crash leaves it alone, for
everything that is needed to go on was committed with the entry that says that it waits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
import structlog
from sqlalchemy import Connection

from connectors.source import Outcome, Source
from exchange import errors
from exchange.authentication.tokens import CONSENT_WITHDRAWN, Authenticator
from exchange.blind_index import BlindIndex
from exchange.catalogue.model import Status, System
from exchange.gateway.asking import Asking
from exchange.gateway.consenting import with_consents
from exchange.gateway.enforcement import Refused, Ruling, decision_name, previewer_of, rule
from exchange.gateway.entries import FAILURE, Parked, Released, Settlement
from exchange.gateway.fulfilment import Fulfilment
from exchange.gateway.intents import out_of_quota
from exchange.gateway.recording import CaseClosed, ConsentSpent, IntentLost, OutOfQuota, Recorder
from exchange.gateway.refusals import Refusal, in_both
from exchange.gateway.remembering import Remembered, asked_again, remembered
from exchange.gateway.retrieval import Finding, LookUp, NoRecord
from exchange.in_force.snapshot import Snapshot, current
from exchange.store import cases, intents, waiting
from exchange.store.cases import Case
from exchange.store.intents import Stored
from exchange.store.waiting import FOR_PEOPLE, Wait, WaitingItem
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.identifiers.subject import SubjectRef
from kernel.lease import Lease
from kernel.ledger.batch import Also
from kernel.ledger.errors import FenceMoved, LedgerUnavailable
from kernel.ledger.event import Event
from kernel.ledger.receipt import Receipt
from kernel.problems import Problem, ProblemKind
from kernel.text import Text

MOST_TRIES = 3
"""How often an item is decided again because the epoch moved."""
CONSENT_MISSING = frozenset({"policy.consent-missing", errors.CONSENT_USED_UP.code})
_SOON = (("Retry-After", "1"),)


def nothing_more(_connection: Connection, _receipts: Sequence[Receipt]) -> None:
    """For an answer beside which nothing else is written."""


@dataclass(frozen=True, slots=True)
class Held:
    """An item that waits, with its request and case; ``one`` is None when whom it is about was erased."""

    waited: WaitingItem
    stored: Stored
    case: Case
    one: Remembered | None

    @property
    def asked(self) -> dict[str, Any]:
        """The item as it is stored: type, fields, questions, relation; no number."""
        items: list[dict[str, Any]] = orjson.loads(self.stored.intent.asked)["items"]
        return items[self.waited.item]

    @property
    def delivered(self) -> frozenset[int]:
        """Which items of its request had been delivered when this was read."""
        items = orjson.loads(self.stored.outcome or '{"items": []}')["items"]
        return frozenset(number for number, one in enumerate(items) if one["status"] == "delivered")

    @property
    def legal_basis(self) -> str:
        """The code of the ground on which it was asked for."""
        return str(orjson.loads(self.stored.intent.asked)["legal_basis"])


@dataclass(frozen=True)
class Waiting:
    """Goes on with what waits. Safe for threads, nodes and repetition: the second of two finds nothing to end."""

    policy: Lease[Snapshot]
    authenticator: Authenticator
    database: Database
    fulfilment: Fulfilment
    recorder: Recorder
    clock: Clock
    indexes: BlindIndex
    leeway: int

    def answered(self, request_id: str, item: int, finding: Finding, also: Also = nothing_more) -> str:
        """What came for an item that waits for a person or a source; ``also`` is written in the same transaction.

        The answer counts only as far as everything still stands at this moment: grants, consent, the system, the
        token's client, sign-in and key, and the case. Otherwise it is refused, and recorded as that.

        Raises Problem (evidence-request.not-waiting: somebody was faster; policy.stale-epoch and
        token.revocations-unknown: try again, nothing was written), LedgerUnavailable, and what ``also`` raises.
        """
        held = self.find(request_id, item)
        if held is None or held.waited.wait in FOR_PEOPLE:
            raise Problem(errors.NOT_WAITING)
        if not isinstance(finding, NoRecord) and finding.outcome is Outcome.LATER and held.waited.wait is Wait.PERSON:
            raise Problem(errors.NOT_WAITING)
        return self.settle(held, finding, also)

    def subject_of(self, request_id: str, item: int) -> SubjectRef | None:
        """Whom an item that waits is about: for the one person who has to look the record up. None when erased."""
        held = self.find(request_id, item)
        return None if held is None or held.one is None else held.one.subject

    def end_overdue(self) -> int:
        """End what waited too long, and what waited in a case that is closed; how many.

        One item that cannot be ended holds up no other.
        """
        with self.database.read() as connection:
            found = waiting.overdue(connection, self.clock.now())
        return sum(self._end(one) for one in found)

    def _end(self, waited: WaitingItem) -> bool:
        try:
            held = self.find(waited.request_id, waited.item)
            if held is None or held.waited != waited:
                return False
            self.settle(held, NoRecord(errors.WAITED_TOO_LONG))
        except (Problem, LedgerUnavailable) as trouble:
            code = trouble.kind.code if isinstance(trouble, Problem) else "ledger"
            structlog.get_logger(__name__).warning("a wait could not be ended", request=waited.request_id, kind=code)
            return False
        return True

    def find(self, request_id: str, item: int) -> Held | None:
        """An item that waits, with what it is about; None when it does not wait."""
        with self.database.read() as connection:
            waited = waiting.read(connection, request_id, item)
            return None if waited is None else self.held(connection, waited)

    def wanted(self, held: Held) -> tuple[LookUp | None, Mapping[str, Source]]:
        """What to ask the sources for an item, if it would be permitted now. Raises Problem."""
        snapshot = current(self.policy)
        if held.one is None:
            return None, snapshot.sources
        _, ruling = self._ruling(held, held.one, snapshot, None)
        asks = None if isinstance(ruling, Refused) else (ruling.item.type, held.one.subject)
        return asks, snapshot.sources

    def held(self, connection: Connection, waited: WaitingItem) -> Held | None:
        """An item with what it is about."""
        stored = intents.read(connection, waited.request_id)
        case = cases.read(connection, waited.case)
        if stored is None or case is None:
            return None
        payload = self.recorder.ledger.open_payload(waited.entry)
        return Held(waited, stored, case, None if payload is None else remembered(payload))

    def settle(self, held: Held, finding: Finding, also: Also = nothing_more) -> str:
        """Decide, filter and sign under one epoch, and record it; again when it moved meanwhile. Raises Problem."""
        if held.one is None:
            return self._forgotten(held, also)
        snapshot = current(self.policy)
        for _ in range(MOST_TRIES):
            settlement = self._or_preview(self.judged(held, held.one, finding, snapshot), held, finding, snapshot)
            try:
                return self.record(settlement, held, also)
            except FenceMoved:
                snapshot = self.policy.renew()
            except ConsentSpent:
                continue
        raise Problem(errors.POLICY_STALE, headers=_SOON)

    def judged(
        self, held: Held, one: Remembered, finding: Finding, snapshot: Snapshot, agreed: datetime | None = None
    ) -> Settlement:
        """What becomes of an item by what was found, under a snapshot and at this moment. Raises Problem."""
        asking, ruling = self._ruling(held, one, snapshot, agreed)
        wanted = ruling.item.type, one.subject
        result = self.fulfilment.result(ruling, asking, held.case, {wanted: finding}, snapshot)
        return self.fulfilment.settlement(asking, snapshot, (result,), held.waited.day)

    def _or_preview(self, settlement: Settlement, held: Held, finding: Finding, snapshot: Snapshot) -> Settlement:
        """Where nothing but consent is missing, because it ran out while the item waited, its person is asked again."""
        (result,), one = settlement.results, held.one
        expired = isinstance(result, Refused) and _lacks_consent(result)
        if one is None or not expired or isinstance(finding, NoRecord):
            return settlement
        (would,) = self.judged(held, one, finding, snapshot, agreed=settlement.asking.moment).results
        if not isinstance(would, Released):
            return settlement
        looks = previewer_of(would.ruling.concerned, would.ruling.judged.asked.minor, settlement.asking)
        until = self.fulfilment.patience.until(Wait.PREVIEW, settlement.asking.moment)
        parked = Parked(would.ruling, Wait.PREVIEW, until, finding, looks)
        return settlement if looks is None else replace(settlement, results=(parked,))

    def _ruling(
        self, held: Held, one: Remembered, snapshot: Snapshot, agreed: datetime | None
    ) -> tuple[Asking, Ruling]:
        asking, lost = self._standing(self._asking(held, one, snapshot, agreed), held.case)
        (ruling,) = rule(asking, held.case, snapshot)
        return asking, ruling if lost is None else _without(ruling, lost)

    def _asking(self, held: Held, one: Remembered, snapshot: Snapshot, agreed: datetime | None) -> Asking:
        intent, number, at = held.stored.intent, held.waited.item, self.clock.now()
        system = snapshot.registry.systems.get(intent.system) or _gone(intent.system, intent.organisation)
        asking = asked_again(one, number, held.stored, held.case, system, self.indexes, at=at, leeway=self.leeway)
        about = () if held.one is None else (self.indexes.of(held.one.subject),)
        return replace(with_consents(self.database, asking, snapshot, about), agreed=agreed)

    def _standing(self, asking: Asking, case: Case) -> tuple[Asking, ProblemKind | None]:
        """Why nothing of this request may leave any more. That its token has expired is the nature of waiting."""
        if not case.open:
            return asking, errors.CASE_CLOSED
        if not asking.token.names_somebody:  # kept before that was asked for
            return asking, errors.OFFICER_MISSING
        try:
            self.authenticator.check_not_revoked(asking.token)
        except Problem as problem:
            if problem.kind is errors.REVOCATIONS_UNKNOWN:
                raise
            withdrawn = problem.members.get("reason") == CONSENT_WITHDRAWN
            return replace(asking, consent_withdrawn=withdrawn), problem.kind
        return asking, None

    def record(self, settlement: Settlement, held: Held, also: Also = nothing_more) -> str:
        """Record what became of an item; its status then. Raises FenceMoved, Problem, LedgerUnavailable."""
        try:
            return self.recorder.settle_later(settlement, held.waited, also)
        except OutOfQuota as short:
            (result,) = settlement.results
            refused = result if isinstance(result, Refused) else out_of_quota(result.ruling, short.quota)
            return self.record(replace(settlement, results=(refused,)), held, also)
        except CaseClosed:
            (result,) = settlement.results
            refused = result if isinstance(result, Refused) else _without(result.ruling, errors.CASE_CLOSED)
            return self.record(replace(settlement, results=(refused,)), held, also)
        except IntentLost:
            raise Problem(errors.NOT_WAITING) from None

    def _forgotten(self, held: Held, also: Also) -> str:
        """Whom the item is about was erased: nothing is known any more by which it could be answered."""
        waited, intent, asked = held.waited, held.stored.intent, held.asked
        facts: dict[str, JSON] = {
            "system": intent.system,
            "consumer": intent.organisation,
            "case": intent.case,
            "evidence_type": asked["type"],
            "reason": errors.REQUEST_ERASED.code,
        }
        name = decision_name(waited.request_id, waited.item, 0)
        event = Event(FAILURE, waited.request_id, str(waited.item), facts)
        try:
            self.recorder.forget(event, in_both(Refusal(errors.REQUEST_ERASED), name), waited, also)
        except IntentLost:
            raise Problem(errors.NOT_WAITING) from None
        return "failed"


def _lacks_consent(refused: Refused) -> bool:
    """Whether nothing but consent is missing; whoever took theirs back is not asked again."""
    consent = refused.judged.asked.consent if refused.judged is not None else None
    return refused.refusal.kind.code in CONSENT_MISSING and not (consent is not None and consent.revoked)


def _without(ruling: Ruling, kind: ProblemKind) -> Refused:
    """A refusal of this kind, whatever policies say; what they refuse anyway they refuse in their own words."""
    if isinstance(ruling, Refused):
        return ruling
    return Refused(ruling.item, ruling.decision, ruling.concerned, Refusal(kind), ruling.judged)


def _gone(name: str, organisation: str) -> System:
    """A system that the catalogue no longer knows: nothing is released to it."""
    return System(name, Text(name, name), organisation, "", "", Status.SUSPENDED, sandbox=False)
