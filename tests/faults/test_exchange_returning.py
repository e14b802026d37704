"""A process killed at every step of making files of a return flow: whoever takes over makes each once and whole."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from exchange.return_flow.making import LEASE, MADE
from kernel.clock import ManualClock
from tests.doubles.exchange import (
    NOW,
    Prepared,
    World,
    copied,
    copy_of,
    lived,
    make_world,
    prepared_postgresql,
    prepared_sqlite,
)
from tests.faults.dying import died
from tests.faults.exchange_returning import STEPS, a_day_later
from tests.unit.exchange.test_events import PATH as SUBSCRIPTIONS
from tests.unit.exchange.test_events import pull, subscribe
from tests.unit.exchange.test_return_flow import (
    FLOWS,
    RECORDS,
    ask,
    district,
    fetched,
    files,
    later,
    make,
    names,
    opened,
)

__all__ = ["prepared_postgresql", "prepared_sqlite"]

A_DAY = timedelta(days=1)
BEFORE = [record["name"] for record in RECORDS]


@pytest.fixture(scope="module")
def prepared_returning(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A database with a flow of which no file is made yet, to be copied; prepared once."""
    folder = tmp_path_factory.mktemp("returning")
    url = copied(request, folder)
    with lived(make_world(url, folder, seed=7300)) as world:
        opened(district(world, "500000"))
        subscribe(world, "urban-website", events=["tongban.return-flow.file-ready"], evidence_types=[])
    return url, folder


@pytest.fixture
def database(request: pytest.FixtureRequest, prepared_returning: Prepared, tmp_path: Path) -> str:
    return copy_of(prepared_returning, request, tmp_path)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: "-".join(map(str, step)))
def test_sigkill_while_a_file_is_made(database: str, tmp_path: Path, step: tuple[str, str, str, int]) -> None:
    died("exchange_returning", database, str(tmp_path), *map(str, step))
    during, recorded, unclaimed = step[0], step[1] == MADE, step[1] == "claim"
    died_at = NOW if during == "snapshot" else NOW + A_DAY
    with lived(make_world(database, tmp_path, seed=7302, clock=ManualClock(died_at))) as world:
        ready = {"snapshot": 0, "changes": 1}[during] + recorded
        assert (len(every(world)), len(world.events(MADE))) == (ready, ready)
        assert make(world) == unclaimed  # else it is the dead node's for a while
        later(world, LEASE.total_seconds() + 1)
        assert make(world) == (not recorded and not unclaimed)
        if during == "snapshot":
            a_day_later(world)
            assert make(world) == 1
        (first, present), (second, changed) = every(world)
        assert (first["kind"], names(present)) == ("snapshot", dict.fromkeys(BEFORE, "present"))
        assert (second["kind"], names(changed)) == ("changes", {"陈示例": "changed", "新示例": "added", "": "removed"})
        assert (len(present), len(changed)) == (4, 3)  # no line twice
        assert len(world.events(MADE)) == 2
        world.rooms.distribution.round()
        assert [event["data"]["file"] for event in told(world)] == [1, 2]
        later(world, A_DAY.total_seconds())
        assert make(world) == 1
        assert every(world)[2][1] == []  # what was sent is known to the last row


def every(world: World) -> list[tuple[dict[str, Any], list[dict[str, str]]]]:
    """The files of the flow with their rows, each part checked against its digest."""
    (flow,) = [one["flow"] for one in ask(world, "GET", FLOWS).json["flows"]]
    return [(file, fetched(world, flow, file)) for file in files(world, flow)]


def told(world: World) -> list[dict[str, Any]]:
    """What the system was told of files that can be fetched."""
    (name,) = [one["subscription"] for one in ask(world, "GET", SUBSCRIPTIONS).json["subscriptions"]]
    return list(pull(world, name, client="urban-website")["events"])
