"""What both databases promise: durable writes through one door, and 'unavailable' told apart from 'wrong'."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, exc, func, insert, select, text

from kernel.database import Database, DatabaseUnavailable, Instant, UnsafeDatabase, upsert_ignore
from kernel.database.driver import insert_many

METADATA = MetaData()
NOTES = Table(
    "notes", METADATA, Column("id", Integer, primary_key=True), Column("words", String), Column("at", Instant)
)
NOON = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database.open(database_url)
    opened.write(METADATA.create_all)
    yield opened
    opened.close()


def count(database: Database) -> int:
    with database.read() as connection:
        return connection.scalar(select(func.count()).select_from(NOTES)) or 0


def add(number: int, words: str = "") -> Callable[[Connection], int]:
    def work(connection: Connection) -> int:
        connection.execute(insert(NOTES).values(id=number, words=words))
        return number

    return work


def test_a_write_is_seen_by_the_next_read(database: Database) -> None:
    assert database.write(add(1)) == 1
    assert count(database) == 1
    assert database.dialect == database.engine.dialect.name


def test_work_sees_its_own_writes(database: Database) -> None:
    def work(connection: Connection) -> int:
        add(1)(connection)
        return connection.scalar(select(func.count()).select_from(NOTES)) or 0

    assert database.write(work) == 1


def test_an_exception_rolls_back_its_own_work_and_comes_back_to_its_caller(database: Database) -> None:
    def fail(connection: Connection) -> None:
        add(1)(connection)
        raise LookupError("no")

    with pytest.raises(LookupError, match="no"):
        database.write(fail)
    assert count(database) == 0
    database.write(add(1))
    assert count(database) == 1


def test_a_nested_savepoint_undoes_only_itself(database: Database) -> None:
    def work(connection: Connection) -> None:
        add(1)(connection)
        savepoint = connection.begin_nested()
        add(2)(connection)
        savepoint.rollback()
        add(3)(connection)

    database.write(work)
    assert count(database) == 2


def test_a_broken_statement_is_not_an_unavailable_database(database: Database) -> None:
    database.write(add(1))
    with pytest.raises(exc.IntegrityError):
        database.write(add(1))
    with pytest.raises((exc.OperationalError, exc.ProgrammingError)), database.read() as connection:
        connection.execute(text("SELECT * FROM nowhere"))


def test_errors_repeat_no_values(database: Database) -> None:
    database.write(add(1, "500199199003070011"))
    with pytest.raises(exc.IntegrityError) as broken:
        database.write(add(1, "500199199003070011"))
    assert "500199" not in f"{broken.value} {broken.value.orig}"
    assert "(1)" not in f"{broken.value} {broken.value.orig}"


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


def test_32_racers_for_one_code_have_one_winner(database: Database) -> None:
    database.write(add(1, "code"))
    start, wins = threading.Barrier(32), []

    def consume(connection: Connection) -> int:
        return connection.execute(text("UPDATE notes SET words = '' WHERE id = 1 AND words = 'code'")).rowcount

    def racer() -> None:
        start.wait()
        wins.append(database.write(consume))

    threads = [threading.Thread(target=racer) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(wins) == [0] * 31 + [1]


def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(DatabaseUnavailable, match=r"READONLY|ReadOnly"), database.read() as connection:
        add(1)(connection)
    assert count(database) == 0


def test_each_statement_of_a_reader_sees_what_was_committed_before_it(database: Database) -> None:
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(NOTES)) == 0
        database.write(add(1))
        assert connection.scalar(select(func.count()).select_from(NOTES)) == 1


def test_a_readers_own_exception_passes_through(database: Database) -> None:
    with pytest.raises(LookupError), database.read():
        raise LookupError


def test_ready_says_nothing_when_all_is_well(database: Database) -> None:
    database.ready()


def test_readers_beyond_the_pool_wait_and_are_told(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernel.database.engines.POOL_WAIT_SECONDS", 0.05)
    database = Database.open(database_url, pool_size=1)
    with database.read(), pytest.raises(DatabaseUnavailable, match="no free"), database.read():
        pass
    database.close()


def test_nothing_is_read_or_written_once_it_is_closed(database: Database) -> None:
    """Otherwise a pool that was given back opens connections anew, and nobody gives those back."""
    database.close()
    with pytest.raises(DatabaseUnavailable, match="closed"):
        database.write(add(1))
    with pytest.raises(DatabaseUnavailable, match="closed"):
        count(database)
    with pytest.raises(DatabaseUnavailable, match="closed"):
        database.ready()


def test_upsert_ignore_tells_new_from_known(database: Database) -> None:
    def see(connection: Connection) -> int:
        return connection.execute(upsert_ignore(NOTES, connection).values(id=7)).rowcount

    assert [database.write(see), database.write(see)] == [1, 0]


def test_an_instant_comes_back_to_the_microsecond_in_utc(database: Database) -> None:
    beijing = NOON.astimezone(timezone(timedelta(hours=8)))
    database.write(lambda connection: connection.execute(insert(NOTES).values(id=1, at=beijing)))
    database.write(lambda connection: connection.execute(insert(NOTES).values(id=2, at=None)))
    with database.read() as connection:
        assert connection.scalars(select(NOTES.c.at).order_by(NOTES.c.id)).all() == [NOON, None]
        later = select(NOTES.c.id).where(NOTES.c.at > NOON - timedelta(microseconds=1))
        assert connection.scalars(later).all() == [1]
        stored = connection.scalar(text("SELECT at FROM notes WHERE id = 1"))
    assert stored == 1795435200123456


def test_a_naive_datetime_is_no_instant(database: Database) -> None:
    with pytest.raises(exc.StatementError, match="time zone"):
        database.write(lambda connection: connection.execute(insert(NOTES).values(id=1, at=NOON.replace(tzinfo=None))))


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=8))])))
def test_every_instant_survives(moment: datetime) -> None:
    instant, dialect = Instant(), None
    stored = instant.process_bind_param(moment, dialect)  # type: ignore[arg-type]
    assert instant.process_result_value(stored, dialect) == moment  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mysql://host/x", "starts with"),
        ("postgresql://host/x", "starts with"),
        ("postgresql+asyncpg://host/x", "starts with"),
        ("sqlite://", "a file"),
        ("sqlite:///:memory:", "a file"),
        ("sqlite:///x.sqlite3?mode=memory", "without options"),
        ("no url at all", "cannot be read"),
        ("postgresql+psycopg://u:hunter2@host:port/x", "cannot be read"),
    ],
)
def test_an_unfit_url_is_refused_without_being_repeated(url: str, reason: str) -> None:
    with pytest.raises(UnsafeDatabase, match=reason) as refusal:
        Database.open(url)
    assert "hunter2" not in f"{refusal.value} {refusal.value.__cause__}"
    assert refusal.value.text.zh


@pytest.mark.parametrize("how_many", [0, 1, 2, 32, 33, 100])
def test_rows_are_inserted_whole_however_many_there_are(database: Database, how_many: int) -> None:
    rows = [(number, f"第{number}行") for number in range(how_many)]
    database.write(lambda connection: insert_many(connection, "INSERT INTO notes (id, words) VALUES (?, ?)", rows))
    with database.read() as connection:
        kept = connection.execute(select(NOTES.c.id, NOTES.c.words).order_by(NOTES.c.id)).all()
    assert [tuple(row) for row in kept] == rows


def test_what_follows_the_values_holds_for_every_row_inserted(database: Database) -> None:
    sql = "INSERT INTO notes (id, words) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET words = excluded.words"
    database.write(lambda connection: insert_many(connection, sql, [(1, "old"), (2, "old")]))
    database.write(lambda connection: insert_many(connection, sql, [(2, "new"), (3, "new"), (1, "new")]))
    with database.read() as connection:
        assert set(connection.scalars(select(NOTES.c.words))) == {"new"}
    assert count(database) == 3
