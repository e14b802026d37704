"""The laws of the connector port for databases beside those of conftest.py: MariaDB, and statements written out."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from connectors.kit.bench import Bench
from connectors.kit.laws import *  # noqa: F403 - the laws are the tests
from connectors.source import Source
from tests.contract.connectors.conftest import ENDLESS_POSTGRESQL, ENDLESS_SQLITE, SqlBench, closed, open_source
from tests.doubles import mariadb_server

ENDLESS_MARIADB = "CREATE VIEW endless AS SELECT 'B1' AS id, '' AS `full name`, '' AS born, SLEEP(20) AS note"


class StatementBench(SqlBench):
    """The same tables, asked by a SELECT that the manifest writes out."""

    def _source(self, table: str, limits: Mapping[str, int], url: str = "") -> Source:
        settings = {
            "url": url or self._url,
            "statement": f'SELECT * FROM "{table}" AS t WHERE t.id = :subject',
            "subject_column": "id",
        }
        return open_source("sql", settings, limits, self._folder)


def mariadb(folder: Path, request: pytest.FixtureRequest) -> SqlBench:
    server = request.getfixturevalue("mariadb_server")
    elsewhere = "mysql+pymysql://tongban_reader:secret@127.0.0.1:9/people"
    return SqlBench(server.database(), ENDLESS_MARIADB, elsewhere, folder)


def statement_sqlite(folder: Path, request: pytest.FixtureRequest) -> SqlBench:
    sqlite3.connect(folder / "people.sqlite3").close()
    url = f"sqlite:///{folder / 'people.sqlite3'}"
    return StatementBench(url, ENDLESS_SQLITE, f"sqlite:///{folder / 'none.sqlite3'}", folder)


def statement_postgresql(folder: Path, request: pytest.FixtureRequest) -> SqlBench:
    url = request.getfixturevalue("make_postgresql_database")()
    elsewhere = "postgresql+psycopg://tongban_reader:secret@127.0.0.1:9/people"
    return StatementBench(url, ENDLESS_POSTGRESQL, elsewhere, folder)


needs_mariadb = pytest.mark.skipif(not Path(mariadb_server.PROGRAM).exists(), reason=mariadb_server.MISSING)


@pytest.fixture(
    scope="module", params=[pytest.param(mariadb, marks=needs_mariadb), statement_sqlite, statement_postgresql]
)
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Overrides the suite's own."""
    yield from closed(request.param(tmp_path_factory.mktemp("databases"), request))
