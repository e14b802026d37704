"""Further questions: what a source has to be told by its person, how often they may be wrong, and what follows.

Count, then ask: an answer is counted and recorded (by a salted commitment) in one transaction before the source is
asked, so that a crash costs an attempt and never gives one away. What comes of it ends the wait as every other finding
does: decided again, filtered, signed and recorded once, or offered for a preview first (ADR 0059).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection

from connectors.errors import AnswersExhausted
from connectors.further import PERIOD_HOURS, Further, Question
from exchange import errors
from exchange.gateway.entries import ANSWERS_GIVEN, ANSWERS_UNMATCHED
from exchange.gateway.fulfilment import wants_answers
from exchange.gateway.retrieval import NoRecord, Retrieval
from exchange.gateway.sealing import instant
from exchange.gateway.waiting import Held, Waiting
from exchange.in_force.snapshot import current
from exchange.store import further_answers, waiting
from exchange.store.further_answers import Became, GivenAnswer
from kernel.canonical import JSON, encode
from kernel.ledger.batch import Also
from kernel.ledger.event import Event
from kernel.ledger.receipt import Receipt
from kernel.problems import Problem

_UNASKED = errors.RETRIEVAL_INTERRUPTED
"""Of an item that would be refused: its refusal says why, and this is never told."""


@dataclass(frozen=True, slots=True)
class Put:
    """The questions as they are put to somebody now; ``digest`` ties an answer to them and to its attempt.

    ``elsewhere``: whether another exchange asks them, to which the answers go.
    """

    held: Held
    questions: Sequence[Question]
    attempts_left: int
    digest: str
    elsewhere: bool


@dataclass(frozen=True)
class Questioning:
    """Puts a source's further questions to whoever an item waits for, and takes their answers."""

    waiting: Waiting
    retrieval: Retrieval

    def show(self, held: Held) -> Put:
        """The questions. Raises Problem: preview.over (nothing would leave any more), preview.answers-exhausted."""
        further = self._further(held)
        if further is None or held.one is None or self.waiting.wanted(held)[0] is None:
            raise Problem(errors.PREVIEW_OVER)
        left = self._left(held, further)
        if left <= 0:
            raise Problem(errors.ANSWERS_EXHAUSTED)
        return Put(held, further.questions, left, _digest(held, further), held.one.further is not None)

    def answer(self, held: Held, said: Mapping[str, object], digest: str) -> str:
        """What follows from somebody's answers; the item's status then.

        Raises UnusableAnswers (which count nowhere), LedgerUnavailable and Problem: as `show`, preview.changed (these
        are not the questions of the next attempt), preview.answers-unmatched, what the source is in trouble with.
        """
        further, put = self._further(held), self.show(held)
        if further is None or put.digest != digest:
            raise Problem(errors.PREVIEW_CHANGED)
        told = further.read(said)
        wanted, sources = self.waiting.wanted(held)
        if wanted is None:  # since it was shown
            return self.waiting.settle(held, NoRecord(_UNASKED))
        given = self._count(held, further, told)
        finding = self.retrieval.look_up(wanted, sources, self.retrieval.deadline(), told)
        if isinstance(finding, NoRecord) and finding.may_pass:
            undone = Became.UNDONE
            self.waiting.database.write(lambda connection: further_answers.set_outcome(connection, given, undone))
            raise Problem(finding.kind)
        over = isinstance(finding, NoRecord) and finding.kind is AnswersExhausted.kind
        if over or wants_answers(finding) is not None:
            return self._unmatched(held, further, given, over=over)
        became = Became.UNDONE if isinstance(finding, NoRecord) else Became.RIGHT
        return self.waiting.settle(held, finding, _then(given, became))

    def _further(self, held: Held) -> Further | None:
        if held.one is not None and held.one.further is not None:
            return held.one.further
        source = current(self.waiting.policy).sources.get(held.asked["type"])
        return None if source is None else source.further

    def _left(self, held: Held, further: Further) -> int:
        with self.waiting.database.read() as connection:
            return self._still(connection, held, further)

    def _still(self, connection: Connection, held: Held, further: Further) -> int:
        assert held.one is not None
        whose = self.waiting.indexes.of(held.one.subject), held.asked["type"]
        attempts, asker = further.attempts, further_answers.THE_PERSON
        return further_answers.left(connection, *whose, self._since(), attempts=attempts, asker=asker)

    def _since(self) -> datetime:
        return self.waiting.clock.now() - timedelta(hours=PERIOD_HOURS)

    def _count(self, held: Held, further: Further, told: Mapping[str, str]) -> GivenAnswer:
        """Use up an attempt and record that it was. Raises Problem, LedgerUnavailable."""
        assert held.one is not None
        waited = held.waited
        given = GivenAnswer(
            request_id=waited.request_id,
            item=waited.item,
            attempt=waited.tries + 1,
            subject=self.waiting.indexes.of(held.one.subject),
            evidence_type=held.asked["type"],
            at=self.waiting.clock.now(),
        )

        def also(connection: Connection, _receipts: Sequence[Receipt]) -> None:
            if self._still(connection, held, further) <= 0:  # answered in another window, or another request
                raise Problem(errors.ANSWERS_EXHAUSTED)
            if not waiting.count_answer(connection, waited):
                raise Problem(errors.PREVIEW_CHANGED)
            further_answers.add(connection, given, self._since())

        facts: dict[str, JSON] = {"questions": [*sorted(told)]}
        self._append(self._event(ANSWERS_GIVEN, held, given, facts, evidence=encode(dict(told)).decode()), also)
        return given

    def _unmatched(self, held: Held, further: Further, given: GivenAnswer, *, over: bool) -> str:
        """The answers lead to no single record; after the last attempt, here or at their source, the item ends."""
        self._append(self._event(ANSWERS_UNMATCHED, held, given, {}), _then(given, Became.WRONG))
        left = 0 if over else self._left(held, further)
        if left > 0:
            raise Problem(errors.ANSWERS_UNMATCHED, members={"attempts_left": left})
        return self.waiting.settle(held, NoRecord(errors.ANSWERS_EXHAUSTED))

    def _append(self, event: Event, also: Also) -> None:
        if self.waiting.recorder.ledger.append([event], also=also)[0].repeated:
            raise Problem(errors.PREVIEW_CHANGED)

    def _event(
        self, name: str, held: Held, given: GivenAnswer, more: dict[str, JSON], evidence: str | None = None
    ) -> Event:
        """An entry about one attempt. What was answered is committed to under a salt, and stands nowhere else."""
        intent, asked = held.stored.intent, held.asked
        kind = current(self.waiting.policy).registry.evidence_types.get(asked["type"])
        facts: dict[str, JSON] = {
            "system": intent.system,
            "consumer": intent.organisation,
            "case": intent.case,
            "service_item": held.case.service_item,
            "legal_basis": held.legal_basis,
            "evidence_type": asked["type"],
            "provider": kind.provider if kind is not None else "",
            "fields": [*asked["fields"]],
            "predicates": sorted(one["name"] for one in asked["predicates"]),
            "relation": asked["relation"] or "self",
            "attempt": given.attempt,
        }
        assert held.one is not None
        item = f"{given.item}.{given.attempt}"
        return Event(name, given.request_id, item, facts | more, held.one.subject, evidence=evidence)


def _then(given: GivenAnswer, became: Became) -> Also:
    def also(connection: Connection, _receipts: Sequence[Receipt]) -> None:
        further_answers.set_outcome(connection, given, became)

    return also


def _digest(held: Held, further: Further) -> str:
    """Of the questions, and of which attempt it is: a form that is sent twice is one answer."""
    waited = held.waited
    said: dict[str, JSON] = {
        "request": waited.request_id,
        "item": waited.item,
        "attempt": waited.tries,
        "since": instant(waited.since),
        "questions": [
            {"name": one.name, "kind": one.kind.value, "label": {**one.label.members()}, "optional": one.optional}
            for one in further.questions
        ],
    }
    return f"sha256:{sha256(encode(said)).hexdigest()}"
