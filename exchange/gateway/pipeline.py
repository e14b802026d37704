"""The governed call, read aloud: authenticate, understand, admit, fetch, filter and sign, record, answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import orjson

from exchange import errors
from exchange.authentication.tokens import CONSENT_WITHDRAWN, Authenticator, Caller, unauthorized
from exchange.cases.alarms import Alarm, Alarms
from exchange.cases.watching import Watch
from exchange.gateway import intents as admission
from exchange.gateway.answers import Choice, Piece, compose, stored_pieces
from exchange.gateway.asking import Asking
from exchange.gateway.consenting import with_consents
from exchange.gateway.enforcement import Refused, rule
from exchange.gateway.entries import Released, Settlement, common_facts
from exchange.gateway.fulfilment import NOTHING, Fulfilment, from_same_sources, withdrawn
from exchange.gateway.intents import Admitted, Attempt, Repeated, TurnedAway
from exchange.gateway.recording import ConsentSpent, IntentLost, Recorded, Recorder
from exchange.gateway.refusals import describe
from exchange.gateway.relayed import RelayedAnswers
from exchange.gateway.retrieval import Findings
from exchange.gateway.understanding import Understanding
from exchange.in_force.snapshot import Snapshot
from exchange.requirements.choosing import with_causes
from exchange.store.intents import State
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy
from kernel.ids import new_id
from kernel.jose import DpopProof
from kernel.lease import Lease
from kernel.ledger.errors import FenceMoved
from kernel.problems import Problem, ProblemKind
from kernel.web.http import HttpRequest, HttpResponse

MOST_TRIES = 3
"""How often a request decides again because the epoch moved; then it is refused."""
SENT_WITHIN = 1.0
"""Seconds from the commit after which an answer is dropped: a node that was frozen must not release what was since
revoked.
"""

_SOON = (("Retry-After", "1"),)


@dataclass(frozen=True)
class Gateway:
    """Everything a governed call needs, and nothing of any one call. Safe for threads."""

    origin: str
    authenticator: Authenticator
    understanding: Understanding
    policy: Lease[Snapshot]
    database: Database
    fulfilment: Fulfilment
    relayed: RelayedAnswers
    recorder: Recorder
    watch: Watch
    alarms: Alarms
    clock: Clock
    entropy: Entropy

    def request_evidence(self, http: HttpRequest) -> HttpResponse:
        """``POST /v1/evidence-requests``. Raises Problem."""
        caller = self.authenticator.authenticate(http)
        request_id = new_id("er", self.clock, self.entropy)
        try:
            attempt = self.understanding.attempt(http, caller, request_id)
            asking = with_causes(self.database, attempt.asking, attempt.snapshot, http.language)
        except Problem as problem:
            self._record_refusal(request_id, caller, problem.kind, caller.proof)
            raise
        asking = with_consents(self.database, asking, attempt.snapshot)
        attempt = attempt if asking is attempt.asking else replace(attempt, asking=asking)
        admitted = self.database.write(lambda connection: admission.admit(connection, attempt))
        if isinstance(admitted, TurnedAway):
            alarm = self.alarms.of(asking.system, admitted.kind)
            raise self._turned_away(request_id, caller, admitted.kind, alarm)
        if isinstance(admitted, Repeated):
            return self._repeat(attempt, admitted, caller, http.language)
        self._note(asking, admitted)
        return self._answer(*self._fulfil(attempt, admitted), http.language)

    def _note(self, asking: Asking, admitted: Admitted) -> None:
        """Whom a system looks up while nobody is present: too many are not merely looked up one by one."""
        if not asking.token.present:
            people = {one.concerned.index for one in admitted.rulings if one.concerned is not None}
            self.watch.note(asking.system, admitted.case.id, people)

    def _fulfil(self, attempt: Attempt, admitted: Admitted) -> tuple[Settlement, Recorded]:
        """Fetch; then decide, filter, sign and record under one epoch, again when it moved meanwhile."""
        asking, snapshot = attempt.asking, attempt.snapshot
        ends = self.fulfilment.retrieval.deadline()
        findings = self._fetched(asking, admitted, snapshot, ends)
        for _ in range(MOST_TRIES):
            asking, admitted, findings = self._composed(asking, admitted, findings, snapshot, ends)
            asking, standing = self._still_standing(asking, admitted, snapshot)
            settlement = self.fulfilment.settle(asking, standing, findings, snapshot)
            try:
                return settlement, self._settled(settlement)
            except (FenceMoved, ConsentSpent):
                before, snapshot = snapshot, self.policy.renew()
                asking, admitted = self.fulfilment.decide_again(asking, admitted, snapshot)
                # What only the newer policies permit, and what another source has now.
                findings = from_same_sources(findings, before, snapshot)
                findings = self._fetched(asking, admitted, snapshot, ends, findings)
        return self._give_up(asking, admitted, snapshot)

    def _fetched(
        self, asking: Asking, admitted: Admitted, snapshot: Snapshot, ends: float, found: Findings = NOTHING
    ) -> Findings:
        """What the sources say beside what was found; answers that a request passes on are counted before."""
        return self.fulfilment.fetch(
            admitted, snapshot, ends, {**found, **self.relayed.counted(asking, admitted, snapshot)}
        )

    def _composed(
        self, asking: Asking, admitted: Admitted, findings: Findings, snapshot: Snapshot, ends: float
    ) -> tuple[Asking, Admitted, Findings]:
        """Step by step, all within one deadline: what one record names, the next look-up is about.

        Again under newer policies: they may permit the record that names somebody only now.
        """
        while (
            asking.request.composed
            and (step := self.fulfilment.compose(asking, admitted, findings, snapshot)) is not None
        ):
            asking, admitted = step
            self._note(asking, admitted)
            findings = self.fulfilment.fetch(admitted, snapshot, ends, findings)
        return asking, admitted, findings

    def _still_standing(self, asking: Asking, admitted: Admitted, snapshot: Snapshot) -> tuple[Asking, Admitted]:
        """Once more just before it is recorded: the token may have been revoked while the sources were asked.

        Where the person took back their consent, policies are asked again, so that the refusal says so.
        """
        try:
            self.authenticator.check_standing(asking.token)
        except Problem as problem:
            if problem.members.get("reason") == CONSENT_WITHDRAWN:
                asking = replace(asking, consent_withdrawn=True)
                admitted = replace(admitted, rulings=rule(asking, admitted.case, snapshot))
            return asking, withdrawn(admitted, problem.kind)
        return asking, admitted

    def _give_up(self, asking: Asking, admitted: Admitted, snapshot: Snapshot) -> tuple[Settlement, Recorded]:
        """Policy moves faster than this request can follow: nothing is released."""
        refused = withdrawn(admitted, errors.POLICY_STALE)
        settlement = self.fulfilment.settle(asking, refused, {}, snapshot)
        return settlement, self._settled(settlement)

    def _settled(self, settlement: Settlement) -> Recorded:
        try:
            return self.recorder.settle(settlement)
        except IntentLost:
            raise Problem(errors.RETRIEVAL_INTERRUPTED, headers=_SOON) from None

    def _answer(self, settlement: Settlement, recorded: Recorded, language: str) -> HttpResponse:
        pairs = zip(settlement.results, recorded.receipts, strict=True)
        pieces = [
            Piece(result.sealed.jws, result.sealed.claims, receipt.text)
            if isinstance(result, Released)
            else Piece(None, None, receipt.text)
            for result, receipt in pairs
        ]
        response = compose(settlement.asking.id, recorded.outcome, pieces, language, {})
        if self.clock.monotonic() - recorded.committed > SENT_WITHIN:
            self.recorder.drop(settlement.asking.id, common_facts(settlement.asking))
            raise Problem(errors.ANSWER_DROPPED, headers=_SOON)
        return response

    def _repeat(self, attempt: Attempt, repeated: Repeated, caller: Caller, language: str) -> HttpResponse:
        """The same key again: the same answer, if it would still be allowed."""
        intent = repeated.stored.intent
        if intent.digest != attempt.digest:
            raise self._turned_away(attempt.asking.id, caller, errors.KEY_REUSED)
        if repeated.stored.state is State.RUNNING:
            raise Problem(errors.REQUEST_RUNNING, headers=_SOON)
        return self.repetition(intent.id, attempt.asking, repeated, language, {})

    def repetition(
        self, request_id: str, asking: Asking, repeated: Repeated, language: str, choice: Choice
    ) -> HttpResponse:
        """The stored answer of a settled request, authorised anew. Raises Problem."""
        outcome = orjson.loads(repeated.stored.outcome or "{}")
        for item, refused in zip(outcome["items"], repeated.refusals, strict=True):
            if item["status"] == "delivered" and refused is not None:
                self._refuse_repetition(request_id, asking, refused, language)
        return compose(request_id, outcome, stored_pieces(outcome, self.recorder.ledger), language, choice)

    def _refuse_repetition(self, request_id: str, asking: Asking, ruling: Refused, language: str) -> None:
        facts = common_facts(asking) | {"reason": ruling.refusal.kind.code, "repeated": True}
        self.recorder.refuse_replay(request_id, ruling, facts)
        unmet = describe(ruling.refusal, ruling.decision, language)
        members: dict[str, JSON] = {name: unmet[name] for name in ("decision_id", "unmet") if name in unmet}
        raise Problem(ruling.refusal.kind, members=members)

    def _turned_away(self, request_id: str, caller: Caller, kind: ProblemKind, alarm: Alarm | None = None) -> Problem:
        """The refusal of a whole request whose proof is used up already."""
        if kind is errors.PROOF_REPLAYED:  # not authenticated after all: nothing is recorded
            return unauthorized(kind, self.origin)
        self._record_refusal(request_id, caller, kind, None, alarm)
        return Problem(kind)

    def _record_refusal(
        self, request_id: str, caller: Caller, kind: ProblemKind, proof: DpopProof | None, alarm: Alarm | None = None
    ) -> None:
        facts: Mapping[str, JSON] = {"client": caller.token.client_id, "reason": kind.code}
        try:
            self.recorder.turn_away(request_id, facts, proof, alarm)
        except Problem as replayed:
            raise unauthorized(replayed.kind, self.origin) from None
