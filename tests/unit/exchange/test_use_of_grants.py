"""How grants were used: counted from the log in any steps by any nodes, it is what ninety days of the log say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from random import Random

import pytest
from sqlalchemy import Connection, text

from exchange.app import PACKAGE
from exchange.governance import use
from exchange.governance.use import DAYS, UseCounting, used
from exchange.store import decisions, uses
from exchange.store.decisions import LoggedDecision
from kernel import migrations
from kernel.canonical import encode
from kernel.clock import ManualClock
from kernel.database import Database
from kernel.dates import CHINA, local_day
from policies.grants.unused import Usage, Use

NOW = datetime(2026, 11, 29, 2, 30, tzinfo=UTC)
FIRST = datetime.combine(local_day(NOW) - timedelta(days=DAYS), time(), CHINA)
TICK = timedelta(microseconds=1)
REFS = ("G-A@1", "G-A@2", "G-B@1")
"""One grant, its next version, and another."""


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    migrations.upgrade(database_url, PACKAGE)
    opened = Database.open(database_url)
    yield opened
    opened.close()


def log(database: Database, entry: int, one: Use, *, left: bool = True) -> None:
    asked = {"fields": sorted(one.fields), "predicates": sorted(one.predicates)}
    row = LoggedDecision(
        entry=entry,
        request_id=f"er_{entry}",
        item=0,
        at=one.at,
        epoch=1,
        catalogue=1,
        rules="",
        subject=None,
        evidence_type="papers",
        asked=encode(asked).decode(),
        consent_from=None,
        consent_until=None,
        verdict=encode({"grants": sorted(one.grants)}).decode(),
        outcome="released" if left else "refused",
    )
    database.write(lambda connection: decisions.add(connection, [row]))


def some(chance: Random) -> Use:
    at = chance.choice((FIRST - TICK, FIRST, NOW, NOW - timedelta(hours=chance.randint(0, 95 * 24))))
    names = (frozenset(chance.sample(("name", "born", "address"), chance.randint(0, 3))) for _ in range(2))
    return Use(frozenset(chance.sample(REFS, chance.randint(1, 2))), *names, at)


def expected(released: list[Use]) -> dict[str, Usage]:
    """By the definition: everything since the beginning of that day."""
    found: dict[str, Usage] = {}
    for one in released:
        for ref in one.grants if one.at >= FIRST else ():
            was = found.get(ref, Usage())
            last = one.at if was.last is None else max(was.last, one.at)
            found[ref] = Usage(was.releases + 1, last, was.fields | one.fields, was.predicates | one.predicates)
    return found


def test_counted_in_any_steps_it_is_what_the_log_says(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(use, "AT_ONCE", 3)
    nodes, chance, released, entry = [UseCounting(database, ManualClock(NOW)) for _ in range(2)], Random(7), [], 0
    for _ in range(60):
        for _ in range(chance.randint(0, 5)):
            entry += chance.randint(1, 3)  # other entries of the log lie between
            one, left = some(chance), chance.random() < 0.8
            log(database, entry, one, left=left)
            released += [one] if left else []
        monkeypatch.setattr(use, "MOST_AT_ONCE", chance.randint(1, 9))
        if chance.random() < 0.6:
            chance.choice(nodes).sweep()
        with database.read() as connection:
            assert used(connection, NOW) == expected(released)
            assert used(connection, NOW, REFS[:1]) == {
                ref: usage for ref, usage in expected(released).items() if ref in REFS[:1]
            }
    assert len(released) > 80


def test_what_another_node_counts_between_two_looks_counts_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Use(frozenset(REFS[:1]), frozenset({"name"}), frozenset(), NOW)
    log(database, 1, one)
    counting, looked = UseCounting(database, ManualClock(NOW)), uses.since

    def counted_meanwhile(*asked: object) -> object:
        counting.sweep()
        return looked(*asked)  # type: ignore[arg-type]

    monkeypatch.setattr(uses, "since", counted_meanwhile)
    with database.read() as connection:
        assert used(connection, NOW) == expected([one])


def test_of_two_nodes_that_read_the_same_one_counts_it(database: Database) -> None:
    one = Use(frozenset(REFS[:1]), frozenset({"name"}), frozenset(), NOW)
    log(database, 4, one)
    found = {(REFS[0], local_day(NOW)): Usage(1, NOW, one.fields, one.predicates)}
    told = [
        database.write(lambda connection: uses.add(connection, found, was=-1, now=4)),
        database.write(lambda connection: uses.add(connection, found, was=-1, now=4)),
    ]
    assert told == [True, False]
    with database.read() as connection:
        assert used(connection, NOW) == expected([one])


def test_counts_of_long_ago_are_forgotten(database: Database) -> None:
    early = Use(frozenset(REFS[:1]), frozenset({"name"}), frozenset(), NOW - timedelta(days=366))
    log(database, 1, early)
    counting = UseCounting(database, ManualClock(NOW))
    assert [counting.sweep(), counting.sweep()] == [1, 0]
    with database.read() as connection:
        assert rows(connection) == 0
        assert used(connection, NOW) == {}


def rows(connection: Connection) -> int:
    return int(connection.execute(text("SELECT count(*) FROM grant_use")).scalar_one())
