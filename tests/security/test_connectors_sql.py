"""Attacks through SQL sources: injection into every mapped parameter (K1), and writing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.errors import SourceMisconfigured
from connectors.registry import Outcome, Source
from connectors.sql import SqlConnector
from tests.doubles.connectors import retrieve, source

SQLISH = st.text(alphabet="'\"`;-/*\\%_()=| \tORSELCTUNIDP01$:?@#\n\0é中", max_size=60)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    if request.param == "sqlite":
        made = f"sqlite:///{tmp_path_factory.mktemp('sql') / 'people.sqlite3'}"
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
    assert "read" in str(refused.value.orig).replace("-", "").replace("readonly", "read")


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
