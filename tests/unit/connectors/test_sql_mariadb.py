"""MariaDB as a source: exact comparison, kinds of values, character sets, one snapshot, deadlines, rights."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.errors import SourceMisconfigured, SourceTimedOut, SourceTooLarge, SourceUnavailable
from connectors.source import Outcome, Source
from tests.doubles import mariadb_server
from tests.doubles.connectors import retrieve, source, values
from tests.doubles.mariadb_server import MariaDbServer

pytestmark = pytest.mark.skipif(not Path(mariadb_server.PROGRAM).exists(), reason=mariadb_server.MISSING)

Opened = Callable[..., Source]


@pytest.fixture(scope="module")
def database(mariadb_server: MariaDbServer) -> str:
    url = mariadb_server.database()
    name = url.split("/")[3].partition("?")[0]
    mariadb_server.run(
        f"USE {name}",
        """CREATE TABLE people (id VARCHAR(18), born DATE, amount DECIMAL(12, 2), ratio DOUBLE, at TIME,
        alive TINYINT(1), bits VARBINARY(8), sort ENUM('x', 'y'), note TEXT, INDEX (id))""",
        """INSERT INTO people VALUES ('A1', '2026-01-02', 1234567.10, 0.1, '08:00:00', 1, x'0aff', 'x', '甲'),
        ('a1', NULL, NULL, NULL, '-12:30:00', 0, NULL, 'y', '乙'),
        ('Ａ1', NULL, NULL, NULL, NULL, 0, NULL, 'y', '丙')""",
        "CREATE TABLE numbered (id BIGINT, note TEXT)",
        "INSERT INTO numbered VALUES (7, '甲')",
        "CREATE TABLE old (id VARCHAR(20) CHARACTER SET gbk, note VARCHAR(20) CHARACTER SET gbk)",
        "INSERT INTO old VALUES ('A1', '镕'), ('张三', '甲')",
        "CREATE VIEW slow AS SELECT 'A1' AS id, SLEEP(30) AS note",
        "CREATE FUNCTION seen() RETURNS TEXT READS SQL DATA RETURN @@tx_isolation",
        "CREATE FUNCTION only() RETURNS INT READS SQL DATA RETURN @@tx_read_only",
        "CREATE VIEW inside AS SELECT 'A1' AS id, seen() AS note, only() AS only_read",
        "CREATE USER reader IDENTIFIED BY 'pw-of-reader'",
        f"GRANT SELECT ON {name}.people TO reader",
    )
    return url


@pytest.fixture
def opened(database: str) -> Opened:
    def make(fields: object, **settings: object) -> Source:
        limits = settings.pop("limits", {})
        described = {"url": database, "table": "people", "subject_column": "id", **settings}
        return source("sql", {name: value for name, value in described.items() if value}, fields, limits=limits)

    return make


@pytest.mark.parametrize(
    ("table", "listed"), [("people", ["A1", "a1", "Ａ1"]), ("old", ["A1", "张三"]), ("numbered", ["7"])]
)
def test_law_10_collations_that_take_one_letter_for_another_leave_nobody_out(
    opened: Opened, table: str, listed: list[str]
) -> None:
    with opened(["note"], table=table) as asked:
        found: list[str] = []
        while batch := asked.subjects(found[-1] if found else "", 1):
            found += batch
            assert len(found) <= len(listed)
        assert sorted(found) == sorted(listed)
        assert list(asked.subjects("", 10)) == found


def test_law_1_collations_that_take_one_letter_for_another_find_nobody_else(opened: Opened) -> None:
    with opened(["note"]) as asked:
        assert [values(asked, one) for one in ("A1", "a1", "Ａ1", "ａ1")] == [{"note": n} for n in "甲乙丙"] + [{}]
    with opened(["note"], where={"sort": "{sort}"}) as asked:
        assert values(asked, sort="x") == {"note": "甲"}
        assert values(asked, sort="X") == {}


def test_values_keep_their_kind(opened: Opened) -> None:
    fields = {name: {"column": name} for name in ("ratio", "at", "bits", "alive")}
    fields |= {"born": {"column": "born", "date": "iso"}, "amount": {"column": "amount", "type": "decimal"}}
    with opened(fields) as asked:
        got = values(asked)
        assert values(asked, "a1") == {"at": "-12:30:00", "alive": 0}
    assert Decimal(got.pop("amount")) == Decimal("1234567.10")
    assert got == {"ratio": "0.1", "at": "08:00:00", "bits": "0aff", "alive": 1, "born": "2026-01-02"}


def test_a_number_is_found_as_a_number_and_nothing_else_is(opened: Opened) -> None:
    with opened(["note"], table="numbered") as asked:
        assert [values(asked, one) for one in ("7", "07", "7.0", "7x", "x")] == [{"note": "甲"}, {}, {}, {}, {}]


def test_law_4_a_value_that_a_character_set_lacks_is_a_subject_nobody_has(opened: Opened) -> None:
    with opened(["note"], table="old", limits={"failures": 1}) as asked:
        assert retrieve(asked, "𠮷").outcome is Outcome.NOT_FOUND
        assert retrieve(asked, "\xbf'; --").outcome is Outcome.NOT_FOUND
        assert values(asked, "张三") == {"note": "甲"}
        assert values(asked) == {"note": "镕"}


def test_a_look_up_reads_one_snapshot_and_can_only_read(opened: Opened) -> None:
    with opened(["note", "only_read"], table="inside") as asked:
        assert values(asked) == {"note": "REPEATABLE-READ", "only_read": 1}


def test_a_statement_that_runs_too_long_ends_in_the_server_too(opened: Opened, mariadb_server: MariaDbServer) -> None:
    began = time.monotonic()
    with opened(["note"], table="slow", limits={"deadline_ms": 150}) as asked:
        with pytest.raises(SourceTimedOut):
            values(asked)
        while asked.in_flight and time.monotonic() - began < 15:
            time.sleep(0.01)
        assert asked.in_flight == 0
    assert time.monotonic() - began < 15  # of thirty


def test_a_huge_value_is_cut_by_the_database_itself(
    opened: Opened, database: str, mariadb_server: MariaDbServer
) -> None:
    name = database.split("/")[3].partition("?")[0]
    mariadb_server.run(f"INSERT INTO {name}.people (id, note) VALUES ('C1', REPEAT('n', 60000))")
    written = "SELECT id, note FROM people WHERE id = :subject"
    for settings in ({}, {"table": None, "statement": written}):
        with opened(["note"], limits={"max_bytes": 1000}, **settings) as asked, pytest.raises(SourceTooLarge):
            values(asked, "C1")


def test_a_written_statement_joins_what_the_manifest_says(opened: Opened) -> None:
    statement = """SELECT p.id, CONCAT(p.note, ':', n.note, '%') AS note FROM people p
        JOIN numbered n ON n.id = :number WHERE p.id = :subject"""
    settings = {"table": None, "statement": statement, "parameters": {"number": "{number}"}}
    with opened(["note"], **settings) as asked:
        assert values(asked, number="7") == {"note": "甲:甲%"}
        assert values(asked, "ａ1", number="7") == {}  # MySQL found the row; that is somebody else
        assert values(asked, number="8") == {}


@pytest.mark.parametrize(
    "query", ["charset=gbk", "local_infile=1", "client_flag=65536", "init_command=DROP TABLE people"]
)
def test_what_a_url_says_about_how_values_are_written_is_not_heard(opened: Opened, database: str, query: str) -> None:
    with opened(["note"], url=f"{database}&{query}") as asked:
        assert values(asked) == {"note": "甲"}
        connector = asked._connector
        with connector._engine.connect() as connection:
            driver = connection.connection.dbapi_connection
            assert (driver.charset, driver._local_infile, driver.client_flag & (1 << 16)) == ("utf8mb4", False, 0)


def test_a_role_that_may_write_is_named_in_the_log_and_one_that_only_reads_is_not(
    opened: Opened, database: str, mariadb_server: MariaDbServer, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(["note"]) as asked:
        values(asked)
        values(asked)
    assert caplog.messages == ["source people: its role may do more than read"]
    caplog.clear()
    name = database.split("/")[3].partition("?")[0]
    with opened(["note"], url=mariadb_server.url("reader", "pw-of-reader", name)) as asked:
        assert values(asked) == {"note": "甲"}
    assert caplog.messages == []


def test_a_role_without_the_right_and_a_wrong_password_are_a_wrong_description(
    opened: Opened, database: str, mariadb_server: MariaDbServer
) -> None:
    name = database.split("/")[3].partition("?")[0]
    for user, password, table in (("reader", "pw-of-reader", "numbered"), ("reader", "wrong", "people")):
        with (
            opened(["note"], url=mariadb_server.url(user, password, name), table=table) as asked,
            pytest.raises(SourceMisconfigured) as caught,
        ):
            values(asked)
        assert caught.value.reason in {"not-permitted", "credentials", "table-missing"}
        assert password not in str(caught.value)


def test_a_server_that_is_gone_is_unavailable(opened: Opened) -> None:
    with opened(["note"], url="mysql+pymysql://u:p@127.0.0.1:9/d") as asked, pytest.raises(SourceUnavailable):
        values(asked)
