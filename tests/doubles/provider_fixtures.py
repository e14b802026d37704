"""Fixtures that give tests a provider: on both databases where the database decides, otherwise on that of the run.

The tables are made once for a worker; each test gets a copy of the empty database.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from kernel import migrations
from tests.conftest import ENGINE, drop_postgresql_database
from tests.doubles.browser import Browser
from tests.doubles.identity_provider import Provider, provider_at
from tests.doubles.relying_party import RelyingParty

__all__ = ["browser", "either_provider", "empty_postgresql", "empty_sqlite", "fresh", "party", "provider"]

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the provider's tables, to be copied."""
    path = tmp_path_factory.mktemp("idp-sqlite") / "idp.sqlite3"
    migrations.upgrade(f"sqlite:///{path}", "idp.store")
    return path


@pytest.fixture(scope="session")
def empty_postgresql(make_postgresql_database: Callable[[], str]) -> str:
    """A PostgreSQL database with the provider's tables, to be used as a template; its URL."""
    url = make_postgresql_database()
    migrations.upgrade(url, "idp.store")
    return url


@pytest.fixture
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """`fresh(engine)`: the URL of a fresh database with the provider's tables."""

    def make(engine: str) -> str:
        if engine == "sqlite":
            shutil.copy(request.getfixturevalue("empty_sqlite"), tmp_path / "idp.sqlite3")
            return f"sqlite:///{tmp_path / 'idp.sqlite3'}"
        server = request.getfixturevalue("postgresql_server")
        template = urlsplit(request.getfixturevalue("empty_postgresql"))
        origin = template.path.removeprefix("/")
        name = f"{origin}_{next(_NUMBERS)}"
        with psycopg.connect(server.replace("+psycopg", "", 1), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {origin}")
        made.append(template._replace(path=f"/{name}").geturl())
        return made[-1]

    made: list[str] = []
    yield make
    for url in made:
        drop_postgresql_database(url, request.getfixturevalue("postgresql_server"))


@pytest.fixture
def provider(fresh: Callable[[str], str], tmp_path: Path) -> Iterator[Provider]:
    """A provider with two departments and a few people, on the engine of this run."""
    with provider_at(fresh(ENGINE), tmp_path, migrated=True) as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def either_provider(request: pytest.FixtureRequest, fresh: Callable[[str], str], tmp_path: Path) -> Iterator[Provider]:
    """The same on each engine, where a test is about what the database decides."""
    with provider_at(fresh(request.param), tmp_path, migrated=True) as running:
        yield running


@pytest.fixture
def party(provider: Provider) -> RelyingParty:
    """A website of the market regulation department."""
    return RelyingParty(provider)


@pytest.fixture
def browser(provider: Provider) -> Browser:
    """Somebody's browser."""
    return Browser(provider)
