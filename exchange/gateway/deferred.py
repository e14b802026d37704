"""Asynchronous delivery: sources asked after the caller was told to come back, again where they give no answer.

Every item is its own: a source that hangs holds up nobody else's. Whoever asks a source first puts the item's next turn
off, so that of several nodes one asks, and after a crash somebody asks again; what is released is released once in any
case. Nothing is asked for an item that would be refused by now.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from exchange import errors
from exchange.gateway.retrieval import Finding, NoRecord, Retrieval
from exchange.gateway.waiting import Held, Waiting
from exchange.store import waiting
from exchange.store.waiting import WaitingItem
from kernel.lease import LeaseLost
from kernel.ledger.errors import LedgerUnavailable
from kernel.problems import Problem

MOST_AT_ONCE = 32
"""Items that one turn looks at."""
THREADS = 4
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
"""Between two askings of a source; the pause doubles each time."""
_UNASKED = errors.RETRIEVAL_INTERRUPTED
"""Of an item that would be refused: its refusal says why, and this is never told."""


@dataclass(frozen=True)
class Deferred:
    """Asks the sources of what is delivered later."""

    waiting: Waiting
    retrieval: Retrieval
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(THREADS, "deferred"))

    def work(self) -> int:
        """Ask for whatever is due now; how many items have their outcome. Raises DatabaseUnavailable."""
        now = self.waiting.clock.now()
        with self.waiting.database.read() as connection:
            due = waiting.due(connection, now, MOST_AT_ONCE)
        if not due:
            return 0
        return sum(self._pool.map(lambda one: self._ask(one, now), due))

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _ask(self, one: WaitingItem, now: datetime) -> bool:
        again = now + min(FIRST_PAUSE * 2 ** min(one.tries, 12), LONGEST_PAUSE)
        try:
            if not self.waiting.database.write(lambda connection: waiting.put_off(connection, one, again)):
                return False  # another node's turn
            held = self.waiting.find(one.request_id, one.item)
            still = held is not None and held.waited.entry == one.entry
            return held is not None and still and self._go_on(held, again)
        except (Problem, LedgerUnavailable, LeaseLost) as trouble:
            log = structlog.get_logger(__name__)
            log.warning("asked later again", request=one.request_id, reason=type(trouble).__name__)
            return False

    def _go_on(self, held: Held, again: datetime) -> bool:
        finding = self._found(held)
        if _may_get_better(finding) and again < held.waited.until:
            return False
        self.waiting.settle(held, finding)
        return True

    def _found(self, held: Held) -> Finding:
        wanted, sources = self.waiting.wanted(held)
        if wanted is None:
            return NoRecord(_UNASKED)
        return self.retrieval.look_up(wanted, sources, self.retrieval.deadline())


def _may_get_better(finding: Finding) -> bool:
    return isinstance(finding, NoRecord) and finding.kind is not _UNASKED and finding.may_pass
