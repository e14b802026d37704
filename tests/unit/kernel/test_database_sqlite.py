"""SQLite: the refusals, the one writer thread, and what happens when disk or lock say no."""

from __future__ import annotations

import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection

from kernel.database import Database, DatabaseUnavailable, UnsafeDatabase
from kernel.database import writer as writing
from kernel.database.engines import refuse_unsafe_sqlite


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "service.sqlite3"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    opened = Database.open(f"sqlite:///{path}")
    opened.write(sql("CREATE TABLE t (id INTEGER PRIMARY KEY, x BLOB)"))
    yield opened
    opened.close()


def sql(statement: str, *values: object) -> Callable[[Connection], object]:
    return lambda connection: connection.exec_driver_sql(statement, values).rowcount


def ids(path: Path) -> list[int]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT id FROM t ORDER BY id")]


@contextmanager
def busy(database: Database) -> Iterator[None]:
    """Keep the writer thread inside one work, so that what is written meanwhile waits and is served together."""
    begun, go = threading.Event(), threading.Event()

    def hold(_connection: Connection) -> None:
        begun.set()
        go.wait(10)

    holder = threading.Thread(target=database.write, args=(hold,))
    holder.start()
    begun.wait(10)
    try:
        yield
    finally:
        go.set()
        holder.join()


def together(database: Database, works: list[Callable[[Connection], object]]) -> list[object]:
    """Results or exceptions of works that were all waiting when the writer came to them."""
    outcomes: list[object] = [None] * len(works)

    def call(number: int) -> None:
        try:
            outcomes[number] = database.write(works[number])
        except Exception as error:
            outcomes[number] = error

    threads = [threading.Thread(target=call, args=(number,)) for number in range(len(works))]
    with busy(database):
        for waiting, thread in enumerate(threads, start=1):
            thread.start()
            while database._writer._jobs.qsize() < waiting:
                threading.Event().wait(0.001)
    for thread in threads:
        thread.join()
    return outcomes


# --- refusals and settings --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pragma", "reason"),
    [
        ("PRAGMA synchronous = OFF", "below FULL"),
        ("PRAGMA synchronous = NORMAL", "below FULL"),
        ("PRAGMA journal_mode = DELETE", "write-ahead"),
        ("PRAGMA journal_mode = MEMORY", "write-ahead"),
    ],
)
def test_a_connection_that_could_lose_a_commit_is_refused(path: Path, pragma: str, reason: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        refuse_unsafe_sqlite(connection)
        connection.execute(pragma)
        with pytest.raises(UnsafeDatabase, match=reason):
            refuse_unsafe_sqlite(connection)


@pytest.fixture
def without_full(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Have connections made from now on come out with a weaker setting, as a foreign build of SQLite might."""

    def weaken() -> None:
        monkeypatch.setattr("kernel.database.engines._SQLITE_PRAGMAS", ("PRAGMA synchronous = NORMAL",))

    return weaken


def test_start_up_is_refused_on_an_unsafe_database(path: Path, without_full: Callable[[], None]) -> None:
    Database.open(f"sqlite:///{path}").close()
    without_full()
    with pytest.raises(UnsafeDatabase, match="below FULL"):
        Database.open(f"sqlite:///{path}")


def test_each_new_connection_is_checked_again(database: Database, without_full: Callable[[], None]) -> None:
    without_full()
    with pytest.raises(DatabaseUnavailable, match="below FULL"), database.read():
        pass
    database._writer._discard()
    with pytest.raises(DatabaseUnavailable, match="below FULL"):
        database.write(sql("INSERT INTO t (id) VALUES (1)"))


def test_both_doors_are_durable_checked_and_forgetful(database: Database) -> None:
    def settings(connection: Connection) -> list[object]:
        names = ("synchronous", "journal_mode", "foreign_keys", "busy_timeout", "secure_delete", "trusted_schema")
        return [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]

    expected = [2, "wal", 1, 10_000, 1, 0]
    assert database.write(settings) == expected
    with database.read() as connection:
        assert settings(connection) == expected


def test_the_file_is_private_from_its_first_moment(path: Path) -> None:
    Database.open(f"sqlite:///{path}").close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_missing_folder_or_a_foreign_file_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match="cannot be opened"):
        Database.open(f"sqlite:///{tmp_path}/absent/x.sqlite3")
    (tmp_path / "letter").write_text("no database " * 200)
    with pytest.raises(DatabaseUnavailable, match="NOTADB"):
        Database.open(f"sqlite:///{tmp_path}/letter")


def test_schema_work_through_the_engine_takes_the_write_lock_at_once(database: Database, path: Path) -> None:
    with database.engine.begin() as connection, closing(sqlite3.connect(path, timeout=0)) as other:
        connection.exec_driver_sql("SELECT 1")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")


# --- group commit -----------------------------------------------------------------------------------------------------


def test_what_waits_is_committed_together(database: Database, path: Path) -> None:
    commits = []
    database.write(
        lambda connection: connection.connection.driver_connection.set_trace_callback(
            lambda statement: commits.append(statement) if statement in {"COMMIT", "SAVEPOINT work"} else None
        )
    )
    commits.clear()
    together(database, [sql("INSERT INTO t (id) VALUES (?)", number) for number in range(20)])
    assert ids(path) == list(range(20))
    assert commits.count("COMMIT") == 2  # the one that was being served, and all the others
    assert commits.count("SAVEPOINT work") == 20


def test_one_failure_undoes_one_write_of_a_batch(database: Database, path: Path) -> None:
    def fail(connection: Connection) -> None:
        connection.exec_driver_sql("INSERT INTO t (id) VALUES (99)")
        raise LookupError("mine")

    first, second, third = together(
        database, [sql("INSERT INTO t (id) VALUES (1)"), fail, sql("INSERT INTO t (id) VALUES (2)")]
    )
    assert (first, third) == (1, 1)
    assert isinstance(second, LookupError)
    assert ids(path) == [1, 2]


def test_each_failure_of_a_batch_undoes_its_own_write_alone(database: Database, path: Path) -> None:
    def fail(number: int) -> Callable[[Connection], int]:
        def work(connection: Connection) -> int:
            connection.exec_driver_sql(f"INSERT INTO t (id) VALUES ({number})")
            raise LookupError(number)

        return work

    works = [fail(number) if number % 3 else sql("INSERT INTO t (id) VALUES (?)", number) for number in range(12)]
    outcomes = together(database, works)
    assert [isinstance(outcome, LookupError) for outcome in outcomes] == [number % 3 != 0 for number in range(12)]
    assert ids(path) == [0, 3, 6, 9]


def test_a_batch_has_a_limit(database: Database, monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.setattr(writing, "MOST_IN_ONE_COMMIT", 3)
    together(database, [sql("INSERT INTO t (id) VALUES (?)", number) for number in range(10)])
    assert ids(path) == list(range(10))


def test_a_write_inside_a_write_is_refused_instead_of_waiting_for_itself(database: Database) -> None:
    with pytest.raises(RuntimeError, match="inside"):
        database.write(lambda _connection: database.write(sql("SELECT 1")))


def test_even_an_exit_inside_a_work_belongs_to_its_caller(database: Database) -> None:
    def leave(_connection: Connection) -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        database.write(leave)
    database.ready()


# --- time -------------------------------------------------------------------------------------------------------------


def test_a_write_that_was_not_begun_in_time_never_is(database: Database, path: Path) -> None:
    with busy(database), pytest.raises(DatabaseUnavailable, match="in time") as late:
        database.write(sql("INSERT INTO t (id) VALUES (1)"), timeout=0.02)
    assert not late.value.uncertain
    database.write(sql("INSERT INTO t (id) VALUES (2)"))
    assert ids(path) == [2]


def test_a_write_that_was_begun_but_not_committed_in_time_is_uncertain(database: Database, path: Path) -> None:
    go = threading.Event()

    def slow(connection: Connection) -> None:
        go.wait(10)
        connection.exec_driver_sql("INSERT INTO t (id) VALUES (1)")

    with pytest.raises(DatabaseUnavailable, match="in time") as late:
        database.write(slow, timeout=0.02)
    assert late.value.uncertain
    go.set()
    database.ready()
    assert ids(path) == [1]


def test_closing_serves_what_waits_and_refuses_what_comes_after(database: Database, path: Path) -> None:
    works = [sql("INSERT INTO t (id) VALUES (?)", number) for number in range(5)]
    waiting = [threading.Thread(target=database.write, args=(work,)) for work in works]
    closers = [threading.Thread(target=database.close) for _ in range(2)]
    with busy(database):
        for number, thread in enumerate(waiting, start=1):
            thread.start()
            while database._writer._jobs.qsize() < number:
                threading.Event().wait(0.001)
        for closer in closers:
            closer.start()
        while not database._writer._closing:
            threading.Event().wait(0.001)
        with pytest.raises(DatabaseUnavailable, match="closed"):
            database.write(works[0])
    for thread in (*waiting, *closers):
        thread.join()
    assert ids(path) == list(range(5))


# --- disk and lock ----------------------------------------------------------------------------------------------------

BLOB = bytes(8000)


def shrink(database: Database) -> None:
    """The smallest disk: hardly a page more than the database has now."""
    pages = database.write(lambda connection: connection.exec_driver_sql("PRAGMA page_count").scalar())
    database.write(sql(f"PRAGMA max_page_count = {pages + 8}"))


def fill(connection: Connection) -> None:
    for _ in range(50):
        connection.exec_driver_sql("INSERT INTO t (x) VALUES (?)", (BLOB,))


def test_a_full_disk_is_unavailable_and_writing_resumes_by_itself(database: Database, path: Path) -> None:
    shrink(database)
    with pytest.raises(DatabaseUnavailable, match="SQLITE_FULL") as full:
        database.write(fill)
    assert not full.value.uncertain
    assert ids(path) == []
    database.write(sql("INSERT INTO t (id) VALUES (1)"))
    assert ids(path) == [1]


def test_a_full_disk_inside_a_batch_loses_nothing_that_was_acknowledged(database: Database, path: Path) -> None:
    shrink(database)
    works = [sql("INSERT INTO t (id) VALUES (1000)"), fill, sql("INSERT INTO t (id) VALUES (2000)")]
    outcomes = together(database, works)
    acknowledged = [number for number, outcome in zip((1000, 0, 2000), outcomes, strict=True) if outcome == 1]
    assert isinstance(outcomes[1], DatabaseUnavailable)
    assert ids(path) == acknowledged


def test_a_work_that_hides_a_full_disk_is_not_acknowledged(database: Database, path: Path) -> None:
    def hide(connection: Connection) -> None:
        connection.exec_driver_sql("INSERT INTO t (id) VALUES (1)")
        connection.connection.driver_connection.rollback()  # what SQLite does by itself when it runs out of space

    with pytest.raises(DatabaseUnavailable, match="ended by itself") as lost:
        database.write(hide)
    assert not lost.value.uncertain
    outcomes = together(database, [sql("INSERT INTO t (id) VALUES (2)"), hide])
    assert all(isinstance(outcome, DatabaseUnavailable) for outcome in outcomes)
    assert ids(path) == []


def test_a_failed_commit_fails_everyone_in_it(database: Database, path: Path) -> None:
    database.write(sql("CREATE TABLE child (t INTEGER REFERENCES t (id) DEFERRABLE INITIALLY DEFERRED)"))
    outcomes = together(database, [sql("INSERT INTO t (id) VALUES (1)"), sql("INSERT INTO child VALUES (404)")])
    for outcome in outcomes:
        assert isinstance(outcome, DatabaseUnavailable)
        assert outcome.uncertain
    assert outcomes[0] is not outcomes[1]
    assert ids(path) == []
    database.write(sql("INSERT INTO t (id) VALUES (2)"))
    assert ids(path) == [2]


def test_a_lock_held_by_another_process_is_unavailable(database: Database, path: Path) -> None:
    database.write(sql("PRAGMA busy_timeout = 20"))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseUnavailable, match="SQLITE_BUSY"):
            database.write(sql("INSERT INTO t (id) VALUES (1)"))
    database.write(sql("INSERT INTO t (id) VALUES (1)"))
    assert ids(path) == [1]


def test_the_drivers_own_complaints_are_not_the_databases(database: Database) -> None:
    with pytest.raises(Exception, match="binding") as complaint:
        database.write(lambda connection: connection.exec_driver_sql("SELECT ?", (1, 2)))
    assert not isinstance(complaint.value, DatabaseUnavailable)
