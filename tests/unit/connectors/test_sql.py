"""The SQL adapter: types, conditions, spellings, drift, and reading only."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from connectors.base import Query
from connectors.errors import SourceGarbled, SourceMisconfigured, SourceTimedOut, SourceTooLarge, SourceUnavailable
from connectors.registry import findings, notices
from connectors.source import Outcome, Source
from connectors.sql import connector, failures
from kernel.identifiers.subject import SubjectRef
from tests.doubles.connectors import manifest, retrieve, source, values

Run = Callable[..., None]


@pytest.fixture
def run(database_url: str) -> Run:
    """Execute statements as the department that owns the database."""

    def execute(*statements: str) -> None:
        engine = sa.create_engine(database_url)
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(sa.text(statement))
        engine.dispose()

    return execute


@pytest.fixture
def people(database_url: str, run: Run) -> Callable[..., Source]:
    run(
        """CREATE TABLE people ("证件号码" CHAR(18), number BIGINT, "姓 名%(x)s" VARCHAR(50), born DATE,
        amount NUMERIC(12, 2), ratio DOUBLE PRECISION, alive BOOLEAN, kind TEXT, note TEXT)""",
        """INSERT INTO people VALUES ('A1', 1, '张三', '2026-01-02', 1234567.10, 0.1, TRUE, 'x', '甲')""",
        """INSERT INTO people VALUES ('A1', 2, '张三', '2026-01-02', 1234567.10, 0.1, TRUE, 'y', '乙')""",
        """INSERT INTO people VALUES ('b2x', 3, '李四', NULL, NULL, NULL, FALSE, NULL, NULL)""",
    )

    def opened(fields: object, **settings: object) -> Source:
        spec = {"limits": settings.pop("limits")} if "limits" in settings else {}
        described = {"url": database_url, "table": "people", "subject_column": "证件号码", **settings}
        described = {name: value for name, value in described.items() if value is not None}
        return source("sql", described, fields, **spec)  # type: ignore[arg-type]

    return opened


def test_values_json_does_not_know_become_text(database_url: str, run: Run) -> None:
    binary = "BYTEA" if database_url.startswith("postgresql") else "BLOB"
    literal = r"'\x0aff'" if binary == "BYTEA" else "x'0aff'"
    run(
        f"CREATE TABLE things (id TEXT, bits {binary}, at TIME)",
        f"INSERT INTO things VALUES ('A1', {literal}, '08:00:00')",
    )
    with source("sql", {"url": database_url, "table": "things", "subject_column": "id"}, ["bits", "at"]) as asked:
        got = values(asked)
    assert (got["bits"].removeprefix("\\x"), got["at"]) == ("0aff", "08:00:00")


def test_names_are_quoted_by_the_dialect_whatever_characters_they_hold(people) -> None:
    with people({"name": {"column": "姓 名%(x)s"}}) as asked:
        assert values(asked) == {"name": "张三"}


def test_values_keep_their_exact_digits_and_days(people) -> None:
    fields = {
        "born": {"column": "born", "date": ["yyyyMMdd", "iso"]},
        "amount": {"column": "amount", "type": "decimal"},
        "ratio": {"column": "ratio"},
        "alive": {"column": "alive", "codes": {"true": True, "1": True, "false": False, "0": False}},
    }
    with people(fields, where={"kind": "x"}) as asked:
        got = values(asked)
    assert got["born"] == "2026-01-02"
    assert Decimal(got["amount"]) == Decimal("1234567.10")
    assert got["ratio"] == "0.1"
    assert got["alive"] is True


def test_conditions_narrow_by_constants_and_parameters(people) -> None:
    with people(["note"], where={"kind": "y"}) as asked:
        assert values(asked) == {"note": "乙"}
    with people(["note"], where={"kind": "{kind}"}) as asked:
        assert values(asked, kind="x") == {"note": "甲"}
        assert retrieve(asked, kind="x' OR '1'='1").outcome is Outcome.NOT_FOUND
        with pytest.raises(SourceMisconfigured) as missing:
            values(asked)
        assert missing.value.reason == "parameter-missing"


def test_a_whole_number_column_is_compared_as_a_number(people) -> None:
    with people(["note"], subject_column="number") as asked:
        assert values(asked, "2") == {"note": "乙"}
        for other in ("02", "2.0", "2e0", "two", "9" * 30, "-2", "２"):
            assert retrieve(asked, other).outcome is Outcome.NOT_FOUND


def test_small_letters_are_another_spelling_only_where_the_manifest_says_so(people) -> None:
    with people(["number"]) as asked:
        assert retrieve(asked, "B2X").outcome is Outcome.NOT_FOUND
    with people(["number"], lower_case_too=True) as asked:
        assert values(asked, "B2X") == {"number": 3}
        assert retrieve(asked, "A2").outcome is Outcome.NOT_FOUND


def test_law_1_a_collation_that_takes_two_spellings_for_one_does_not_make_two_people_one(tmp_path: Path) -> None:
    owner = sqlite3.connect(tmp_path / "people.sqlite3")
    owner.executescript(
        "CREATE TABLE people (id TEXT COLLATE NOCASE, note TEXT); INSERT INTO people VALUES ('a1', '甲')"
    )
    owner.close()
    settings = {"url": f"sqlite:///{tmp_path / 'people.sqlite3'}", "table": "people", "subject_column": "id"}
    with source("sql", settings, ["note"]) as asked:
        assert values(asked, "a1") == {"note": "甲"}
        assert retrieve(asked, "A1").outcome is Outcome.NOT_FOUND


def test_only_listed_columns_are_read(people) -> None:
    with people(
        {"all": {"path": "keys(@)", "several": True}}, columns=["note", "kind"], where={"number": "1"}
    ) as asked:
        assert sorted(values(asked)["all"]) == ["kind", "note"]


def test_a_table_of_another_schema_or_none_is_a_description_that_does_not_fit(people, database_url: str) -> None:
    with (
        source("sql", {"url": database_url, "table": "nobody", "subject_column": "id"}, ["note"]) as asked,
        pytest.raises(SourceMisconfigured) as caught,
    ):
        values(asked)
    assert caught.value.reason == "table-missing"


def test_drift_is_noticed_when_a_column_goes_and_heals_when_it_returns(people, run: Run) -> None:
    with people(["kind"], where={"note": "甲"}) as asked:
        assert values(asked) == {"kind": "x"}
        run("ALTER TABLE people RENAME COLUMN kind TO sort")
        with pytest.raises((SourceGarbled, SourceMisconfigured)):
            values(asked)
        with pytest.raises(SourceGarbled) as caught:
            values(asked)
        assert caught.value.reason == "columns-missing"
        run("ALTER TABLE people RENAME COLUMN sort TO kind")
        assert values(asked) == {"kind": "x"}


def test_a_huge_value_is_cut_by_the_database_itself(people, run: Run) -> None:
    run("INSERT INTO people (\"证件号码\", note) VALUES ('C1', '" + "n" * 300_000 + "')")
    with people(["note"], limits={"max_bytes": 1000}) as asked, pytest.raises(SourceTooLarge):
        values(asked, "C1")


def test_law_6_rows_are_counted_while_they_are_fetched(people, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run(*["INSERT INTO people (\"证件号码\", note) VALUES ('M1', '" + "x" * 900 + "')"] * 9)
    with people(["note"], limits={"max_bytes": 9 * 900}) as asked:
        assert values(asked, "M1") == {"note": "x" * 900}
    seen: list[object] = []
    real = connector._bytes
    monkeypatch.setattr(connector, "_bytes", lambda value: seen.append(value) or real(value))
    with people(["note"], limits={"max_bytes": 2000}) as asked, pytest.raises(SourceTooLarge) as caught:
        values(asked, "M1")
    assert caught.value.reason == "bytes"
    assert len(seen) == 3


def test_a_look_up_is_one_statement_once_the_table_is_known(people) -> None:
    with people(["note"], where={"kind": "x"}) as asked:
        values(asked)
        engine, statements = asked._connector._engine, []
        sa.event.listen(engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
        for _ in range(3):
            values(asked)
    assert len(statements) == 3
    assert all(statement.startswith("SELECT ") for statement in statements)


def test_a_kept_connection_that_died_is_replaced_within_the_same_look_up(postgresql_url: str) -> None:
    engine = sa.create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as owner:
        owner.execute(sa.text("CREATE TABLE people (id TEXT, note TEXT)"))
        owner.execute(sa.text("INSERT INTO people VALUES ('A1', '甲')"))
        with source("sql", {"url": postgresql_url, "table": "people", "subject_column": "id"}, ["note"]) as asked:
            assert values(asked) == {"note": "甲"}
            killed = (
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tongban-connector'"
            )
            assert owner.execute(sa.text(killed)).all() == [(True,)]
            assert values(asked) == {"note": "甲"}
            assert asked.health().failures == 0
    engine.dispose()


def test_a_statement_that_runs_too_long_ends_in_the_database_too(postgresql_url: str) -> None:
    engine = sa.create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as owner:
        owner.execute(sa.text("CREATE VIEW slow AS SELECT 'A1'::text AS id, pg_sleep(30)::text AS note"))
        settings = {"url": postgresql_url, "table": "slow", "subject_column": "id"}
        with source("sql", settings, ["note"], limits={"deadline_ms": 150}) as asked:
            with pytest.raises(SourceTimedOut):
                values(asked)
            active = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND application_name LIKE 'tongban%'"
            assert wait_for(lambda: owner.execute(sa.text(active)).scalar() == 0)
            assert wait_for(lambda: asked.in_flight == 0)
    engine.dispose()


def wait_for(condition: Callable[[], bool]) -> bool:
    ends = time.monotonic() + 5
    while not condition() and time.monotonic() < ends:
        time.sleep(0.01)
    return condition()


def test_a_file_that_is_no_database_is_garbled(tmp_path: Path) -> None:
    (tmp_path / "people.sqlite3").write_bytes(b"not a database, but long enough to be looked at" * 50)
    with (
        source(
            "sql", {"url": f"sqlite:///{tmp_path}/people.sqlite3", "table": "p", "subject_column": "id"}, ["note"]
        ) as asked,
        pytest.raises(SourceGarbled),
    ):
        values(asked)


def test_a_locked_database_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "people.sqlite3"
    owner = sqlite3.connect(path, isolation_level=None)
    owner.execute("CREATE TABLE people (id TEXT, note TEXT)")
    with source(
        "sql",
        {"url": f"sqlite:///{path}", "table": "people", "subject_column": "id"},
        ["note"],
        limits={"deadline_ms": 300},
    ) as asked:
        owner.execute("BEGIN EXCLUSIVE")
        with pytest.raises((SourceUnavailable, SourceTimedOut)):
            values(asked)
        owner.execute("ROLLBACK")
    owner.close()


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:x?uri=true",
        "nonsense",
        "mysql+nodriver://h/d",
        "postgresql+psycopg2://h/d",
        "oracle://h/d",
    ],
)
def test_a_url_that_cannot_be_used_is_refused_at_once_and_not_repeated(url: str) -> None:
    with pytest.raises(SourceMisconfigured) as caught:
        source("sql", {"url": url, "table": "people", "subject_column": "id"}, ["note"])
    assert caught.value.reason in {"url", "driver-missing"}
    assert caught.value.source == "people"


def test_the_url_may_be_a_secret(tmp_path: Path) -> None:
    path = tmp_path / "people.sqlite3"
    owner = sqlite3.connect(path)
    owner.executescript("CREATE TABLE people (id TEXT, note TEXT); INSERT INTO people VALUES ('A1', '甲')")
    owner.close()
    settings = {"url_secret": "people-db", "table": "people", "subject_column": "id"}
    with source("sql", settings, ["note"], secrets={"people-db": f"sqlite:///{path}"}) as asked:
        assert values(asked) == {"note": "甲"}
    with pytest.raises(SourceMisconfigured) as caught:
        source("sql", settings, ["note"])
    assert caught.value.reason == "secret-unknown"


def test_every_database_error_is_one_of_our_problems() -> None:
    assert isinstance(failures.problem_of(sa.exc.InvalidRequestError()), SourceUnavailable)
    assert failures.problem_of(sa.exc.TimeoutError()).reason == "connections"
    assert failures.problem_of(sa.exc.ProgrammingError("s", {}, Exception())).reason == "statement"
    assert failures.problem_of(sa.exc.NoSuchTableError("t")).reason == "table-missing"


def test_a_query_shows_nobody() -> None:
    query = Query(SubjectRef("citizen-number", "11010519491231002X"), {"name": "张三"}, 1.0)
    assert "1101" not in repr(query)
    assert "张三" not in repr(query)


def test_a_written_statement_gives_only_the_listed_columns_and_keeps_their_kinds(people) -> None:
    statement = """SELECT trim("证件号码") AS id, born, amount, note, kind, ':subject' AS colon FROM people
        WHERE trim("证件号码") = :subject AND kind LIKE :kind"""
    settings = {"table": None, "statement": statement, "parameters": {"kind": "{kind}"}, "subject_column": "id"}
    fields = {
        "born": {"column": "born", "date": "iso"},
        "amount": {"column": "amount", "type": "decimal"},
        "colon": {"column": "colon"},
    }
    with people(fields, **settings) as asked:
        got = dict(values(asked, kind="x"))
        assert Decimal(got.pop("amount")) == Decimal("1234567.10")
        assert got == {"born": "2026-01-02", "colon": ":subject"}
        assert retrieve(asked, "C1", kind="x").outcome is Outcome.NOT_FOUND
    with people(["note", "kind"], **settings, limits={"max_bytes": 3}) as asked, pytest.raises(SourceTooLarge):
        values(asked, kind="%")
    with people(["surname"], **settings) as asked, pytest.raises(SourceGarbled) as caught:
        values(asked, kind="x")
    assert caught.value.reason == "columns-missing"


def test_a_written_statement_may_know_two_spellings(people) -> None:
    statement = 'SELECT trim("证件号码") AS id, number FROM people WHERE trim("证件号码") IN (:subject, :subject_lower)'
    with people(["number"], table=None, statement=statement, subject_column="id", lower_case_too=True) as asked:
        assert values(asked, "B2X") == {"number": 3}


def test_a_look_up_is_a_transaction_that_reads_one_snapshot(postgresql_url: str) -> None:
    engine = sa.create_engine(postgresql_url)
    with engine.begin() as owner:
        owner.execute(
            sa.text(
                "CREATE VIEW inside AS SELECT 'A1'::text AS id, current_setting('transaction_isolation') AS note,"
                " current_setting('transaction_read_only') AS only_read"
            )
        )
    engine.dispose()
    with source(
        "sql", {"url": postgresql_url, "table": "inside", "subject_column": "id"}, ["note", "only_read"]
    ) as asked:
        assert values(asked) == {"note": "repeatable read", "only_read": "on"}


def test_a_role_that_may_write_is_named_in_the_log(postgresql_url: str, caplog: pytest.LogCaptureFixture) -> None:
    engine = sa.create_engine(postgresql_url)
    with engine.begin() as owner:
        owner.execute(sa.text("CREATE TABLE people (id TEXT, note TEXT)"))
        owner.execute(sa.text("DROP ROLE IF EXISTS tongban_reader"))
        owner.execute(sa.text("CREATE ROLE tongban_reader LOGIN"))
        owner.execute(sa.text("GRANT SELECT ON people TO tongban_reader"))
    engine.dispose()
    for user, expected in ((None, 1), ("tongban_reader", 0)):
        url = sa.make_url(postgresql_url)
        url = url if user is None else url.set(username=user)
        described = {"url": url.render_as_string(hide_password=False), "table": "people", "subject_column": "id"}
        caplog.clear()
        with source("sql", described, ["note"]) as asked:
            values(asked)
        assert len(caplog.messages) == expected


def test_a_database_nobody_tested_is_accepted_and_called_so(tmp_path: Path) -> None:
    described = manifest(
        "sql",
        {"url": "mssql+pyodbc://h/d", "table": "people", "subject_column": "id"},
        {"fields": {"note": {"column": "note"}}},
    )
    assert findings(described) == []
    assert [notice.en for notice in notices(described)] == [
        "people: databases of the kind mssql+pyodbc are untested; see to it that the account can only read"
    ]
    described["spec"]["sql"]["url"] = "postgresql+psycopg://h/d"
    assert notices(described) == []


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({"table": "t", "statement": "SELECT 1 AS id WHERE '1' = :subject"}, []),
        ({}, []),
        ({"table": "t", "parameters": {"x": "1"}}, ["parameters"]),
        ({"statement": "SELECT 1 AS id WHERE '1' = :subject", "where": {"a": "b"}}, ["where"]),
        ({"statement": "SELECT 1 AS id WHERE '1' = :subject", "parameters": {"x": "1"}}, ["parameters", "x"]),
        ({"statement": "SELECT 1 AS id WHERE '1' = :subject", "lower_case_too": True}, ["lower_case_too"]),
    ],
)
def test_a_description_that_asks_two_ways_is_refused(settings: dict, where: list[str]) -> None:
    described = manifest(
        "sql", {"url": "sqlite:///x", "subject_column": "id", **settings}, {"fields": {"note": {"column": "note"}}}
    )
    assert [list(finding.where[2:]) for finding in findings(described)] == [where]


def one_by_one(asked: Source, at_once: int = 1) -> list[str]:
    """Everybody that a source lists, each stretch behind the last of the one before."""
    found: list[str] = []
    while batch := asked.subjects(found[-1] if found else "", at_once):
        assert len(found) < 100
        found += batch
    return found


SPELLINGS = [" Z9", "A1", "a1", "A 1", "A10", "A1-", "B2", "é1", "e1", "E1", "甲", "𠮷", "_1", "~"]


COLLATIONS = {"sqlite": ("BINARY", "NOCASE", "RTRIM"), "postgresql": ("default", "C", "pg_c_utf8")}


@pytest.mark.parametrize("kind", ["TEXT", "VARCHAR(20)", "CHAR(20)"])
@pytest.mark.parametrize("collation", [0, 1, 2])
@pytest.mark.parametrize("at_once", [1, 3])
def test_law_10_who_is_listed_does_not_depend_on_blanks_case_or_collation(
    database_url: str, run: Run, kind: str, collation: int, at_once: int
) -> None:
    """Behind a value that begins with a blank everybody is reached, and behind one that its collation equates."""
    collated = f'COLLATE "{COLLATIONS[database_url.split(":")[0].split("+")[0]][collation]}"'
    values = ", ".join(f"('{each}')" for each in [*SPELLINGS, "A1", ""])
    run(f"CREATE TABLE listed (id {kind} {collated})", f"INSERT INTO listed VALUES {values}, (NULL)")
    with source("sql", {"url": database_url, "table": "listed", "subject_column": "id"}, ["id"]) as asked:
        found = one_by_one(asked, at_once)
        assert sorted(found) == sorted(SPELLINGS)
        assert found == list(asked.subjects("", 50))
        for each in found:
            if each == each.strip():
                assert retrieve(asked, each).outcome is Outcome.FOUND


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("NUMERIC", ["9", "10", "100", "-3"]),
        ("BIGINT", ["9", "10", "100", "-3"]),
        ("DATE", ["'2026-01-02'", "'0900-03-04'"]),
    ],
)
def test_law_10_what_is_no_text_is_listed_whole_in_one_order(
    database_url: str, run: Run, kind: str, values: list[str]
) -> None:
    """9 comes before 10 among numbers and behind it among texts: what orders them is what they are compared by."""
    rows = ", ".join(f"({each})" for each in values)
    run(f"CREATE TABLE listed (id {kind})", f"INSERT INTO listed VALUES {rows}")
    with source("sql", {"url": database_url, "table": "listed", "subject_column": "id"}, ["id"]) as asked:
        assert sorted(one_by_one(asked)) == sorted(each.strip("'") for each in values)


def test_law_10_a_column_of_numbers_on_sqlite_may_hold_anything(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "people.sqlite3") as database:
        database.execute("CREATE TABLE listed (id INTEGER)")
        database.executemany("INSERT INTO listed VALUES (?)", [(9,), (10,), ("A1",), (b"bytes",), (None,), ("",)])
    settings = {"url": f"sqlite:///{tmp_path / 'people.sqlite3'}", "table": "listed", "subject_column": "id"}
    with source("sql", settings, ["id"]) as asked:
        assert sorted(one_by_one(asked)) == ["10", "9", "A1", "bytes"]
