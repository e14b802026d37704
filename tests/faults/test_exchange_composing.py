"""A process killed at every step at which one record names whom the next is about: of both items all or nothing has
left, whoever was named is in the case only with what was released, and a repetition ends the work once.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from exchange.store import cases
from tests.doubles.exchange import (
    OWNER,
    WORKER,
    World,
    copied,
    copy_of,
    lived,
    make_world,
    prepared_postgresql,
    prepared_sqlite,
)
from tests.faults.dying import died
from tests.faults.exchange_composing import STEPS, composed
from tests.unit.exchange.test_composition import codes

__all__ = ["prepared_postgresql", "prepared_sqlite"]

RELEASED, INTERRUPTED = "EvidenceReleased", "RetrievalInterrupted"
EVENTS = {RELEASED, INTERRUPTED}


@pytest.fixture(scope="module")
def prepared_composing(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path, str]:
    """A database with a case of the owner alone, to be copied; prepared once."""
    folder = tmp_path_factory.mktemp("composing")
    url = copied(request, folder)
    with lived(make_world(url, folder, seed=7400)) as world:
        case = world.open_case((OWNER, "applicant"))
    return url, folder, case


@pytest.fixture
def database(request: pytest.FixtureRequest, prepared_composing: tuple[str, Path, str], tmp_path: Path) -> str:
    url, folder, _ = prepared_composing
    return copy_of((url, folder), request, tmp_path)


def roles(world: World, case: str) -> set[str]:
    with world.outside.database.read() as connection:
        found = cases.read(connection, case)
    assert found is not None
    return {party.role for party in found.parties}


def told(world: World, person: str) -> list[str]:
    """The releases that somebody reads about themselves."""
    token = world.issuer.token(world.holder, "portal", person=person, scope="usage")
    entries = world.call("GET", "/v1/usage", token).json["entries"]
    return [one["receipt"] for one in entries if one["event"] == RELEASED]


@pytest.mark.parametrize("step", STEPS, ids="-".join)
def test_sigkill_between_a_name_and_the_release(
    database: str, prepared_composing: tuple[str, Path, str], tmp_path: Path, step: tuple[str, str]
) -> None:
    case = prepared_composing[2]
    assert died("exchange_composing", database, str(tmp_path), case, *step) == ""
    recorded = step[1] == "recorded"
    with lived(make_world(database, tmp_path, seed=7402)) as world:
        world.clock.advance(61)
        assert world.rooms.recovery.at_start() == (not recorded)
        ends = [(one["event"], one["item"]) for one in world.entries() if one["event"] in EVENTS]
        assert ends == [(RELEASED if recorded else INTERRUPTED, item) for item in ("0", "1")]
        assert roles(world, case) == ({"applicant", "employee"} if recorded else {"applicant"})
        assert [len(told(world, person)) for person in (OWNER, WORKER)] == [recorded, recorded]
        # The same key is answered with what was recorded, and asks no source again.
        again = composed(world, case)
        assert codes(again) == (["delivered"] * 2 if recorded else ["evidence.interrupted"] * 2)
        assert world.calls == []
        assert composed(world, case).json == again.json
        # What was interrupted is asked for anew, and what was released may be: each leaves once.
        fresh = composed(world, case, "another")
        assert codes(fresh) == ["delivered"] * 2
        assert fresh.json["evidence"][1]["data"] == {"name": "李样本"}
        assert WORKER not in fresh.text
        released = [(one["request"], one["item"]) for one in world.events(RELEASED)]
        assert len({*released}) == len(released) == 2 * (recorded + 1)
        assert roles(world, case) == {"applicant", "employee"}
        answers = (again, fresh) if recorded else (fresh,)
        receipts = {one["receipt"] for answer in answers for one in answer.json["evidence"]}
        assert receipts == {*told(world, OWNER), *told(world, WORKER)}
