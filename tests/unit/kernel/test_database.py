"""What both databases promise: durable writes through one door, refusals, and 'unavailable' told apart from 'wrong'."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, exc, func, insert, select, text

from kernel.database import Database, DatabaseUnavailable, Instant, UnsafeDatabase, upsert_ignore

METADATA = MetaData()
NOTES = Table(
    "notes", METADATA, Column("id", Integer, primary_key=True), Column("words", String), Column("at", Instant)
)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database.open(database_url)
    opened.write(METADATA.create_all)
    yield opened
    opened.close()


def count(database: Database) -> int:
    with database.read() as connection:
        return connection.scalar(select(func.count()).select_from(NOTES)) or 0


def add(number: int):
    def work(connection: Connection) -> int:
        connection.execute(insert(NOTES).values(id=number, words=f"note {number}"))
        return number

    return work


def test_a_write_is_seen_by_the_next_read(database: Database) -> None:
    assert database.write(add(1)) == 1
    assert count(database) == 1


def test_an_exception_rolls_back_its_own_work_and_comes_back_to_its_caller(database: Database) -> None:
    def fail(connection: Connection) -> None:
        add(1)(connection)
        raise LookupError("no")

    with pytest.raises(LookupError, match="no"):
        database.write(fail)
    assert count(database) == 0
    database.write(add(1))
    assert count(database) == 1


def test_a_broken_constraint_is_not_an_unavailable_database(database: Database) -> None:
    database.write(add(1))
    with pytest.raises(exc.IntegrityError):
        database.write(add(1))
    with pytest.raises((exc.OperationalError, exc.ProgrammingError)), database.read() as connection:
        connection.execute(text("SELECT * FROM nowhere"))


def test_writes_at_the_same_time_fail_one_by_one(database: Database) -> None:
    outcomes: list[str] = []

    def caller(number: int) -> None:
        try:
            database.write(add(number % 40))
            outcomes.append("ok")
        except exc.IntegrityError:
            outcomes.append("taken")

    threads = [threading.Thread(target=caller, args=(number,)) for number in range(80)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["ok"] * 40 + ["taken"] * 40
    assert count(database) == 40
