"""A ring in a temporary folder, under a clock that is moved by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from kernel.clock import ManualClock
from kernel.entropy import SeededEntropy
from kernel.keys import KeyRing

START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def ring(folder: Path, clock: ManualClock) -> KeyRing:
    return KeyRing.create(folder, clock=clock, entropy=SeededEntropy(1))
