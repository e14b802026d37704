"""A process killed at every step between what an officer types and its release: what was acknowledged or recorded is
passed on by whoever takes over, once; what was not is typed again, and nothing of it is left.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from exchange.store import responders
from tests.doubles.exchange import World, copied, copy_of, lived, make_world, prepared_postgresql, prepared_sqlite
from tests.doubles.manual_register import FILLED, delivered
from tests.faults.dying import died
from tests.faults.exchange_passing_on import STEPS
from tests.unit.exchange.test_responders import done, events, shown, taken

__all__ = ["prepared_postgresql", "prepared_sqlite"]

Prepared = tuple[str, Path, tuple[str, str, str]]
TYPED, PASSED_ON = "TaskAnswered", "EvidenceReleased"
RELEASED = {"holder": "陈示例", "valid_until": "2027-03-01"}


@pytest.fixture(scope="module")
def prepared_passing_on(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A database in which an officer has taken a task, to be copied; its request, case and id; prepared once."""
    folder = tmp_path_factory.mktemp("passing-on")
    url = copied(request, folder)
    with lived(make_world(url, folder, seed=7500)) as world:
        work = taken(world)
    return url, folder, work


@pytest.fixture
def database(request: pytest.FixtureRequest, prepared_passing_on: Prepared, tmp_path: Path) -> str:
    return copy_of(prepared_passing_on[:2], request, tmp_path)


def is_kept(world: World, task: str) -> bool:
    """Whether something of what was typed lies here, sealed."""
    with world.outside.database.read() as connection:
        return responders.secret_of(connection, task) is not None


@pytest.mark.parametrize("step", STEPS, ids="-".join)
def test_sigkill_between_what_is_typed_and_its_release(
    database: str, prepared_passing_on: Prepared, tmp_path: Path, step: tuple[str, str]
) -> None:
    name, case, task = prepared_passing_on[2]
    assert died("exchange_passing_on", database, str(tmp_path), task, *step) == ""
    typed, released = step[0] != "keep", step[0] == PASSED_ON
    with lived(make_world(database, tmp_path, seed=7502)) as world:
        world.clock.advance(61)
        world.rooms.recovery.at_start()
        assert shown(world, task)["status"] == ("answered" if typed else "taken")
        assert (TYPED in events(world, task), len(world.events(PASSED_ON))) == (typed, released)
        assert delivered(world, name, case).status_code == (200 if released else 202)
        assert is_kept(world, task) == (not released)  # what the task is about, or what was typed for it
        # Whoever takes over passes on what was recorded; what was not is typed once more.
        assert world.rooms.task_sweep.passing_on.left_over() == (typed and not released)
        assert done(world, task, "answer", {"values": FILLED}).status_code == (403 if typed else 200)
        assert world.rooms.task_sweep.passing_on.left_over() == 0
        (item,) = delivered(world, name, case).json["evidence"]
        assert (item["status"], item["data"]) == ("delivered", RELEASED)
        assert (len(world.events(PASSED_ON)), events(world, task).count(TYPED)) == (1, 1)
        assert not is_kept(world, task)
        assert RELEASED["holder"] not in str(world.entries())
