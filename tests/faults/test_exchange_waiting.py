"""Requests that wait, in processes killed at any moment: nothing taken is lost, nothing is released twice."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cases import SOAK, sized
from tests.doubles.exchange import copied, lived, make_world, prepared_postgresql, prepared_sqlite
from tests.doubles.forked import Forked
from tests.faults.exchange_waiting import answer_everything
from tests.unit.exchange.test_waiting import answered_by_a_clerk

__all__ = ["prepared_postgresql", "prepared_sqlite"]

ROUNDS = sized(1, 20)
ENGINES = ["sqlite", "postgresql"] if SOAK else ["postgresql"]
TAKEN_PER_ROUND = 8
ENDS = {"EvidenceReleased", "EvidenceRefused", "RetrievalFailed"}


@pytest.fixture(params=ENGINES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A prepared database that processes of their own will open."""
    return copied(request, tmp_path, request.param)


def killed(database_url: str, folder: Path, number: int) -> list[str]:
    """Serve, be killed with SIGKILL in the middle of it; the requests that had been taken by then."""
    with Forked("tests.faults.exchange_waiting", database_url, str(folder), str(number)) as process:
        assert process.stdout.readline() == "ready\n"
        lines = list(itertools.islice(filter(_taken, process.stdout), TAKEN_PER_ROUND))
        process.kill()
        lines += filter(_taken, process.stdout)
    return [line.split()[1] for line in lines]


def _taken(line: str) -> bool:
    return line.startswith("er ") and line.endswith("\n")


def test_sigkill_loses_nothing_that_waits_and_releases_nothing_twice(
    database: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with lived(make_world(database, tmp_path, seed=5999)) as world:
        answered_by_a_clerk(world)
    taken = [name for number in range(1, ROUNDS + 1) for name in killed(database, tmp_path, number)]
    record_property("cases", len(taken))
    assert len(taken) >= ROUNDS * TAKEN_PER_ROUND
    with lived(make_world(database, tmp_path, seed=5998)) as world:
        world.clock.advance(61 * (ROUNDS + 1))
        world.rooms.recovery.at_start()
        for _ in range(4):  # from a source to a clerk, from a clerk to the person, and what was put off
            answer_everything(world)
            world.clock.advance(31)
        with world.outside.database.read() as connection:
            rows = connection.exec_driver_sql("SELECT id, state, outcome FROM evidence_request").all()
            assert connection.exec_driver_sql("SELECT count(*) FROM waiting_item").scalar() == 0
        found = {row[0]: (row[1], json.loads(row[2])) for row in rows}
        assert {found[name][0] for name in taken} == {"settled"}
        assert {found[name][1]["status"] for name in taken} == {"delivered"}
        ends = Counter((one["request"], one["item"]) for one in world.events(*ENDS))
        assert max(ends.values()) == 1
        assert all((name, item) in ends for name in taken for item in ("0", "1"))
