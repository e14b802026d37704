"""Lanes: nobody waits for the slow but the slow, and nothing is begun twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from kernel.clock import ManualClock
from kernel.lanes import QUICK, Lanes

LONG = 10.0


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 23, tzinfo=UTC))


@pytest.fixture
def lanes(clock: ManualClock) -> Iterator[Lanes]:
    opened = Lanes("test", clock, prompt=1, tardy=1)
    yield opened
    opened.close()


def took(lanes: Lanes, clock: ManualClock, whom: str, seconds: float) -> None:
    with lanes.timed(whom):
        clock.advance(seconds)


@pytest.mark.parametrize("again", [False, True])
def test_whoever_was_slow_or_failed_holds_nobody_else_up(lanes: Lanes, clock: ManualClock, again: bool) -> None:
    free, arrived = threading.Event(), threading.Event()
    if not again:
        took(lanes, clock, "slow", QUICK + 0.1)
    assert lanes.begin("1", "slow", lambda: free.wait(LONG), again=again)
    assert lanes.begin("2", "quick", arrived.set, again=False)
    assert arrived.wait(LONG / 2)  # the other still waits
    free.set()


def test_whoever_answers_quickly_again_is_among_the_quick(lanes: Lanes, clock: ManualClock) -> None:
    took(lanes, clock, "slow", QUICK + 0.1)
    took(lanes, clock, "better", QUICK + 0.1)
    took(lanes, clock, "better", QUICK)
    free, arrived = threading.Event(), threading.Event()
    assert lanes.begin("1", "slow", lambda: free.wait(LONG), again=False)
    assert lanes.begin("2", "better", arrived.set, again=False)
    assert arrived.wait(LONG / 2)
    free.set()


def test_what_is_under_way_is_not_begun_twice_and_may_be_begun_again_afterwards(lanes: Lanes) -> None:
    free = threading.Event()
    assert lanes.begin("1", "one", lambda: free.wait(LONG), again=False)
    assert not lanes.begin("1", "one", free.set, again=False)
    free.set()
    lanes.settle(LONG)
    assert lanes.begin("1", "one", free.set, again=False)


def test_a_failure_leaves_the_lane_in_use_and_counts_by_its_time(lanes: Lanes, clock: ManualClock) -> None:
    def failing() -> None:
        with lanes.timed("one"):
            clock.advance(QUICK + 1)
            raise ValueError

    assert lanes.begin("1", "one", failing, again=False)
    lanes.settle(LONG)
    free, arrived = threading.Event(), threading.Event()
    assert lanes.begin("1", "one", lambda: free.wait(LONG), again=False)
    assert lanes.begin("2", "two", arrived.set, again=False)
    assert arrived.wait(LONG / 2)
    free.set()
