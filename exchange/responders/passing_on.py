"""Passing on what an office said: the gateway decides again, filters, signs and records; then nothing is left here.

The step of the task (answered, not found, refused, timed out) is durable before; what is sealed goes in the transaction
of the release. A crash between the two leaves a task that has ended and still holds something sealed: it is passed on
at the next sweep. The gateway ends an item's wait once, so nothing is released twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog
from sqlalchemy import Connection

from connectors.source import Outcome, Retrieved
from exchange import errors
from exchange.gateway.retrieval import Finding, NoRecord
from exchange.gateway.waiting import Waiting
from exchange.responders.sealed import Secret
from exchange.responders.transitions import TaskTransitions
from exchange.store import responders
from kernel.database import DatabaseUnavailable
from kernel.envelope import CannotOpen
from kernel.ledger.errors import LedgerUnavailable
from kernel.ledger.receipt import Receipt
from kernel.problems import Problem, ProblemKind
from kernel.text import Text
from policies.responders.task import Status, TaskState

MOST_AT_ONCE = 100
"""Ended tasks that one sweep looks at."""


@dataclass(frozen=True)
class PassingOn:
    """Hands answers to the gateway. Safe for threads and nodes."""

    transitions: TaskTransitions
    waiting: Waiting

    def pass_on(self, state: TaskState) -> bool:
        """Whether what the office said has reached whoever asked; if not, it is tried again. Never raises."""
        try:
            return self._pass_on(state)
        except (Problem, LedgerUnavailable, DatabaseUnavailable, CannotOpen) as trouble:
            reason = trouble.kind.code if isinstance(trouble, Problem) else type(trouble).__name__
            structlog.get_logger(__name__).warning("an answer could not be passed on", task=state.id, reason=reason)
            return False

    def left_over(self) -> int:
        """Pass on what an earlier try did not; how many reached whoever asked."""
        with self.transitions.database.read() as connection:
            found = responders.not_passed_on(connection, limit=MOST_AT_ONCE)
        return sum(self.pass_on(state) for state in found)

    def _pass_on(self, state: TaskState) -> bool:
        database, task = self.transitions.database, state.id
        with database.read() as connection:
            envelope = responders.secret_of(connection, task)
        if envelope is None:
            return True  # another thread or node was faster

        def also(connection: Connection, _receipts: Sequence[Receipt]) -> None:
            responders.forget(connection, task)

        finding = found(state, self.transitions.vault.open(task, envelope))
        try:
            self.waiting.answered(state.wanted.request, state.wanted.item, finding, also)
        except Problem as problem:
            if problem.kind is not errors.NOT_WAITING:
                raise
            database.write(lambda connection: responders.forget(connection, task))  # the request ended otherwise
        return True


def found(state: TaskState, secret: Secret) -> Finding:
    """What an ended task says about the record, as the gateway reads findings."""
    if state.status is Status.ANSWERED:
        return Retrieved(Outcome.FOUND, secret.values or {}, secret.source_time, state.changed_at)
    if state.status is Status.NOT_FOUND:
        return Retrieved(Outcome.NOT_FOUND, {}, None, state.changed_at)
    return NoRecord(_refused(state) if state.status is Status.REFUSED else errors.NOBODY_ANSWERED)


def _refused(state: TaskState) -> ProblemKind:
    """The refusal in the office's own words: whoever asked reads the reason and the provision."""
    said = Text(f"依据：{state.citation}。理由：{state.reason}", f"By {state.citation}: {state.reason}")
    return replace(errors.REFUSED_BY_OFFICE, next_step=said)
