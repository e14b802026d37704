"""The exchange under faults: killed under load, a full disk, a locked log.

Nothing acknowledged is lost, nothing leaves unlogged.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from connectors.base import Query
from kernel.ledger.verify import verify_receipt
from tests.cases import sized
from tests.doubles.exchange import (
    BEFORE_FETCH,
    NAME,
    World,
    copied,
    lived,
    make_world,
    prepared_postgresql,
    prepared_sqlite,
    small_world,
    world,
)
from tests.doubles.forked import Forked

__all__ = ["prepared_postgresql", "prepared_sqlite", "small_world", "world"]

ROUNDS = sized(3, 20)
ACKNOWLEDGED_PER_ROUND = 25


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A prepared database that processes of their own will open."""
    return copied(request, tmp_path, request.param)


def serving(database_url: str, folder: Path, number: int) -> Forked:
    """A process that serves."""
    return Forked("tests.faults.exchange_under_load", database_url, str(folder), str(number))


def killed_under_load(database_url: str, folder: Path, number: int) -> list[list[str]]:
    """Serve, be killed with SIGKILL in the middle of it; what had been acknowledged by then."""
    with serving(database_url, folder, number) as process:
        assert process.stdout.readline() == "ready\n"
        lines = list(itertools.islice(filter(is_acknowledgement, process.stdout), ACKNOWLEDGED_PER_ROUND))
        process.kill()
        lines += filter(is_acknowledgement, process.stdout)  # what stood in the pipe was acknowledged as well
    return [line.split() for line in lines]


def is_acknowledgement(line: str) -> bool:
    """Whether this is a whole line about an answer, and not one of the log."""
    return line.startswith("key-") and line.endswith("\n")


def test_sigkill_under_load_loses_no_acknowledged_entry(
    database: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    acknowledged = [line for number in range(ROUNDS) for line in killed_under_load(database, tmp_path, number)]
    record_property("cases", len(acknowledged))
    assert len(acknowledged) >= ROUNDS * ACKNOWLEDGED_PER_ROUND
    with lived(make_world(database, tmp_path, seed=9999)) as after:
        after.clock.advance(61 * (ROUNDS + 1))
        after.rooms.recovery.at_start()
        after.outside.ledger.ready()
        entries = after.entries()
        check_acknowledged(after, acknowledged, entries)
        check_everything_ended(after, entries)


def check_acknowledged(world: World, acknowledged: list[list[str]], entries: list[dict]) -> None:
    """Every line told is an entry of the log, and its receipt still verifies."""
    vkey = world.outside.ledger.vkey
    for _key, request_id, *indexes in acknowledged:
        for item, index in enumerate(indexes):
            entry = entries[int(index)]
            assert (entry["event"], entry["request"], entry["item"]) == ("EvidenceReleased", request_id, str(item))
    receipt = world.outside.ledger.receipt(int(acknowledged[-1][2]))
    assert verify_receipt(receipt.text, vkey=vkey, evidence=None, jwks=None).in_log


def check_everything_ended(world: World, entries: list[dict]) -> None:
    """No item has two outcomes, no intent is left, and what was not acknowledged either happened or was interrupted."""
    outcomes = Counter((entry["request"], entry["item"]) for entry in entries if entry["request"].startswith("er_"))
    assert max(outcomes.values()) == 1
    with world.outside.database.read() as connection:
        states = connection.exec_driver_sql("SELECT id, state FROM evidence_request").all()
    assert {state for _, state in states} <= {"settled", "interrupted"}
    assert {made for made, _ in states} == {request_id for request_id, _ in outcomes}


# The disk is full -----------------------------------------------------------------------------------------------------


PLENTY = 1 << 30
"""Pages of a SQLite file: more than any test fills."""

DISK_FULL = """
CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
"""
"""What a PostgreSQL server answers when it cannot extend a table's file: SQLSTATE 53100."""

GROWING = ("ledger_entry", "evidence_request")
"""What every request adds rows to."""


def fill_the_disk(world: World) -> None:
    """From now on the database has no room for another page."""
    database = world.outside.database
    if database.dialect == "sqlite":
        database.write(lambda c: c.exec_driver_sql("PRAGMA max_page_count = 1").all())
        return
    triggers = (f"CREATE TRIGGER disk_full BEFORE INSERT ON {table} EXECUTE FUNCTION disk_full()" for table in GROWING)
    database.write(lambda c: [c.exec_driver_sql(statement) for statement in (DISK_FULL, *triggers)])


def free_the_disk(world: World) -> None:
    """Somebody made room."""
    database = world.outside.database
    if database.dialect == "sqlite":
        database.write(lambda c: c.exec_driver_sql(f"PRAGMA max_page_count = {PLENTY}").all())
        return
    database.write(lambda c: c.exec_driver_sql("DROP FUNCTION disk_full() CASCADE"))


def test_E5_a_full_disk_refuses_cleanly_and_goes_on_by_itself(small_world: World) -> None:
    world = small_world
    case = world.open_case()
    before = len(world.entries())
    fill_the_disk(world)
    refused = 0
    for _ in range(40):
        answer = world.ask(case, NAME)
        assert answer.status_code in {200, 503}, answer.text
        if answer.status_code == 503:
            assert answer.json["code"] in {"ledger.unavailable", "database.unavailable"}
            assert answer.headers["Retry-After"]
            assert "陈示例" not in answer.text
            refused += 1
    assert refused > 0
    free_the_disk(world)
    world.rooms.recovery.overdue()
    assert world.ask(case, NAME).json["evidence"][0]["data"] == {"name": "陈示例"}
    released = len(world.events("EvidenceReleased"))
    assert released == 40 - refused + 1
    assert len(world.entries()) - before >= released


def test_E5_a_disk_that_fills_between_fetch_and_record_releases_nothing(small_world: World) -> None:
    world = small_world
    case = world.open_case()

    def fill(_query: Query) -> None:
        BEFORE_FETCH.clear()
        fill_the_disk(world)

    BEFORE_FETCH.append(fill)
    answers = [world.ask(case, NAME) for _ in range(30)]
    free_the_disk(world)
    delivered = [answer for answer in answers if answer.status_code == 200]
    assert len(delivered) < len(answers)
    assert len(world.events("EvidenceReleased")) == len(delivered)


# The log is locked ----------------------------------------------------------------------------------------------------


def test_a_log_locked_by_a_frozen_node_is_503_and_nothing_leaves(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = copied(request, tmp_path, "postgresql")
    with lived(make_world(url, tmp_path, seed=8888)) as world:
        case = world.open_case()
        frozen = psycopg.connect(url.replace("+psycopg", "", 1))
        frozen.execute("SELECT * FROM ledger_head FOR UPDATE")
        answer = world.ask(case, NAME, Idempotency_Key="k")
        assert (answer.status_code, answer.json["code"]) == (503, "ledger.unavailable")
        assert "陈示例" not in answer.text
        frozen.close()
        assert world.events("EvidenceReleased") == []
        assert world.ask(case, NAME).status_code == 200
