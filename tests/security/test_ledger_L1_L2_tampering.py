"""L1, L2: whoever holds the database, even with the log's key, cannot rewrite history unnoticed.

An edit, deletion, insertion or reordering is found by the whole-log verifier. A log rolled back or forked *with the
real key* is whole in itself; whoever kept one earlier checkpoint, as a witness does, finds it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from kernel.database import Database
from kernel.ledger import checkpoint, merkle
from kernel.ledger.errors import LedgerUnavailable
from kernel.ledger.log import Ledger
from kernel.ledger.verify import VerificationFailed, verify_growth, verify_log, verify_receipt
from tests.doubles.ledgers import ORIGIN, VKEY, SeededSigner, append_all, ledger_at, open_ledger, prepare, release

SIZE = 12


@pytest.fixture
def log(database_url: str) -> Iterator[Ledger]:
    with ledger_at(database_url) as ledger:
        append_all(ledger, SIZE, at_once=5)
        yield ledger


def tamper(ledger: Ledger, *statements: str) -> None:
    def work(connection: Connection) -> None:
        for statement in statements:
            connection.exec_driver_sql(statement)

    ledger._database.write(work)


def whole(ledger: Ledger) -> None:
    verify_log(ledger.entries(0, 1_000), checkpoint=ledger.checkpoint(), vkey=VKEY)


EDITED = "UPDATE ledger_entry SET leaf = (SELECT leaf FROM ledger_entry WHERE idx = 3) WHERE idx = 7"
DELETED = "DELETE FROM ledger_entry WHERE idx = 7"
TRUNCATED = "DELETE FROM ledger_entry WHERE idx >= 9"
REORDERED = (
    "UPDATE ledger_entry SET idx = 1007 WHERE idx = 7",
    "UPDATE ledger_entry SET idx = 7 WHERE idx = 8",
    "UPDATE ledger_entry SET idx = 8 WHERE idx = 1007",
)
INSERTED = (
    "INSERT INTO ledger_entry (idx, request, item, event, nodes, leaf)"
    " SELECT 12, 'forged', item, event, nodes, leaf FROM ledger_entry WHERE idx = 3"
)


@pytest.mark.parametrize("statements", [(EDITED,), (DELETED,), (TRUNCATED,), REORDERED, (INSERTED,)])
def test_L1_a_row_edited_deleted_cut_off_moved_or_inserted_is_found(log: Ledger, statements: tuple[str, ...]) -> None:
    whole(log)
    tamper(log, *statements)
    with pytest.raises(VerificationFailed):
        whole(log)


def test_L1_where_the_checkpoints_are_gone_nothing_is_signed_that_contradicts_them(log: Ledger) -> None:
    before = log.checkpoint()
    tamper(log, "DELETE FROM ledger_checkpoint")
    with pytest.raises(LedgerUnavailable):
        log.checkpoint()
    assert log.checkpoint_and_kept() == ("", SIZE)
    log.append([release(SIZE)])
    verify_growth(before, log.checkpoint(), log.consistency(SIZE, SIZE + 1), vkey=VKEY)


def test_L1_a_leaf_edited_with_its_hash_yields_no_receipt_that_verifies(log: Ledger) -> None:
    """The editor also replaces the stored leaf hash; the signed root does not follow."""
    forged = log.entries(7, 8)[0].replace(b"name", b"game")
    nodes = merkle.leaf_hash(forged)
    log._database.write(lambda connection: _replace(connection, forged, nodes))
    with pytest.raises(VerificationFailed, match="not in the log"):
        verify_receipt(log.receipt(7).text, vkey=VKEY)


def _replace(connection: Connection, leaf: bytes, first: bytes) -> None:
    marks = ("?", "?") if connection.dialect.name == "sqlite" else ("%s", "%s")
    nodes = connection.exec_driver_sql("SELECT nodes FROM ledger_entry WHERE idx = 7").scalar_one()
    statement = f"UPDATE ledger_entry SET leaf = {marks[0]}, nodes = {marks[1]} WHERE idx = 7"
    connection.exec_driver_sql(statement, (leaf, first + bytes(nodes)[32:]))


def test_L1_a_database_rolled_back_to_an_old_backup_is_found_by_whoever_saw_more(tmp_path: Path) -> None:
    file, backup = tmp_path / "log.sqlite3", tmp_path / "backup.sqlite3"
    with ledger_at(f"sqlite:///{file}") as ledger:
        append_all(ledger, 5)
        ledger._database.engine.raw_connection().cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(file, backup)
        append_all_from(ledger, 5, 9)
        witnessed, receipt = ledger.checkpoint(), ledger.receipt(8)
    with ledger_at(f"sqlite:///{backup}") as restored:
        whole(restored)  # nothing is wrong with it in itself
        with pytest.raises(VerificationFailed, match="shorter"):
            verify_growth(witnessed, restored.checkpoint(), [], vkey=VKEY)
        append_all_from(restored, 20, 26)  # it goes on as if nothing had happened
        grown = restored.checkpoint()
        with pytest.raises(VerificationFailed, match="contradict"):
            verify_growth(witnessed, grown, restored.consistency(9, 11), vkey=VKEY)
        verify_receipt(receipt.text, vkey=VKEY)  # and the lost entry's receipt still convicts it


def append_all_from(ledger: Ledger, start: int, end: int) -> None:
    for number in range(start, end):
        ledger.append([release(number)])


def fork(ledger: Ledger, at: str, number: int) -> Database:
    """Another history, from its beginning or in part, signed with the real key."""
    database = Database.open(at)
    prepare(database)
    forged = open_ledger(database)
    append_all_from(forged, 0, number)
    append_all_from(forged, 900, 900 + SIZE - number + 4)
    forged.close()
    return database


@pytest.mark.parametrize("shared", [0, 5, 11])
def test_L2_everything_rewritten_and_signed_again_with_the_key_is_found_by_a_witness(
    log: Ledger, one_database_url: str, shared: int
) -> None:
    witnessed = log.checkpoint()
    database = fork(log, one_database_url, shared)
    forged = open_ledger(database)
    whole(forged)
    with pytest.raises(VerificationFailed, match="contradict"):
        verify_growth(witnessed, forged.checkpoint(), forged.consistency(SIZE, forged.size()), vkey=VKEY)
    forged.close()
    database.close()


def test_L2_two_checkpoints_of_one_size_with_different_roots_convict_the_key() -> None:
    signer = SeededSigner()
    one, other = (checkpoint.sign(ORIGIN, 3, root, signer) for root in (bytes(32), b"\x01" * 32))
    with pytest.raises(VerificationFailed, match="contradict"):
        verify_growth(one, other, [], vkey=VKEY)


Damage = Callable[[Ledger], None]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_head SET size = 11",
        "UPDATE ledger_head SET origin = 'another.example/ledger'",
        "UPDATE ledger_head SET size = 8, frontier = (SELECT substr(frontier, 1, 32) FROM ledger_head)",
    ],
)
def test_L1_a_head_that_was_tampered_with_is_not_built_upon(log: Ledger, statement: str) -> None:
    before = log.entries(0, 99)
    tamper(log, statement)
    with pytest.raises(LedgerUnavailable):
        log.append([release(99)])
    with pytest.raises(LedgerUnavailable):
        log.ready()
    assert log.entries(0, 99) == before
