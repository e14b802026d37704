"""A process killed at every step between a question to the person, its answers and the release: nothing is lost,
nothing leaves twice, and no crash gives an attempt back (ADR 0059), also where another exchange asks (ADR 0067).
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ENGINE, drop_postgresql_database
from tests.doubles.exchange import (
    OWNER,
    World,
    copied,
    lived,
    make_world,
    postgresql_copy,
    prepared_postgresql,
    prepared_sqlite,
    sqlite_copy,
)
from tests.doubles.paper_exchange import KIND, PaperExchange
from tests.faults.exchange_questioning import STEPS, TOLD, build
from tests.unit.exchange.test_further_questions import DISTRICT, RIGHT, TWO, WRONG, asking, put, tell
from tests.unit.exchange.test_previews import asked, mine
from tests.unit.exchange.test_waiting import look

__all__ = ["prepared_postgresql", "prepared_sqlite"]

ROOT = Path(__file__).resolve().parents[2]
ATTEMPTS = 3
AFTER = {
    ("put", "FurtherQuestionsPut", "recorded"): (0, 0),
    ("wrong", "add", "after"): (0, 0),
    ("wrong", "FurtherAnswersGiven", "recorded"): (1, 0),
    ("wrong", "FurtherAnswersUnmatched", "recorded"): (1, 0),
    ("right", "add", "after"): (1, 0),
    ("right", "FurtherAnswersGiven", "recorded"): (2, 0),
    ("right", "take", "after"): (2, 0),
    ("right", "set_outcome", "after"): (2, 0),
    ("right", "EvidenceReleased", "recorded"): (1, 1),
}
"""How many attempts are used up, and how much has left, after a death at each step. What was recorded as given and got
no further is an attempt; one in a transaction that never ended is none."""
STEPS_ELSEWHERE = (
    ("put", "FurtherQuestionsPut", "recorded"),
    ("wrong", "FurtherAnswersGiven", "recorded"),
    ("right", "set_outcome", "after"),
    ("right", "EvidenceReleased", "recorded"),
)
"""Those at which it matters where the question came from: kept, counted and not asked, answered and not recorded."""
TOLD_BEFORE = {"put": 0, "wrong": 1, "right": 2}
"""How much had been acknowledged before a death during each."""


@pytest.fixture(scope="module")
def prepared_questioning(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A database whose register of identity cards has two records of one number, to be copied; prepared once."""
    folder = tmp_path_factory.mktemp("questioning")
    url = copied(request, ENGINE, folder)
    manifest = asking("ambiguous", attempts=ATTEMPTS)
    manifest["spec"]["memory"]["records"] = TWO
    with lived(make_world(url, folder, seed=7100)) as world:
        world.apply(manifest)
    return url, folder


class Neighbour(PaperExchange):
    """Another exchange that tells two records apart by the district, and counts what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def evidence(self, asked: Mapping[str, Any], again: str = "") -> dict[str, Any]:
        answers = asked["evidence"][0].get("answers", {})
        if answers:
            self.told.append(answers["district"])
        if answers == RIGHT:
            return super().evidence(asked, again)
        code = "preview.answers-unmatched" if answers else "source.needs-answers"
        problem = {"code": code, "fault": "citizen", "attempts_left": 5, "questions": [DISTRICT]}
        return {"id": "er_0", "status": "failed", "evidence": [{"type": KIND, "status": "failed", "problem": problem}]}


@pytest.fixture
def neighbour() -> Iterator[Neighbour]:
    with Neighbour() as running:
        running.records = {OWNER: [{"name": "陈另一"}]}
        yield running


@pytest.fixture
def database(request: pytest.FixtureRequest, prepared_questioning: tuple[str, Path], tmp_path: Path) -> Iterator[str]:
    if ENGINE == "sqlite":
        yield sqlite_copy(prepared_questioning[1], tmp_path)
        return
    server = request.getfixturevalue("postgresql_server")
    mine_own = postgresql_copy(prepared_questioning, server, tmp_path)
    yield mine_own
    drop_postgresql_database(mine_own, server)


@pytest.fixture
def elsewhere(database: str, tmp_path: Path, neighbour: Neighbour) -> str:
    """The same, where the register is another exchange's."""
    manifest = asking("ambiguous")
    spec = manifest["spec"]
    del spec["memory"], spec["further"]
    spec |= {"adapter": "exchange", "exchange": neighbour.settings(relays=["district"])}
    with lived(make_world(database, tmp_path, seed=7103)) as world:
        world.apply(manifest)
    return database


def used_up(world: World, name: str) -> int:
    return ATTEMPTS - int(mine(world, path=f"/{name}/0").json["attempts_left"])


@pytest.mark.parametrize("step", STEPS, ids="-".join)
def test_sigkill_between_question_and_release(database: str, tmp_path: Path, step: tuple[str, str, str]) -> None:
    goes_on(database, tmp_path, step)


@pytest.mark.parametrize("step", STEPS_ELSEWHERE, ids="-".join)
def test_sigkill_where_another_exchange_asks(
    elsewhere: str, neighbour: Neighbour, tmp_path: Path, step: tuple[str, str, str]
) -> None:
    goes_on(elsewhere, tmp_path, step)
    given = sum(AFTER[step])
    assert neighbour.told.count(RIGHT["district"]) <= 2  # once before, and once after the crash
    assert len(neighbour.told) <= given + 1 + ATTEMPTS  # nothing is told without having been counted


def goes_on(database: str, tmp_path: Path, step: tuple[str, str, str]) -> None:
    command = [sys.executable, "-m", "tests.faults.exchange_questioning", database, str(tmp_path), *step]
    died = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=120, check=False)
    assert died.returncode == -9, died.stdout
    assert len([line for line in died.stdout.splitlines() if line.startswith(TOLD)]) == TOLD_BEFORE[step[0]]
    attempts, released = AFTER[step]
    with lived(make_world(database, tmp_path, seed=7102).another_node(build_source=build)) as world:
        world.clock.advance(61)
        world.rooms.recovery.at_start()
        (question,) = world.events("FurtherQuestionsPut")
        name, case = question["request"], question["facts"]["case"]
        assert len(world.events("EvidenceReleased")) == released
        waiting = [one["request"] for one in mine(world).json["previews"]]
        assert waiting == ([] if released else [name])
        given = world.events("FurtherAnswersGiven")
        assert len(given) == attempts + released
        assert all(len(one["commitment"]) == 64 for one in given)
        # Life goes on: what waited is answered rightly, once.
        if not released:
            assert used_up(world, name) == attempts
            assert tell(world, name, RIGHT).json["status"] == "delivered"
        assert look(world, name, case).json["evidence"][0]["data"] == {"name": "陈另一"}
        assert len(world.events("EvidenceReleased")) == 1
        # And wrong answers go on being counted from where they stood.
        again, _ = put(world, mode="direct")
        assert used_up(world, again) == attempts
        outcomes = [tell(world, again, WRONG).json for _ in range(ATTEMPTS - attempts)]
        assert [one.get("attempts_left") for one in outcomes[:-1]] == [*range(ATTEMPTS - attempts - 1, 0, -1)]
        assert outcomes[-1]["status"] == "failed"
        (item,) = asked(world)[0].json["evidence"]
        assert item["problem"]["code"] == "preview.answers-exhausted"
        assert len(world.events("EvidenceReleased")) == 1
