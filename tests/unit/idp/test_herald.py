"""A herald's rounds: after a full one the next begins at once, and no fault ends the thread."""

from __future__ import annotations

import threading

import pytest

from idp.herald import EVERY_SECONDS, Herald
from kernel.database import DatabaseUnavailable
from kernel.ledger.errors import LedgerUnavailable


class Work:
    """What each round comes to: so many things, or a failure."""

    at_once = 10

    def __init__(self, *rounds: int | Exception) -> None:
        self.rounds = [*rounds]

    def round(self) -> int:
        came_to = self.rounds.pop(0)
        if isinstance(came_to, Exception):
            raise came_to
        return came_to

    def close(self) -> None:
        """Nothing is kept open."""


class Pauses(threading.Event):
    """Notes the pauses instead of making them, until the work is over."""

    def __init__(self, work: Work) -> None:
        super().__init__()
        self.work, self.seen = work, list[float | None]()

    def wait(self, timeout: float | None = None) -> bool:
        self.seen.append(timeout)
        return not self.work.rounds


def pauses(*rounds: int | Exception) -> list[float | None]:
    work = Work(*rounds)
    herald = Herald(work)
    made = herald._closing = Pauses(work)
    herald._run()
    return made.seen


def test_after_a_full_round_the_next_begins_at_once() -> None:
    """A crowd is worked off as fast as it goes, and a few things are not looked for without end."""
    assert pauses(10, 10, 3, 0) == [EVERY_SECONDS, 0.0, 0.0, EVERY_SECONDS, EVERY_SECONDS]


FAILURES = (DatabaseUnavailable("away"), LedgerUnavailable("disk full"), RuntimeError("not foreseen"))


@pytest.mark.parametrize("failure", FAILURES)
def test_a_round_that_fails_is_tried_again_after_a_pause(failure: Exception) -> None:
    assert pauses(10, failure, 10, 0) == [EVERY_SECONDS, 0.0, EVERY_SECONDS, 0.0, EVERY_SECONDS]
