"""A task run again and again: no fault ends its thread, and the log says when one begins and when it is over."""

from __future__ import annotations

import threading

import pytest
from structlog.testing import capture_logs

from kernel.background import Ticker
from kernel.database import DatabaseUnavailable
from kernel.ledger.errors import LedgerUnavailable

NUMBER = "110101199003070011"


@pytest.mark.parametrize(
    ("failure", "level"),
    [
        (DatabaseUnavailable("away"), "warning"),
        (LedgerUnavailable("disk full"), "warning"),
        (RuntimeError(f"not foreseen: {NUMBER}"), "error"),
    ],
)
def test_no_fault_ends_the_thread(failure: Exception, level: str) -> None:
    """What happened is told once, by its kind alone, and once that it is over."""
    ran, faults = threading.Event(), [failure, failure, failure]

    def task() -> None:
        if faults:
            raise faults.pop()
        ran.set()

    ticker = Ticker("sweeping", 0.001, task)
    with capture_logs() as logs:
        ticker.start()
        assert ran.wait(10)
        ticker.stop()
    assert [(each["log_level"], each["event"], each["task"]) for each in logs] == [
        (level, "task fails", "sweeping"),
        ("info", "task works again", "sweeping"),
    ]
    assert logs[0]["reason"] == type(failure).__name__
    assert NUMBER not in str(logs)


def test_a_run_under_way_is_waited_for() -> None:
    begun, over = threading.Event(), threading.Event()

    def task() -> None:
        begun.set()
        over.wait(0.05)
        over.set()

    ticker = Ticker("sweeping", 60.0, task)
    ticker.start()
    assert begun.wait(10)
    ticker.stop()
    assert over.is_set()
