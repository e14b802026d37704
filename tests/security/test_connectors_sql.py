"""Attacks through SQL sources: injection into every mapped parameter (K1), and writing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.errors import SourceMisconfigured
from connectors.registry import findings
from connectors.source import Outcome, Source
from connectors.sql import SqlConnector
from connectors.sql.written import written
from tests.cases import sized
from tests.doubles import mariadb_server
from tests.doubles.connectors import manifest, retrieve, source

needs_mariadb = pytest.mark.skipif(not Path(mariadb_server.PROGRAM).exists(), reason=mariadb_server.MISSING)
SQLISH = st.text(alphabet="'\"`;-/*\\%_()=| \tORSELCTUNIDP01$:?@#\n\0é中", max_size=60)


@pytest.fixture(scope="module", params=["sqlite", "postgresql", pytest.param("mariadb", marks=needs_mariadb)])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    if request.param == "sqlite":
        made = f"sqlite:///{tmp_path_factory.mktemp('sql') / 'people.sqlite3'}"
    elif request.param == "mariadb":
        made = request.getfixturevalue("mariadb_server").database()
    else:
        made = request.getfixturevalue("make_postgresql_database")()
    engine = sa.create_engine(made)
    with engine.begin() as owner:
        owner.execute(sa.text("CREATE TABLE people (id TEXT, sort TEXT, note TEXT)"))
        owner.execute(sa.text("INSERT INTO people VALUES ('A1', 'x', '甲'), ('B1', 'y', '乙')"))
    engine.dispose()
    return made


@pytest.fixture(scope="module")
def asked(url: str) -> Iterator[Source]:
    described = {"url": url, "table": "people", "subject_column": "id", "where": {"sort": "{sort}", "note": "{note}"}}
    with source("sql", described, {"sort": {"column": "sort"}}, limits={"failures": 1000}) as opened:
        yield opened


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(subject=SQLISH, sort=SQLISH, note=SQLISH)
def test_K1_generated_strings_in_every_parameter_find_nobody(asked: Source, subject: str, sort: str, note: str) -> None:
    assert retrieve(asked, subject, sort=sort, note=note).outcome is Outcome.NOT_FOUND
    assert retrieve(asked, "A1", sort=sort, note="甲").outcome is Outcome.NOT_FOUND
    assert retrieve(asked, "A1", sort="x", note=note).outcome is Outcome.NOT_FOUND
    assert retrieve(asked, "A1", sort="x", note="甲").outcome is Outcome.FOUND


WRITTEN = "SELECT sort, id FROM people WHERE id = :subject AND sort = :sort AND note = :note"


@pytest.fixture(scope="module")
def asked_by_statement(url: str) -> Iterator[Source]:
    parameters = {"sort": "{sort}", "note": "{note}"}
    described = {"url": url, "statement": WRITTEN, "parameters": parameters, "subject_column": "id"}
    with source("sql", described, {"sort": {"column": "sort"}}, limits={"failures": 1000}) as opened:
        yield opened


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=sized(40, 5_000))
@given(subject=SQLISH, sort=SQLISH, note=SQLISH)
def test_K1_generated_strings_in_a_written_statements_values_find_nobody(
    asked_by_statement: Source, subject: str, sort: str, note: str
) -> None:
    asked = asked_by_statement
    assert retrieve(asked, subject, sort=sort, note=note).outcome is Outcome.NOT_FOUND
    assert retrieve(asked, "A1", sort=sort, note="甲").outcome is Outcome.NOT_FOUND
    assert retrieve(asked, "A1", sort="x", note="甲").outcome is Outcome.FOUND


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM people WHERE id = :subject",
        "SELECT 1 AS id; DELETE FROM people WHERE id = :subject",
        "SELECT * FROM people WHERE id = :subject) AS x; DROP TABLE people --",
        "SELECT * FROM people) AS x WHERE (1 = 1",
        "SELECT * FROM people WHERE id = :subject -- AND note = 'x'",
        "SELECT * FROM people WHERE id = :subject /* x */",
        "SELECT * FROM people WHERE id = :subject # x",
        "SELECT * FROM people WHERE id = :subject INTO OUTFILE '/tmp/x'",
        "SELECT * INTO more FROM people WHERE id = :subject",
        "SELECT * FROM people WHERE id = :subject FOR UPDATE",
        "SELECT * FROM people WHERE id = :subject LOCK IN SHARE MODE",
        "WITH gone AS (DELETE FROM people RETURNING *) SELECT * FROM gone WHERE id = :subject",
        "SELECT load_file('/etc/passwd') AS id WHERE 'x' = :subject",
        r"SELECT '\' AS id, ' OR 1=1 --' WHERE id = :subject",
        "SELECT $$x$$ AS id WHERE id = :subject",
        "SELECT @a := 1 AS id WHERE id = :subject",
        "SELECT 'open AS id WHERE id = :subject",
        "SELECT * FROM people",
        "SELECT ':subject' AS id FROM people",
        "SELECT * FROM people WHERE id = :subject AND note = :other",
        "SELECT * FROM people WHERE id = '{subject}' OR id = {subject}",
        "PRAGMA table_info(people)",
        "ATTACH DATABASE ':subject' AS x",
        "CALL note(:subject)",
    ],
)
def test_K1_a_written_statement_is_one_select_or_the_manifest_is_refused(statement: str) -> None:
    described = {"url": "sqlite:///x", "statement": statement, "subject_column": "id"}
    assert findings(manifest("sql", described, {"fields": {"name": {"column": "name"}}}))


@settings(max_examples=sized(300, 5_000))
@given(text=st.text(alphabet="();'\"`-/*#:\\$ \nabOR1=", max_size=40))
def test_K1_no_text_ends_the_parentheses_around_a_written_statement(text: str) -> None:
    """Whatever is accepted is a query inside parentheses to SQLite's own parser, or nothing at all."""
    described = {"url": "sqlite:///x", "statement": f"SELECT :subject AS id {text}", "subject_column": "id"}
    if not findings(manifest("sql", described, {"fields": {"name": {"column": "id"}}})):
        made = written(described["statement"], frozenset())
        plain = made.text.replace("\\:", ":")
        with closing(sqlite3.connect(":memory:")) as database, suppress(sqlite3.OperationalError):
            steps = database.execute(
                f"EXPLAIN SELECT id FROM ({plain}) AS answer WHERE 0", {"subject": "A1"}
            ).fetchall()
            assert "OpenWrite" not in {step[1] for step in steps}
            assert database.execute(f"SELECT id FROM ({plain}) AS answer WHERE 0", {"subject": "A1"}).fetchall() == []


@pytest.mark.parametrize(
    "name",
    [
        'people"; DROP TABLE people; --',
        "people WHERE 1=1 --",
        "(SELECT * FROM people)",
        "people, people",
        "public.people",
        "PEOPLE ",
    ],
)
def test_K1_a_name_in_a_manifest_is_a_name_and_never_a_statement(url: str, name: str) -> None:
    for described in ({"table": name, "subject_column": "id"}, {"table": "people", "subject_column": name}):
        with source("sql", {"url": url, **described}, ["sort"]) as opened, pytest.raises(Exception, match=r"source\."):
            retrieve(opened)
    with source("sql", {"url": url, "table": "people", "subject_column": "id"}, ["sort"]) as opened:
        assert retrieve(opened).outcome is Outcome.FOUND


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO people VALUES ('C1', '', '')",
        "UPDATE people SET note = ''",
        "DELETE FROM people",
        "DROP TABLE people",
        "CREATE TABLE more (id TEXT)",
        "CREATE TEMPORARY TABLE more (id TEXT)",
    ],
)
def test_K1_not_even_a_statement_that_got_through_could_write(url: str, statement: str) -> None:
    with source("sql", {"url": url, "table": "people", "subject_column": "id"}, ["sort"]) as opened:
        connector: Any = opened._connector
        assert isinstance(connector, SqlConnector)
        if statement.startswith("CREATE TEMPORARY") and url.startswith("postgresql"):
            return  # PostgreSQL lets a read-only session have temporary tables: they are its own and gone with it
        with connector._engine.connect() as connection, pytest.raises(sa.exc.DBAPIError) as refused:
            connection.execute(sa.text(statement))
    assert "read" in str(refused.value.orig).lower().replace("-", "").replace("readonly", "read")


def test_K1_a_sqlite_file_is_opened_read_only_and_not_merely_asked_to_be(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'people.sqlite3'}"
    engine = sa.create_engine(url)
    with engine.begin() as owner:
        owner.execute(sa.text("CREATE TABLE people (id TEXT, sort TEXT)"))
    engine.dispose()
    with source("sql", {"url": url, "table": "people", "subject_column": "id"}, ["sort"]) as opened:
        connector: Any = opened._connector
        with connector._engine.connect() as connection:
            connection.execute(sa.text("PRAGMA query_only = OFF"))
            with pytest.raises(sa.exc.OperationalError, match="readonly"):
                connection.execute(sa.text("INSERT INTO people VALUES ('C1', '')"))


def test_K1_a_function_that_writes_cannot_hide_in_a_view(make_postgresql_database: Any) -> None:
    url = make_postgresql_database()
    engine = sa.create_engine(url)
    with engine.begin() as owner:
        owner.execute(sa.text("CREATE TABLE log (id TEXT)"))
        owner.execute(
            sa.text(
                "CREATE FUNCTION note() RETURNS text LANGUAGE sql AS $$ INSERT INTO log VALUES ('x') RETURNING id $$"
            )
        )
        owner.execute(sa.text("CREATE VIEW people AS SELECT 'A1'::text AS id, note() AS note"))
    with (
        source("sql", {"url": url, "table": "people", "subject_column": "id"}, ["note"]) as opened,
        pytest.raises(SourceMisconfigured) as caught,
    ):
        retrieve(opened)
    assert caught.value.reason == "not-read-only"
    with engine.connect() as owner:
        assert owner.execute(sa.text("SELECT count(*) FROM log")).scalar() == 0
    engine.dispose()
