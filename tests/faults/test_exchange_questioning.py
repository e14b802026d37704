"""A process killed at every step between a question to the person, its answers and the release: nothing is lost,
nothing leaves twice, and no crash gives an attempt back (ADR 0059), also where another exchange asks (ADR 0067).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.asking_exchange import AskingExchange, build, register_of
from tests.doubles.exchange import (
    MARKET,
    OWNER,
    Prepared,
    World,
    copied,
    copy_of,
    grant,
    lived,
    make_world,
    prepared_postgresql,
    prepared_sqlite,
    system,
)
from tests.faults.dying import died
from tests.faults.exchange_questioning import STEPS, TOLD
from tests.unit.exchange.test_further_questions import RIGHT, TWO, WRONG, asking, put, tell
from tests.unit.exchange.test_previews import asked, mine
from tests.unit.exchange.test_relayed_answers import ask, told
from tests.unit.exchange.test_waiting import look

__all__ = ["prepared_postgresql", "prepared_sqlite"]

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
RELAYED = (
    (("wrong", "FurtherAnswersGiven", "recorded"), 1, 0),
    (("right", "set_outcome", "after"), 2, 0),
    (("right", "EvidenceReleased", "recorded"), 1, 1),
)
"""Where another exchange puts the question: a step, how many attempts are used up after it, and how much has left."""
TOLD_BEFORE = {"put": 0, "wrong": 1, "right": 2}
"""How much had been acknowledged before a death during each."""


@pytest.fixture(scope="module")
def prepared_questioning(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A database whose register of identity cards has two records of one number, to be copied; prepared once."""
    folder = tmp_path_factory.mktemp("questioning")
    url = copied(request, folder)
    manifest = asking("ambiguous", attempts=ATTEMPTS)
    manifest["spec"]["memory"]["records"] = TWO
    with lived(make_world(url, folder, seed=7100)) as world:
        world.apply(manifest)
    return url, folder


@pytest.fixture
def neighbour() -> Iterator[AskingExchange]:
    with AskingExchange() as running:
        running.records = {OWNER: [{"name": "陈另一"}]}
        yield running


@pytest.fixture
def database(request: pytest.FixtureRequest, prepared_questioning: Prepared, tmp_path: Path) -> str:
    return copy_of(prepared_questioning, request, tmp_path)


@pytest.fixture
def elsewhere(database: str, tmp_path: Path, neighbour: AskingExchange) -> str:
    """The same, where the register is another exchange's."""
    manifest = register_of(neighbour, asking("ambiguous"), "district")
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
    elsewhere: str, neighbour: AskingExchange, tmp_path: Path, step: tuple[str, str, str]
) -> None:
    counted = goes_on(elsewhere, tmp_path, step)
    assert neighbour.told.count(RIGHT) <= 2  # once before, and once after the crash
    assert counted - 1 <= len(neighbour.told) <= counted  # nothing is told uncounted; one may be lost in the crash


@pytest.mark.parametrize(("step", "attempts", "released"), RELAYED, ids=["wrong-given", "right-told", "right-released"])
def test_sigkill_where_another_exchange_puts_our_question(
    database: str, tmp_path: Path, step: tuple[str, str, str], attempts: int, released: int
) -> None:
    with lived(make_world(database, tmp_path, seed=7104)) as world:
        world.apply(grant("G-ABSENT", absent_allowed=True), system("market-website", MARKET, relays_questions=True))
        world.approve("G-ABSENT")
    died("exchange_questioning", database, str(tmp_path), *step, "elsewhere")
    with lived(make_world(database, tmp_path, seed=7105)) as world:
        world.clock.advance(61)
        world.rooms.recovery.at_start()
        assert len(world.events("EvidenceReleased")) == released
        assert told(ask(world))["problem"]["attempts_left"] == ATTEMPTS - attempts
        assert told(ask(world, RIGHT))["data"] == {"name": "陈另一"}
        of = [one["request"] for one in world.events("EvidenceReleased")]
        assert len({*of}) == len(of) == released + 1
        assert len(world.events("FurtherAnswersGiven")) == attempts + released + 1


def goes_on(database: str, tmp_path: Path, step: tuple[str, str, str]) -> int:
    """Live until the step, die, and go on; how many answers were counted in all."""
    said = died("exchange_questioning", database, str(tmp_path), *step)
    assert len([line for line in said.splitlines() if line.startswith(TOLD)]) == TOLD_BEFORE[step[0]]
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
        return len(world.events("FurtherAnswersGiven"))
