"""Answers to further questions that a system passes on: another exchange, which has the person before it (ADR 0067).

Count, then ask, as where the person answers here (``exchange.previews.further``): one transaction counts an answer and
records it, by a salted commitment alone, before a source hears it; so a crash costs an attempt and gives none away.
What came of it is written in the transaction that settles the request.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from connectors.further import PERIOD_HOURS
from exchange import errors
from exchange.gateway.asking import Asking
from exchange.gateway.enforcement import Permitted, Refused
from exchange.gateway.entries import ANSWERS_GIVEN, Failed, Released, Result, common_facts
from exchange.gateway.intents import Admitted
from exchange.gateway.retrieval import Findings, NoRecord
from exchange.in_force.snapshot import Snapshot
from exchange.store import further_answers
from exchange.store.further_answers import Became, GivenAnswer
from kernel.canonical import JSON, encode
from kernel.clock import Clock
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt
from kernel.problems import Problem

_ONLY = 1
"""A request passes answers on once: the next attempt is another request."""
_WRONG = frozenset({errors.ANSWERS_UNMATCHED, errors.ANSWERS_EXHAUSTED})


@dataclass(frozen=True)
class RelayedAnswers:
    """Counts what a system passes on."""

    ledger: Ledger
    clock: Clock

    def counted(self, asking: Asking, admitted: Admitted, snapshot: Snapshot) -> Findings:
        """Use up an attempt for the answers that a request passes on, and record it; once for each request.

        What is known without asking: that no attempt is left. Raises LedgerUnavailable.
        """
        ruling = admitted.rulings[0]
        if not isinstance(ruling, Permitted) or ruling.item.answers is None:
            return {}
        source = snapshot.sources.get(ruling.item.type)
        most = 0 if source is None else source.attempts
        given = given_answer(asking, ruling)
        now = self.clock.now()
        since = now - timedelta(hours=PERIOD_HOURS)

        def also(connection: Connection, _receipts: Sequence[Receipt]) -> None:
            whose = given.subject, given.evidence_type
            if further_answers.left(connection, *whose, since, attempts=most, asker=given.asker) <= 0:
                raise Problem(errors.ANSWERS_EXHAUSTED)
            further_answers.add(connection, given, since)

        try:
            self.ledger.append([_event(asking, ruling, snapshot)], also=also)
        except Problem as problem:
            return {(ruling.item.type, ruling.concerned.subject): NoRecord(problem.kind)}
        return {}


def given_answer(asking: Asking, ruling: Permitted | Refused) -> GivenAnswer:
    """The answers of a request, as they are counted."""
    subject = ruling.concerned.index if ruling.concerned is not None else b""
    asker = asking.system.organisation
    return GivenAnswer(asking.id, ruling.item.number, _ONLY, subject, ruling.item.type, asking.moment, asker)


def became(result: Result) -> Became:
    """What came of the answers. Where a source was in trouble, or nothing was to be released, nothing was learnt."""
    if isinstance(result, Released):
        return Became.RIGHT
    return Became.WRONG if isinstance(result, Failed) and result.kind in _WRONG else Became.UNDONE


def _event(asking: Asking, ruling: Permitted, snapshot: Snapshot) -> Event:
    """Which questions were answered, through whom; the answers under a salt, and nowhere else."""
    item, kind = ruling.item, snapshot.registry.evidence_types.get(ruling.item.type)
    answers: dict[str, JSON] = {**(item.answers or {})}
    facts: dict[str, JSON] = {
        "evidence_type": item.type,
        "provider": kind.provider if kind is not None else "",
        "fields": [*item.fields],
        "predicates": [*sorted(item.predicate_names)],
        "relation": ruling.concerned.relation,
        "attempt": _ONLY,
        "questions": [*sorted(answers)],
        "relayed": True,
    }
    evidence = encode(answers).decode()
    named = f"{item.number}.{_ONLY}"
    return Event(ANSWERS_GIVEN, asking.id, named, common_facts(asking) | facts, ruling.concerned.subject, evidence)
