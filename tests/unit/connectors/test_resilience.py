"""Breaker, bulkhead and deadline: what keeps one bad source from hurting the others."""

from __future__ import annotations

import contextlib
import threading
from datetime import UTC, datetime

import pytest

from connectors.errors import (
    AmbiguousSubject,
    SourceAnswersLater,
    SourceBusy,
    SourceGarbled,
    SourceMisconfigured,
    SourceTimedOut,
    SourceTooLarge,
    SourceUnavailable,
)
from connectors.resilience import Breaker, BreakerState, Bulkhead, Deadline
from kernel.clock import ManualClock, SystemClock

START = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def breaker(clock: ManualClock) -> Breaker:
    return Breaker(clock, threshold=3, open_seconds=10)


def fail(breaker: Breaker, error: Exception | None = None) -> None:
    problem = error or SourceUnavailable("down")
    with pytest.raises(type(problem)), breaker.watch():
        raise problem


def succeed(breaker: Breaker) -> None:
    with breaker.watch():
        pass


def test_closed_until_the_threshold_is_reached_in_a_row(breaker: Breaker) -> None:
    for _ in range(2):
        fail(breaker)
    succeed(breaker)
    for _ in range(2):
        fail(breaker)
    assert breaker.health().state is BreakerState.CLOSED
    fail(breaker)
    assert breaker.health().state is BreakerState.OPEN


def test_open_refuses_without_asking_and_says_when_to_come_back(breaker: Breaker, clock: ManualClock) -> None:
    for _ in range(3):
        fail(breaker)
    clock.advance(3.5)
    with pytest.raises(SourceUnavailable) as refused, breaker.watch():
        pytest.fail("the source was asked")
    assert (refused.value.reason, refused.value.retry_after) == ("breaker-open", 7)
    assert breaker.health().failures == 3


def test_half_open_lets_one_try_whose_success_closes(breaker: Breaker, clock: ManualClock) -> None:
    for _ in range(3):
        fail(breaker)
    clock.advance(10)
    assert breaker.health().state is BreakerState.HALF_OPEN
    with breaker.watch(), pytest.raises(SourceUnavailable), breaker.watch():
        pytest.fail("two tried at once")
    assert breaker.health().state is BreakerState.CLOSED
    fail(breaker)
    assert breaker.health().state is BreakerState.CLOSED


def test_half_open_whose_try_fails_opens_again_for_the_whole_time(breaker: Breaker, clock: ManualClock) -> None:
    for _ in range(3):
        fail(breaker)
    clock.advance(10)
    fail(breaker)
    clock.advance(9)
    assert breaker.health().state is BreakerState.OPEN
    clock.advance(1)
    succeed(breaker)
    assert breaker.health().state is BreakerState.CLOSED


@pytest.mark.parametrize("problem", [SourceBusy(), AmbiguousSubject(), SourceMisconfigured(), KeyboardInterrupt()])
def test_a_try_that_says_nothing_about_the_source_decides_nothing(
    breaker: Breaker, clock: ManualClock, problem: Exception
) -> None:
    for _ in range(3):
        fail(breaker)
    clock.advance(10)
    fail(breaker, problem)
    assert breaker.health().state is BreakerState.HALF_OPEN
    succeed(breaker)


def test_an_answer_that_comes_later_ends_the_row_of_failures_and_closes(breaker: Breaker, clock: ManualClock) -> None:
    for _ in range(3):
        fail(breaker, SourceTimedOut())
        fail(breaker, SourceAnswersLater())
    assert (breaker.health().state, breaker.health().failures) == (BreakerState.CLOSED, 0)
    assert breaker.health().last_success == clock.now()
    for _ in range(3):
        fail(breaker)
    clock.advance(10)
    fail(breaker, SourceAnswersLater(reached=False))
    assert breaker.health().state is BreakerState.HALF_OPEN
    fail(breaker, SourceAnswersLater())
    assert breaker.health().state is BreakerState.CLOSED


def probe(breaker: Breaker, error: Exception) -> None:
    with pytest.raises(type(error)), breaker.watch(probing=True):
        raise error


@pytest.mark.parametrize("problem", [SourceUnavailable("down"), SourceBusy()])
def test_a_probe_that_fails_beside_the_one_that_tries_lets_nobody_else_try(
    breaker: Breaker, clock: ManualClock, problem: Exception
) -> None:
    for _ in range(3):
        fail(breaker)
    clock.advance(10)
    with breaker.watch():
        probe(breaker, problem)
        clock.advance(10)
        assert breaker.health().state is BreakerState.HALF_OPEN
        with pytest.raises(SourceUnavailable) as refused, breaker.watch():
            pytest.fail("two tried at once")
        assert refused.value.reason == "breaker-open"
    assert breaker.health().state is BreakerState.CLOSED


def test_a_try_that_is_overtaken_by_a_probe_counts_as_any_other_look_up(breaker: Breaker, clock: ManualClock) -> None:
    for _ in range(3):
        fail(breaker)
    clock.advance(10)
    with contextlib.ExitStack() as the_try:
        the_try.enter_context(pytest.raises(SourceTimedOut))
        the_try.enter_context(breaker.watch())
        with breaker.watch(probing=True):
            pass
        succeed(breaker)  # closed: nobody waits for the try
        raise SourceTimedOut
    assert (breaker.health().state, breaker.health().failures) == (BreakerState.CLOSED, 1)
    for _ in range(2):
        fail(breaker)
    clock.advance(10)
    succeed(breaker)  # the place of the one that tries was given back
    assert breaker.health().state is BreakerState.CLOSED


@pytest.mark.parametrize(
    "problem", [SourceUnavailable("a"), SourceTimedOut("b"), SourceTooLarge("c"), SourceGarbled("d")]
)
def test_every_failure_of_the_source_counts(breaker: Breaker, problem: Exception) -> None:
    for _ in range(3):
        fail(breaker, problem)
    assert breaker.health().state is BreakerState.OPEN


def test_health_tells_when_and_why(breaker: Breaker, clock: ManualClock) -> None:
    assert breaker.health().last_success is None
    succeed(breaker)
    clock.advance(5)
    fail(breaker, SourceTimedOut("deadline"))
    health = breaker.health()
    assert health.last_success == START
    assert health.last_failure == clock.now()
    assert (health.failures, health.last_reason) == (1, "deadline")


def test_a_deadline_is_one_budget_for_everything(clock: ManualClock) -> None:
    deadline = Deadline(clock, 2.0)
    clock.advance(1.5)
    assert deadline.left() == pytest.approx(0.5)
    clock.advance(0.5)
    with pytest.raises(SourceTimedOut):
        deadline.left()


def soon(seconds: float = 5.0) -> Deadline:
    return Deadline(SystemClock(), seconds)


@pytest.mark.parametrize("way", ["run", "run_apart"])
def test_a_bulkhead_gives_back_results_and_errors_and_its_place(way: str) -> None:
    bulkhead = Bulkhead("s", limit=1, wait_seconds=0)
    run = getattr(bulkhead, way)
    for _ in range(3):
        assert run(lambda left: left > 0, soon()) is True
        with pytest.raises(SourceGarbled):
            run(lambda _: (_ for _ in ()).throw(SourceGarbled()), soon())
    assert bulkhead.in_flight == 0
    bulkhead.close()


def test_work_left_behind_keeps_its_place_until_it_ends() -> None:
    bulkhead = Bulkhead("s", limit=1, wait_seconds=0)
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def hang(_: float) -> None:
        begun.set()
        go_on.wait(10)

    with pytest.raises(SourceTimedOut):
        bulkhead.run_apart(hang, soon(0.3))
    assert begun.wait(10)  # work whose time is over before it begins gives its place back at once
    with pytest.raises(SourceBusy) as busy:
        bulkhead.run_apart(lambda _: None, soon())
    assert busy.value.retry_after == 1
    assert bulkhead.in_flight == 1
    go_on.set()
    for _ in range(100):
        if bulkhead.in_flight == 0:
            break
        ended.wait(0.01)
    assert bulkhead.run_apart(lambda _: "again", soon()) == "again"
    bulkhead.close()


def test_who_waits_for_a_place_gets_it_within_the_time_allowed() -> None:
    bulkhead, inside, go_on = Bulkhead("s", limit=1, wait_seconds=5), threading.Event(), threading.Event()

    def hold(_: float) -> None:
        inside.set()
        go_on.wait(5)

    holder = threading.Thread(target=lambda: bulkhead.run(hold, soon()))
    holder.start()
    inside.wait(5)
    timer = threading.Timer(0.05, go_on.set)
    timer.start()
    assert bulkhead.run(lambda _: "mine", soon()) == "mine"
    holder.join()
    timer.join()


def test_threads_are_made_only_as_needed_and_end_with_the_bulkhead() -> None:
    bulkhead = Bulkhead("counted", limit=4, wait_seconds=0)
    for _ in range(10):
        bulkhead.run_apart(lambda _: None, soon())
    mine = [thread for thread in threading.enumerate() if thread.name == "source-counted"]
    assert 1 <= len(mine) <= 2
    bulkhead.close()
    for thread in mine:
        thread.join(2)
        assert not thread.is_alive()
    with pytest.raises(SourceUnavailable):
        bulkhead.run(lambda _: None, soon())
