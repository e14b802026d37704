"""PostgreSQL: the refusals, bounded sessions, and connections that break."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import BigInteger, Connection, bindparam, column, exc, select, table, text

from kernel.database import Database, DatabaseUnavailable, Prepared, UnsafeDatabase, engines

family = table("family", column("id", BigInteger))
code = table("code", column("hash", BigInteger), column("family", BigInteger))


@pytest.fixture
def database(postgresql_url: str) -> Iterator[Database]:
    opened = Database.open(postgresql_url, pool_size=2)
    opened.write(run("CREATE TABLE t (id INTEGER PRIMARY KEY DEFERRABLE)"))
    yield opened
    opened.close()


def run(statement: str) -> Callable[[Connection], object]:
    return lambda connection: connection.execute(text(statement)).rowcount


@contextmanager
def administrator(url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True) as connection:
        yield connection


def set_for_database(url: str, setting: str, value: str) -> None:
    with administrator(url) as connection:
        name = connection.info.dbname
        connection.execute(f"ALTER DATABASE {name} SET {setting} = '{value}'")


@contextmanager
def set_for_server(url: str, setting: str, value: str) -> Iterator[None]:
    """Change a setting of the whole server and put it back."""
    with administrator(url) as connection:
        before = connection.execute(f"SHOW {setting}").fetchone()[0]
        try:
            connection.execute(f"ALTER SYSTEM SET {setting} = '{value}'")
            wait_for(connection, setting, value)
            yield
        finally:
            connection.execute(f"ALTER SYSTEM RESET {setting}")
            wait_for(connection, setting, before)


def wait_for(connection: psycopg.Connection, setting: str, value: str) -> None:
    connection.execute("SELECT pg_reload_conf()")
    for _ in range(200):
        if connection.execute(f"SHOW {setting}").fetchone()[0] == value:
            return
        time.sleep(0.01)
    raise AssertionError(f"{setting} did not become {value}")


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
def test_a_server_that_could_lose_a_commit_is_refused(postgresql_url: str, setting: str) -> None:
    with set_for_server(postgresql_url, setting, "off"), pytest.raises(UnsafeDatabase, match=f"{setting} is off"):
        Database.open(postgresql_url)
    Database.open(postgresql_url).close()


def test_asynchronous_commit_is_refused(postgresql_url: str) -> None:
    set_for_database(postgresql_url, "synchronous_commit", "off")
    with pytest.raises(UnsafeDatabase, match="synchronous_commit is off") as refusal:
        Database.open(postgresql_url)
    assert "set it to on" in refusal.value.text.en


@pytest.mark.parametrize(
    ("commit", "safe_alone", "safe_with_standby"),
    [("on", True, True), ("remote_apply", True, True), ("remote_write", True, False), ("local", True, False)],
)
def test_commit_must_be_as_strong_as_the_declared_standbys_need(
    postgresql_url: str, commit: str, safe_alone: bool, safe_with_standby: bool
) -> None:
    set_for_database(postgresql_url, "synchronous_commit", commit)
    assert opens(postgresql_url) is safe_alone
    with set_for_server(postgresql_url, "synchronous_standby_names", "elsewhere"):
        assert opens(postgresql_url) is safe_with_standby


def opens(url: str) -> bool:
    try:
        Database.open(url).close()
    except UnsafeDatabase:
        return False
    return True


def test_each_new_connection_is_checked_again(database: Database, postgresql_url: str) -> None:
    set_for_database(postgresql_url, "synchronous_commit", "off")
    database.engine.dispose()
    with pytest.raises(DatabaseUnavailable, match="synchronous_commit"):
        database.write(run("INSERT INTO t VALUES (1)"))
    with pytest.raises(DatabaseUnavailable, match="synchronous_commit"), database.read():
        pass
    with pytest.raises(DatabaseUnavailable):
        database.ready()


def test_sessions_are_bounded_and_read_committed(
    postgresql_url: str, patience: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "POSTGRESQL_IDLE_LIMIT", patience)
    database = Database.open(postgresql_url)
    names = ("idle_in_transaction_session_timeout", "lock_timeout", "statement_timeout", "transaction_isolation")

    def settings(connection: Connection) -> list[object]:
        return [connection.scalar(text(f"SHOW {name}")) for name in names]

    expected = ["1s", "4s", "10s", "read committed"]
    assert database.write(settings) == expected
    with database.read() as connection:
        assert settings(connection) == expected
    database.close()


def test_the_url_keeps_its_own_schema(database: Database, postgresql_url: str) -> None:
    database.write(run("CREATE SCHEMA tongban_x"))
    joint = "&" if "?" in postgresql_url else "?"
    other = Database.open(f"{postgresql_url}{joint}options=-csearch_path%3Dtongban_x&connect_timeout=2")
    assert other.write(lambda connection: connection.scalar(text("SELECT current_schema()"))) == "tongban_x"
    with other.read() as connection:
        assert connection.scalar(text("SHOW lock_timeout")) == "4s"
    other.close()


def backends(url: str, doing: str) -> None:
    """Let the server end every session of this database, or of one that runs a statement like ``doing``."""
    with administrator(url) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND query LIKE %s",
            (doing,),
        )


def test_connections_closed_while_idle_are_replaced_unnoticed(database: Database, postgresql_url: str) -> None:
    with database.read() as connection:
        connection.execute(text("SELECT 1"))
    backends(postgresql_url, "%")
    database.write(run("INSERT INTO t VALUES (1)"))
    backends(postgresql_url, "%")
    with database.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM t")) == 1


def test_a_connection_that_breaks_in_a_write_is_unavailable_and_nothing_was_written(
    database: Database, postgresql_url: str
) -> None:
    def work(connection: Connection) -> None:
        run("INSERT INTO t VALUES (1)")(connection)
        backends(postgresql_url, "INSERT%")
        run("INSERT INTO t VALUES (2)")(connection)

    with pytest.raises(DatabaseUnavailable) as broken:
        database.write(work)
    assert not broken.value.uncertain
    with database.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM t")) == 0


def test_a_commit_without_an_answer_is_uncertain(database: Database, postgresql_url: str) -> None:
    def work(connection: Connection) -> None:
        run("INSERT INTO t VALUES (1)")(connection)
        backends(postgresql_url, "INSERT%")

    with pytest.raises(DatabaseUnavailable) as broken:
        database.write(work)
    assert broken.value.uncertain


def test_a_constraint_checked_at_commit_is_not_an_unavailable_database(database: Database) -> None:
    def work(connection: Connection) -> None:
        run("SET CONSTRAINTS ALL DEFERRED")(connection)
        run("INSERT INTO t VALUES (1), (1)")(connection)

    with pytest.raises(exc.IntegrityError):
        database.write(work)


def test_a_lock_that_is_not_released_is_unavailable(database: Database, postgresql_url: str) -> None:
    database.write(run("INSERT INTO t VALUES (1)"))

    def work(connection: Connection) -> None:
        run("SET LOCAL lock_timeout = '20ms'")(connection)
        run("UPDATE t SET id = 2")(connection)

    with administrator(postgresql_url) as other, other.transaction():
        other.execute("SELECT * FROM t FOR UPDATE")
        with pytest.raises(DatabaseUnavailable, match=r"LockNotAvailable \(55P03\)"):
            database.write(work)
    database.write(work)


def test_a_holder_that_falls_asleep_loses_its_transaction(database: Database) -> None:
    def work(connection: Connection) -> None:
        run("SET LOCAL idle_in_transaction_session_timeout = '20ms'")(connection)
        time.sleep(0.1)
        run("INSERT INTO t VALUES (1)")(connection)

    with pytest.raises(DatabaseUnavailable):
        database.write(work)


def test_a_standby_is_not_ready(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    database.write(run("CREATE SCHEMA pretence"))
    database.write(run("CREATE FUNCTION pretence.pg_is_in_recovery() RETURNS bool LANGUAGE sql AS 'SELECT true'"))
    database.ready()
    with database.read() as connection:
        connection.execute(text("SET search_path = pretence, pg_catalog"))
    with pytest.raises(DatabaseUnavailable, match="standby"):
        database.ready()


def test_an_unreachable_server_is_unavailable_and_its_password_unsaid() -> None:
    with pytest.raises(DatabaseUnavailable, match="no connection") as unreachable:
        Database.open("postgresql+psycopg://u:hunter2@127.0.0.1:1/x")
    assert "hunter2" not in f"{unreachable.value} {unreachable.value.__cause__}"


def test_a_plan_made_while_tables_were_small_looks_in_the_index_when_they_have_grown(database: Database) -> None:
    """A driver prepares what is asked often, and the server keeps its plan until somebody analyses the tables."""
    joined = select(family.c.id).join_from(family, code, code.c.family == family.c.id)
    find = Prepared(joined.where(code.c.hash == bindparam("wanted")))
    for name in ("family", "code"):
        columns = "id BIGINT PRIMARY KEY" if name == "family" else "hash BIGINT PRIMARY KEY, family BIGINT NOT NULL"
        database.write(run(f"CREATE TABLE {name} ({columns}) WITH (autovacuum_enabled = false)"))
        database.write(run(f"INSERT INTO {name} VALUES ({'0' if name == 'family' else '0, 0'})"))
        database.write(run(f"ANALYZE {name}"))
    with database.read() as connection:
        for _ in range(20):  # psycopg prepares after 5, the server keeps a general plan after 5 more
            find.first(connection, wanted=0)
        database.write(run("INSERT INTO family SELECT generate_series(1, 20000)"))
        database.write(run("INSERT INTO code SELECT each, each FROM generate_series(1, 20000) AS each"))
        row = find.first(connection, wanted=19_999)
        kept = "SELECT name, generic_plans FROM pg_prepared_statements WHERE position('FROM family' in statement) > 0"
        [(name, general)] = connection.exec_driver_sql(kept).all()
        plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN EXECUTE {name}(19999)").scalars())
    assert row is not None
    assert general > 0
    assert "Seq Scan" not in plan, plan
