"""A ledger on each engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kernel.clock import ManualClock
from kernel.ledger.log import Ledger
from tests.doubles.ledgers import START, ledger_at


@pytest.fixture
def clock() -> ManualClock:
    """The clock of ``ledger``."""
    return ManualClock(START)


@pytest.fixture
def ledger(database_url: str, clock: ManualClock) -> Iterator[Ledger]:
    """An empty log, once on each engine."""
    with ledger_at(database_url, clock=clock) as opened:
        yield opened


@pytest.fixture
def small_ledger(one_database_url: str, clock: ManualClock) -> Iterator[Ledger]:
    """An empty log, where the engine makes no difference to what is tested."""
    with ledger_at(one_database_url, clock=clock) as opened:
        yield opened
