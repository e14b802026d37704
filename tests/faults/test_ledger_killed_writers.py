"""SIGKILL under load, and a crashed database: no acknowledged entry is ever lost, and the check has teeth."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import pytest

from tests.cases import sized
from tests.doubles.ledger_ordeal import Acknowledged, Worker, lost
from tests.doubles.ledgers import ledger_at
from tests.doubles.postgresql_server import CrashableServer

ROUNDS = sized(4, 40)


def killed_again_and_again(url: str, at_once: int, canary: str = "") -> list[Acknowledged]:
    """So many processes record at once; one after the other is killed at a moment of chance and replaced."""
    chance, names = random.Random(7), itertools.count()
    with ledger_at(url):
        pass  # the tables
    workers = [Worker(url, f"w{next(names)}", canary) for _ in range(at_once)]
    acknowledged: list[Acknowledged] = []
    for _ in range(ROUNDS):
        worker = workers.pop(0)
        worker.wait_for(chance.randrange(20, 120))
        acknowledged += worker.kill()
        workers.append(Worker(url, f"w{next(names)}", canary))
    for worker in workers:
        worker.wait_for(5)  # whoever comes after a kill can record
        acknowledged += worker.kill()
    return acknowledged


def test_sqlite_loses_no_acknowledged_entry_to_sigkill(tmp_path, record_property) -> None:
    url = f"sqlite:///{tmp_path / 'log.sqlite3'}"
    acknowledged = killed_again_and_again(url, at_once=1)
    with ledger_at(url) as ledger:
        assert lost(ledger, acknowledged) == []
        with ledger._database.read() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
        ledger.ready()
    record_property("cases", len(acknowledged))
    assert len(acknowledged) > 80


def test_postgresql_loses_no_acknowledged_entry_to_sigkill_of_one_of_two_nodes(
    postgresql_url: str, record_property
) -> None:
    acknowledged = killed_again_and_again(postgresql_url, at_once=2)
    with ledger_at(postgresql_url) as ledger:
        assert lost(ledger, acknowledged) == []
        ledger.ready()
    record_property("cases", len(acknowledged))
    assert len(acknowledged) > 80


def test_canary_answering_before_the_commit_is_caught(tmp_path) -> None:
    url = f"sqlite:///{tmp_path / 'log.sqlite3'}"
    acknowledged = killed_again_and_again(url, at_once=1, canary="behind")
    with ledger_at(url) as ledger:
        assert lost(ledger, acknowledged) != []


@pytest.fixture
def server() -> Iterator[CrashableServer]:
    made = CrashableServer()
    yield made
    made.remove()


def crashed_under_load(server: CrashableServer, canary: str = "") -> list[Acknowledged]:
    with ledger_at(server.url):
        pass
    workers = [Worker(server.url, f"{name}", canary) for name in ("left", "right")]
    for round_ in range(1, 3):
        for worker in workers:
            worker.wait_for(100 * round_)
        server.crash()
        server.start()
    told = [len(worker.said) for worker in workers]
    for worker, count in zip(workers, told, strict=True):
        worker.wait_for(count + 5)  # the same processes go on by themselves
    return [one for worker in workers for one in worker.kill()]


def test_a_crashed_postgresql_loses_no_acknowledged_entry_and_its_nodes_go_on(server: CrashableServer) -> None:
    acknowledged = crashed_under_load(server)
    with ledger_at(server.url) as ledger:
        assert lost(ledger, acknowledged) == []
        ledger.ready()
    assert len(acknowledged) > 200


def test_canary_asynchronous_commit_is_caught(server: CrashableServer) -> None:
    server.run("ALTER SYSTEM SET wal_writer_delay = '10s'")  # long enough to be caught in the act
    server.run("SELECT pg_reload_conf()")
    acknowledged = crashed_under_load(server, canary="async")
    with ledger_at(server.url) as ledger:
        assert lost(ledger, acknowledged) != []
