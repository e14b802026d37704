"""The thread that gives entries their order: it takes whatever is waiting, writes it as one batch, and answers.

A lone call is written at once. Where calls come in company, most of a batch's price is the same for one call and for
many (the flush, the signature, the statements), so the thread first waits a moment until as many are there as are
likely to come: those just answered, and those who came meanwhile (ADR 0068).
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence

from kernel.ledger.batch import Outcome, Request
from kernel.ledger.errors import LedgerError, LedgerUnavailable
from kernel.ledger.receipt import Receipt

MOST_ENTRIES_IN_A_BATCH = 128
MOST_ENTRIES_IN_A_CALL = 4096
"""One caller's entries are adjacent and all or none: an import is one call, and a batch by itself."""
GATHER_SECONDS, MOST_GATHERING = 0.0003, 0.005
"""How long to wait for company at most: so long for each call that is likely to come, but never longer than this."""

Write = Callable[[Sequence[Request]], list[Outcome]]


class Call:
    """One waiting caller. Whoever takes ``claim`` first decides: the thread writes it, or the caller has given up."""

    __slots__ = ("claim", "done", "outcome", "request")

    def __init__(self, request: Request) -> None:
        self.request = request
        self.outcome: Outcome = LedgerUnavailable("the ledger did not answer")
        self.claim = threading.Lock()
        self.done = threading.Lock()
        self.done.acquire()

    def answer(self, outcome: Outcome) -> None:
        """Let the caller go on."""
        self.outcome = outcome
        self.done.release()

    def wait(self, timeout: float) -> list[Receipt]:
        """The receipts; raises what became of the call, or LedgerUnavailable after ``timeout`` seconds."""
        if not self.done.acquire(timeout=timeout):
            begun = not self.claim.acquire(blocking=False)
            raise LedgerUnavailable("not durable in time; it may become so" if begun else "not begun in time")
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


class Sequencer:
    """Owns the thread; ``submit`` may be called from any other."""

    def __init__(self, write: Write) -> None:
        """``write`` makes a batch durable and returns an outcome for each request, or raises for all of them."""
        self._write = write
        self._calls: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._missing = 0
        """How many more calls the thread waits for; whoever brings it to nothing wakes the thread."""
        self._complete = threading.Lock()
        self._complete.acquire()

    def submit(self, request: Request, timeout: float) -> list[Receipt]:
        """Have a request written and wait until it is durable."""
        call = Call(request)
        with self._gate:
            if self._closed:
                raise LedgerUnavailable("the ledger is closed")
            if self._thread is None:  # not before the first entry: a process that only reads, or forks, needs none
                self._thread = threading.Thread(target=self._run, name="ledger-sequencer", daemon=True)
                self._thread.start()
            self._calls.put(call)
            if self._missing:
                self._missing -= 1
                if not self._missing:
                    self._complete.release()
        return call.wait(timeout)

    def close(self) -> None:
        """Refuse new calls, write those that wait, end the thread."""
        with self._gate:
            first, self._closed = not self._closed, True
        if first:
            self._calls.put(None)
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        held: Call | None = None
        open_ = True
        company = 1
        while open_:
            batch, held, open_ = self._waiting(held, company)
            if batch:
                self._serve(batch)
            company = len(batch) + self._calls.qsize()

    def _waiting(self, held: Call | None, company: int) -> tuple[list[Call], Call | None, bool]:
        """At least one call and what else fits by now; a call that does not fit any more; False after the last."""
        batch: list[Call] = []
        entries = 0
        call = held or self._calls.get()
        if company > 1:
            self._gather(company - 1)
        while call is not None:
            if batch and entries + len(call.request.drafts) > MOST_ENTRIES_IN_A_BATCH:
                return batch, call, True
            if call.claim.acquire(blocking=False):
                batch.append(call)
                entries += len(call.request.drafts)
            try:
                call = self._calls.get_nowait()
            except queue.Empty:
                return batch, None, True
        return batch, None, False

    def _gather(self, company: int) -> None:
        """Wait until so many calls stand in the queue, but only for a moment."""
        with self._gate:
            self._missing = max(company - self._calls.qsize(), 0)
            if not self._missing:
                return
        if self._complete.acquire(timeout=min(company * GATHER_SECONDS, MOST_GATHERING)):
            return
        with self._gate:
            came, self._missing = not self._missing, 0
        if came:  # just after this thread had stopped waiting for it
            self._complete.acquire()

    def _serve(self, batch: list[Call]) -> None:
        outcomes: Sequence[Outcome]
        try:
            outcomes = self._write([call.request for call in batch])
        except Exception as error:  # noqa: BLE001 - this thread must outlive every failure
            outcomes = [_for_one_caller(error) for _ in batch]
        for call, outcome in zip(batch, outcomes, strict=True):
            call.answer(outcome)


def _for_one_caller(error: Exception) -> LedgerError:
    """A fresh exception for each caller: one shared by several threads would mix their tracebacks."""
    unavailable = LedgerUnavailable.because(error)
    unavailable.__cause__ = error
    return unavailable
