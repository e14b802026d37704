"""Fixtures that give tests a provider: on both databases where the database decides, otherwise on that of the run.

Tables and people are made once for a worker; each test gets a copy.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from kernel import migrations
from tests.conftest import AS_FILES, ENGINE, drop_postgresql_database
from tests.doubles.browser import Browser
from tests.doubles.identity_provider import Provider, provider_at
from tests.doubles.relying_party import RelyingParty

__all__ = [
    "browser",
    "either_provider",
    "empty_postgresql",
    "empty_sqlite",
    "fresh",
    "opened",
    "party",
    "peopled_postgresql",
    "peopled_sqlite",
    "provider",
]

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


@pytest.fixture(scope="session")
def peopled_sqlite(empty_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with two departments and a few people, of a provider at the usual issuer."""
    folder = tmp_path_factory.mktemp("idp-peopled")
    path = Path(shutil.copy(empty_sqlite, folder / "idp.sqlite3"))
    with provider_at(f"sqlite:///{path}", folder, migrated=True):
        return path


@pytest.fixture(scope="session")
def peopled_postgresql(empty_postgresql: str, postgresql_server: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The same as a template of PostgreSQL."""
    url = copy_of(empty_postgresql, postgresql_server)
    with provider_at(url, tmp_path_factory.mktemp("idp-peopled"), migrated=True):
        return url


def copy_of(template: str, server: str) -> str:
    """The URL of a new PostgreSQL database like ``template``, to which nobody is connected."""
    parts = urlsplit(template)
    origin = parts.path.removeprefix("/")
    name = f"{origin}_{next(_NUMBERS)}"
    with psycopg.connect(server.replace("+psycopg", "", 1), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {origin} {AS_FILES}")
    return parts._replace(path=f"/{name}").geturl()


@pytest.fixture
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """`fresh(engine)`: the URL of a database with the tables; `fresh(engine, "peopled")`: with people, too."""

    def make(engine: str, kind: str = "empty") -> str:
        template = request.getfixturevalue(f"{kind}_{engine}")
        if engine == "sqlite":
            return f"sqlite:///{shutil.copy(template, tmp_path / 'idp.sqlite3')}"
        made.append(copy_of(template, request.getfixturevalue("postgresql_server")))
        return made[-1]

    made: list[str] = []
    yield make
    for url in made:
        drop_postgresql_database(url, request.getfixturevalue("postgresql_server"))


Opened = Callable[..., AbstractContextManager[Provider]]


@pytest.fixture
def opened(fresh: Callable[..., str], tmp_path: Path) -> Opened:
    """`with opened(engine, userinfo_level=3) as provider:`, with people; on the engine of this run where none is named.

    A log carries its issuer's name: a provider at another address makes its people itself.
    """

    def open_provider(engine: str = ENGINE, **changes: Any) -> AbstractContextManager[Provider]:
        peopled = "issuer" not in changes
        url = fresh(engine, "peopled" if peopled else "empty")
        return provider_at(url, tmp_path, migrated=True, populated=peopled, **changes)

    return open_provider


@pytest.fixture
def provider(opened: Opened) -> Iterator[Provider]:
    """A provider with two departments and a few people, on the engine of this run."""
    with opened() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def either_provider(request: pytest.FixtureRequest, opened: Opened) -> Iterator[Provider]:
    """The same on each engine, where a test is about what the database decides."""
    with opened(request.param) as running:
        yield running


@pytest.fixture
def party(provider: Provider) -> RelyingParty:
    """A website of the market regulation department."""
    return RelyingParty(provider)


@pytest.fixture
def browser(provider: Provider) -> Browser:
    """Somebody's browser."""
    return Browser(provider)
