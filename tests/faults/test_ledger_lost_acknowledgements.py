"""Failed, and failed but persisted: whoever asks again gets the receipt of the one entry that there is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from kernel.database import Database, DatabaseUnavailable
from kernel.ledger.errors import LedgerUnavailable
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt
from kernel.ledger.verify import verify_log
from tests.doubles.ledgers import VKEY, ledger_at, release

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with ledger_at(database_url) as opened:
        yield opened


@pytest.fixture
def small_ledger(tmp_path: Path) -> Iterator[Ledger]:
    """On SQLite, where a transaction may be held open for as long as a test likes."""
    with ledger_at(f"sqlite:///{tmp_path / 'log.sqlite3'}") as opened:
        yield opened


class DeafWriter:
    """``Database.write`` that works as ever and loses the answer, for certain calls."""

    def __init__(self, database: Database, *, deaf: int, uncertain: bool = True) -> None:
        self.write, self.deaf, self.uncertain = database.write, deaf, uncertain

    def __call__(self, work, **options):
        result = self.write(work, **options)
        if self.deaf > 0:
            self.deaf -= 1
            raise DatabaseUnavailable("the connection broke", uncertain=self.uncertain)
        return result


@pytest.mark.parametrize(("deaf", "uncertain"), [(2, True), (1, False)])
def test_failed_but_persisted_asking_again_yields_the_same_receipt(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, deaf: int, uncertain: bool
) -> None:
    ran: list[int] = []
    table = sa.Table("answer", sa.MetaData(), sa.Column("request", sa.Text, primary_key=True))
    table.create(ledger._database.engine)

    def also(connection: Connection, receipts: list[Receipt]) -> None:
        ran.append(receipts[0].index)
        connection.execute(sa.insert(table).values(request="er_000001"))

    monkeypatch.setattr(ledger._database, "write", DeafWriter(ledger._database, deaf=deaf, uncertain=uncertain))
    with pytest.raises(LedgerUnavailable):
        ledger.append([release(1)], also=also)
    assert ledger.size() == 1  # it is there, and nobody was told
    (receipt,) = ledger.append([release(1)], also=also)
    assert (receipt.index, receipt.repeated, ran, ledger.size()) == (0, True, [0], 1)
    assert receipt == ledger.receipt(0)


def test_failed_and_not_persisted_asking_again_records_it(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(ledger._database, "write", _refuse)
        with pytest.raises(LedgerUnavailable, match="no connection"):
            ledger.append([release(1)])
    assert ledger.size() == 0
    assert not ledger.append([release(1)])[0].repeated


def _refuse(_work, **_options):
    raise DatabaseUnavailable("no connection to the database")


def test_a_database_session_killed_in_the_middle_writes_nothing_and_the_next_call_goes_on(
    postgresql_url: str,
) -> None:
    with ledger_at(postgresql_url) as ledger:
        ledger.append([release(0)])

        def cut(connection: Connection, _receipts: list[Receipt]) -> None:
            connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

        with pytest.raises(LedgerUnavailable):
            ledger.append([release(1)], also=cut)
        assert ledger.size() == 1
        assert ledger.append([release(1)])[0].index == 1
        verify_log(ledger.entries(0, 9), checkpoint=ledger.checkpoint(), vkey=VKEY)


FROZEN = """
import sys, time
from tests.doubles.ledgers import ledger_at, release
from kernel.ledger.errors import LedgerUnavailable

def hold(connection, receipts):
    print("holding", flush=True)
    time.sleep(0.3)  # the parent stops this process meanwhile
    connection.exec_driver_sql("SELECT 1")

with ledger_at(sys.argv[1]) as ledger:
    try:
        ledger.append([release(1)], also=hold, timeout=30)
        print("recorded", flush=True)
    except LedgerUnavailable:
        print("refused", flush=True)
"""


def test_a_node_frozen_while_it_holds_the_head_holds_the_others_up_for_about_a_second(postgresql_url: str) -> None:
    """And once it wakes it begins anew, on the head there is by then."""
    with ledger_at(postgresql_url) as ledger:
        ledger.append([release(0)])
        node = subprocess.Popen(
            [sys.executable, "-c", FROZEN, postgresql_url], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        with node:
            assert node.stdout is not None
            assert node.stdout.readline() == "holding\n"
            os.kill(node.pid, signal.SIGSTOP)
            start = time.monotonic()
            assert ledger.append([release(2)])[0].index == 1
            assert time.monotonic() - start < 3.5
            os.kill(node.pid, signal.SIGCONT)
            assert [node.stdout.readline() for _ in range(2)] == ["holding\n", "recorded\n"]
        receipt = ledger.find("er_000001", "1", "EvidenceReleased")
        assert receipt is not None
        assert (receipt.index, ledger.size()) == (2, 3)
        verify_log(ledger.entries(0, 9), checkpoint=ledger.checkpoint(), vkey=VKEY)


def test_a_caller_that_gives_up_waiting_finds_its_entry_later(small_ledger: Ledger) -> None:
    held, go_on = threading.Event(), threading.Event()

    def hold(_connection: Connection, _receipts: list[Receipt]) -> None:
        held.set()
        assert go_on.wait(10)

    with pytest.raises(LedgerUnavailable, match="may become so"):
        small_ledger.append([release(1)], also=hold, timeout=0.05)
    assert held.is_set()
    go_on.set()
    (receipt,) = small_ledger.append([release(1)])
    assert (receipt.index, receipt.repeated, small_ledger.size()) == (0, True, 1)


def test_closing_makes_durable_what_waits_and_answers_it(small_ledger: Ledger) -> None:
    held, go_on, answers = threading.Event(), threading.Event(), []

    def hold(_connection: Connection, _receipts: list[Receipt]) -> None:
        held.set()
        assert go_on.wait(10)

    def call(number: int) -> None:
        assert number == 0 or held.wait(10)
        answers.extend(small_ledger.append([release(number)], also=hold if number == 0 else None))

    threads = [threading.Thread(target=call, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    while small_ledger._sequencer._calls.qsize() < 5:
        time.sleep(0.001)
    closer = threading.Thread(target=small_ledger.close)
    closer.start()
    while small_ledger._sequencer._calls.qsize() < 6:  # five calls and the word that no more will come
        time.sleep(0.001)
    go_on.set()
    for thread in (*threads, closer):
        thread.join()
    assert sorted(receipt.index for receipt in answers) == list(range(6))
    assert small_ledger.size() == 6
