"""A full disk: a clear refusal, nothing written, and recording goes on by itself once there is room."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from kernel.ledger.errors import LedgerUnavailable
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt
from kernel.ledger.verify import verify_log, verify_receipt
from tests.doubles.ledgers import VKEY, ledger_at, release

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with ledger_at(f"sqlite:///{tmp_path / 'log.sqlite3'}") as opened:
        yield opened


def pages(ledger: Ledger) -> int:
    with ledger._database.read() as connection:
        return int(connection.exec_driver_sql("PRAGMA page_count").scalar_one())


def limit(ledger: Ledger, count: int) -> None:
    """No more pages than these, on the connection of the writer thread."""
    ledger._database.write(lambda connection: connection.exec_driver_sql(f"PRAGMA max_page_count = {count}").fetchall())


@contextmanager
def full(ledger: Ledger) -> Iterator[None]:
    """The disk has no page left."""
    limit(ledger, pages(ledger))
    yield
    limit(ledger, 1_000_000)


def big(number: int) -> Event:
    return Event("EvidenceRefused", f"er_{number}", facts={"clauses": ["c" * 500] * 40})


def test_entries_that_do_not_fit_are_refused_and_nothing_of_them_is_written(ledger: Ledger) -> None:
    kept = {0: ledger.append([big(0)])[0]}
    with full(ledger):
        refusals = []
        for number in range(1, 20):
            try:
                (kept[number],) = ledger.append([big(number)])
            except LedgerUnavailable as refused:
                refusals.append(str(refused))
        assert len(refusals) >= 18  # a last page may have had room
        assert set(refusals) == {"SQLITE_FULL"}
        assert ledger.size() == len(kept)
        verify_log(ledger.entries(0, 99), checkpoint=ledger.checkpoint(), vkey=VKEY)
    (receipt,) = ledger.append([big(1)])  # the one that was refused
    assert receipt.index == len(kept)
    assert {number: ledger.find(f"er_{number}", "", "EvidenceRefused") for number in kept} == kept
    ledger.ready()


def test_a_disk_that_fills_up_in_the_callers_own_write_is_unavailability_too(ledger: Ledger) -> None:
    table = sa.Table("answer", sa.MetaData(), sa.Column("body", sa.LargeBinary))
    table.create(ledger._database.engine)

    def also(connection: Connection, _receipts: list[Receipt]) -> None:
        connection.execute(sa.insert(table).values(body=bytes(200_000)))

    with full(ledger):
        with pytest.raises(LedgerUnavailable):
            ledger.append([release(1)], also=also)
        assert ledger.size() == 0
    ledger.append([release(1)], also=also)
    with ledger._database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(table)) == 1


WRITER = """
import resource, signal, sys
from kernel.ledger.errors import LedgerUnavailable
from tests.doubles.ledgers import ledger_at, release
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # then a write beyond the limit fails with EFBIG

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

with ledger_at(sys.argv[1]) as ledger:
    ledger.append([release(0)])
    limit(300_000)  # the operating system refuses to let a file grow beyond this
    number, refused = 1, 0
    while refused < 20:
        try:
            ledger.append([release(number)])
            print("kept", number, flush=True)
        except LedgerUnavailable:
            refused += 1
        number += 1
    limit(resource.RLIM_INFINITY)
    for last in range(number, number + 20):
        ledger.append([release(last)])
        print("kept", last, flush=True)
    ledger.ready()
"""


def test_when_the_system_refuses_to_write_what_was_acknowledged_stays_and_the_rest_never_was(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'log.sqlite3'}"
    done = subprocess.run([sys.executable, "-c", WRITER, url], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    kept = [0, *(int(line.split()[1]) for line in done.stdout.splitlines())]
    assert len(kept) > 40
    with ledger_at(url) as ledger:
        recorded = [ledger.find(f"er_{number:06d}", "1", "EvidenceReleased") for number in kept]
        assert all(receipt and verify_receipt(receipt.text, vkey=VKEY).in_log for receipt in recorded)
        verify_log(ledger.entries(0, 10_000), checkpoint=ledger.checkpoint(), vkey=VKEY)
        assert ledger.size() == len(kept)
