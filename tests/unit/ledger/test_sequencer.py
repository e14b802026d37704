"""The sequencer: batches what waits, answers everybody, outlives every failure, and drains when it is closed."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import pytest

import kernel.ledger.sequencer as sequencer_module
from kernel.database import DatabaseUnavailable
from kernel.ledger.batch import Outcome, Request
from kernel.ledger.errors import LedgerUnavailable
from kernel.ledger.event import Draft
from kernel.ledger.receipt import Receipt
from kernel.ledger.sequencer import MOST_ENTRIES_IN_A_BATCH, Sequencer


def request(number: int, entries: int = 1) -> Request:
    return Request([Draft((f"r{number}", str(entry), "Kept"), None, None, b"", b"") for entry in range(entries)])


class Log:
    """Writes batches into memory; holds its first batch back until it is told to go on."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.begun = threading.Event()
        self.go_on = threading.Event()
        self.failures: list[Exception] = []

    def write(self, requests: Sequence[Request]) -> list[Outcome]:
        self.batches.append([one.drafts[0].identity[0] for one in requests])
        self.begun.set()
        assert self.go_on.wait(10)
        if self.failures:
            raise self.failures.pop()
        return [[Receipt(number, b"", b"", "", str) for number, _ in enumerate(one.drafts)] for one in requests]


class Callers:
    """Threads that each submit one request."""

    def __init__(self, sequencer: Sequencer) -> None:
        self.sequencer = sequencer
        self.answers: dict[str, list[Receipt] | Exception] = {}
        self.threads: list[threading.Thread] = []

    def submit(self, one: Request, timeout: float = 10) -> None:
        def work() -> None:
            name = one.drafts[0].identity[0]
            try:
                self.answers[name] = self.sequencer.submit(one, timeout)
            except Exception as error:
                self.answers[name] = error

        thread = threading.Thread(target=work)
        self.threads.append(thread)
        thread.start()

    def wait_until_queued(self, count: int) -> None:
        """Until so many calls stand in the queue, in the order in which they were submitted."""
        deadline = time.monotonic() + 10
        while self.sequencer._calls.qsize() < count:
            assert time.monotonic() < deadline
            time.sleep(0.001)

    def join(self) -> None:
        for thread in self.threads:
            thread.join(10)


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def sequencer(log: Log):
    made = Sequencer(log.write)
    yield made
    log.go_on.set()
    made.close()


@pytest.fixture
def callers(sequencer: Sequencer, log: Log) -> Callers:
    """The first caller's batch is being written while the others gather."""
    made = Callers(sequencer)
    made.submit(request(0))
    assert log.begun.wait(10)
    return made


def test_what_waits_while_a_batch_is_written_becomes_the_next_batch(log: Log, callers: Callers) -> None:
    for number in range(1, 6):
        callers.submit(request(number))
        callers.wait_until_queued(number)
    log.go_on.set()
    callers.join()
    assert [len(batch) for batch in log.batches] == [1, 5]
    assert all(isinstance(answer, list) for answer in callers.answers.values())


def test_a_batch_holds_at_most_128_entries_and_keeps_the_order(log: Log, callers: Callers) -> None:
    for number in range(1, 6):
        callers.submit(request(number, entries=50))
        callers.wait_until_queued(number)
    log.go_on.set()
    callers.join()
    assert log.batches == [["r0"], ["r1", "r2"], ["r3", "r4"], ["r5"]]
    assert MOST_ENTRIES_IN_A_BATCH == 128
    assert {len(answer) for name, answer in callers.answers.items() if name != "r0"} == {50}


def test_those_just_answered_are_waited_for_and_no_longer_than_until_the_last_of_them_is_there(
    log: Log, callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 4):
        callers.submit(request(number))
        callers.wait_until_queued(number)
    log.go_on.set()
    callers.join()  # a batch of one, then of three: so three are likely to come again
    monkeypatch.setattr(sequencer_module, "GATHER_SECONDS", 60)
    monkeypatch.setattr(sequencer_module, "MOST_GATHERING", 60)
    for number in range(4, 7):
        callers.submit(request(number))
    callers.join()
    assert [len(batch) for batch in log.batches] == [1, 3, 3]


def test_who_does_not_come_back_is_not_waited_for_longer_than_a_moment(log: Log, callers: Callers) -> None:
    for number in range(1, 4):
        callers.submit(request(number))
        callers.wait_until_queued(number)
    log.go_on.set()
    callers.join()
    for number in range(4, 6):  # alone each time
        callers.submit(request(number))
        callers.join()
    assert [len(batch) for batch in log.batches] == [1, 3, 1, 1]
    assert callers.sequencer._missing == 0
    assert not callers.sequencer._complete.acquire(blocking=False)  # nobody's arrival is left over


def test_a_caller_that_gave_up_before_its_turn_is_never_written(log: Log, callers: Callers) -> None:
    callers.submit(request(1), timeout=0.01)
    callers.threads[1].join(10)
    assert isinstance(callers.answers["r1"], LedgerUnavailable)
    assert "not begun" in str(callers.answers["r1"])
    log.go_on.set()
    callers.join()
    callers.submit(request(2))
    callers.join()
    assert log.batches == [["r0"], ["r2"]]


def test_a_caller_that_gave_up_while_the_batch_was_full_is_never_written(log: Log, callers: Callers) -> None:
    callers.submit(request(1, entries=100))
    callers.wait_until_queued(1)
    callers.submit(request(2, entries=100), timeout=0.01)
    callers.threads[2].join(10)
    log.go_on.set()
    callers.join()
    callers.sequencer.close()
    assert log.batches == [["r0"], ["r1"]]


def test_a_caller_that_gave_up_during_the_write_is_told_it_may_become_durable(log: Log, sequencer: Sequencer) -> None:
    with pytest.raises(LedgerUnavailable, match="may become so"):
        sequencer.submit(request(1), timeout=0.01)


def test_any_failure_of_a_batch_is_unavailability_for_each_of_its_callers(log: Log, callers: Callers) -> None:
    log.failures = [DatabaseUnavailable("the disk is full"), ValueError("a secret value")]
    callers.submit(request(1))
    callers.submit(request(2))
    callers.wait_until_queued(2)
    log.go_on.set()
    callers.join()
    first, *others = (callers.answers[name] for name in ("r0", "r1", "r2"))
    assert {type(one) for one in (first, *others)} == {LedgerUnavailable}
    assert str(first) == "the log cannot be read or written: ValueError"  # never what the error says
    assert [str(one) for one in others] == ["the disk is full"] * 2
    assert others[0] is not others[1]
    callers.submit(request(3))
    callers.join()
    assert isinstance(callers.answers["r3"], list)  # it goes on


def test_closing_writes_what_waits_and_refuses_what_comes_after(log: Log, callers: Callers) -> None:
    callers.submit(request(1))
    callers.submit(request(2))
    callers.wait_until_queued(2)
    closer = threading.Thread(target=callers.sequencer.close)
    closer.start()
    log.go_on.set()
    closer.join(10)
    callers.join()
    assert sorted(name for batch in log.batches for name in batch) == ["r0", "r1", "r2"]
    assert all(isinstance(answer, list) for answer in callers.answers.values())
    with pytest.raises(LedgerUnavailable, match="closed"):
        callers.sequencer.submit(request(3), timeout=1)
    callers.sequencer.close()  # twice is as good as once


def test_a_sequencer_that_never_wrote_has_no_thread_to_end() -> None:
    unused = Sequencer(lambda _requests: [])
    unused.close()
    assert unused._thread is None
