"""Reading: the same receipt every time, proofs for every size, checkpoints, readiness."""

from __future__ import annotations

from base64 import b64decode

import pytest

from kernel.database import Database
from kernel.ledger import rows
from kernel.ledger.errors import LedgerUnavailable, NoSuchEntry
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.merkle import leaf_hash
from kernel.ledger.verify import verify_checkpoint, verify_growth, verify_log
from tests.doubles import independent_verifier as rfc
from tests.doubles.ledgers import VKEY, append_all, open_ledger, release


def test_an_empty_log_has_a_signed_checkpoint_of_the_empty_tree(ledger: Ledger) -> None:
    found = verify_checkpoint(ledger.checkpoint(), vkey=VKEY)
    assert (found.size, found.root) == (0, rfc.mth([]))
    assert ledger.entries(0, 10) == []
    ledger.ready()


def test_the_verifier_key_is_that_of_the_signer(ledger: Ledger) -> None:
    assert ledger.vkey == VKEY


def test_a_receipt_read_later_is_the_text_that_was_given_out(ledger: Ledger) -> None:
    texts = append_all(ledger, 40, at_once=7)
    assert [ledger.receipt(index).text for index in range(40)] == texts


def test_find_returns_the_receipt_or_nothing(ledger: Ledger) -> None:
    (receipt,) = ledger.append([release(3)])
    assert ledger.find("er_000003", "1", "EvidenceReleased") == receipt
    assert ledger.find("er_000003", "2", "EvidenceReleased") is None
    assert ledger.find("er_000004", "1", "EvidenceReleased") is None


def test_rfc_6962_proofs_for_every_entry_and_size(small_ledger: Ledger) -> None:
    append_all(small_ledger, 35, at_once=4)
    entries = small_ledger.entries(0, 35)
    for size in range(1, 36):
        for index in range(size):
            proof = small_ledger.proof(index, size)
            assert (proof.index, proof.size) == (index, size)
            assert list(proof.hashes) == rfc.path(index, entries[:size])


def test_rfc_6962_consistency_between_any_two_sizes(small_ledger: Ledger) -> None:
    append_all(small_ledger, 35, at_once=4)
    entries = small_ledger.entries(0, 35)
    for new in range(36):
        for old in range(1, new + 1):
            assert small_ledger.consistency(old, new) == rfc.subproof(old, entries[:new])
        assert small_ledger.consistency(0, new) == []


def test_the_public_proof_names_the_newest_checkpoint_and_carries_neither_leaf_nor_salt(ledger: Ledger) -> None:
    append_all(ledger, 5)
    text = ledger.proof_text(2)
    assert "extra" not in text
    assert text.endswith(ledger.checkpoint())
    match = rfc.RECEIPT.fullmatch(text)
    assert match is not None
    hashes = [b64decode(line) for line in match["hashes"].splitlines()]
    assert rfc.fold(ledger.entries(2, 3)[0], 2, 5, hashes) == b64decode(match["root"])


@pytest.mark.parametrize(("index", "size"), [(-1, None), (3, None), (0, 4), (2, 2), (0, 0), (0, -1)])
def test_there_is_no_proof_of_what_is_not_there(small_ledger: Ledger, index: int, size: int | None) -> None:
    append_all(small_ledger, 3)
    with pytest.raises(NoSuchEntry):
        small_ledger.proof(index, size)


@pytest.mark.parametrize(("old", "new"), [(3, 2), (-1, 2), (1, 4), (0, -1)])
def test_there_is_no_consistency_with_what_is_not_there(small_ledger: Ledger, old: int, new: int) -> None:
    append_all(small_ledger, 3)
    with pytest.raises(NoSuchEntry):
        small_ledger.consistency(old, new)


@pytest.mark.parametrize("index", [-1, 3])
def test_there_is_no_receipt_of_what_is_not_there(small_ledger: Ledger, index: int) -> None:
    append_all(small_ledger, 3)
    with pytest.raises(NoSuchEntry):
        small_ledger.receipt(index)


def test_a_proof_reads_a_logarithm_of_the_log(small_ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    append_all(small_ledger, 1024, at_once=128)
    read: list[int] = []
    nodes = rows.nodes
    monkeypatch.setattr(rows, "nodes", lambda connection, wanted: read.append(len(wanted)) or nodes(connection, wanted))
    small_ledger.proof(777, 1023)
    small_ledger.consistency(511, 1023)
    assert max(read) <= 2 * 10


def test_checkpoints_of_a_growing_log_extend_each_other(ledger: Ledger) -> None:
    seen = [ledger.checkpoint()]
    for number in range(9):
        ledger.append([release(number)])
        seen.append(ledger.checkpoint())
    for old in range(10):
        for new in range(old, 10):
            verify_growth(seen[old], seen[new], ledger.consistency(old, new), vkey=VKEY)


def test_the_whole_log_verifies_against_its_checkpoint(ledger: Ledger) -> None:
    append_all(ledger, 33, at_once=5)
    found = verify_log(ledger.entries(0, ledger.size()), checkpoint=ledger.checkpoint(), vkey=VKEY)
    assert (found.size, found.root) == (33, rfc.mth(ledger.entries(0, 33)))


def test_entries_are_cut_at_the_end_of_the_log(small_ledger: Ledger) -> None:
    append_all(small_ledger, 5)
    assert len(small_ledger.entries(3, 99)) == 2
    assert small_ledger.entries(4, 4) == []


# Readiness ------------------------------------------------------------------------------------------------------------


def test_ready_while_head_and_checkpoint_agree(ledger: Ledger) -> None:
    append_all(ledger, 3)
    ledger.ready()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE ledger_head SET size = 2, frontier = substr(frontier, 1, 32)",
        "DELETE FROM ledger_checkpoint WHERE size = 3",
        "UPDATE ledger_checkpoint SET note = replace(note, chr(10) || '3' || chr(10), chr(10) || '4' || chr(10))",
    ],
)
def test_not_ready_when_they_contradict_each_other(ledger: Ledger, damage: str) -> None:
    append_all(ledger, 3)
    if ledger._database.dialect == "sqlite":
        damage = damage.replace("chr(10)", "char(10)")
    ledger._database.write(lambda connection: connection.exec_driver_sql(damage))
    with pytest.raises(LedgerUnavailable, match="contradict"):
        ledger.ready()


def test_a_head_whose_frontier_does_not_fit_its_size_records_nothing_more(ledger: Ledger) -> None:
    append_all(ledger, 3)
    ledger._database.write(lambda connection: connection.exec_driver_sql("UPDATE ledger_head SET size = 4"))
    with pytest.raises(LedgerUnavailable):
        ledger.append([release(9)])


def test_not_ready_and_not_writable_once_the_database_is_closed(one_database_url: str, small_ledger: Ledger) -> None:
    database = Database.open(one_database_url)
    other = open_ledger(database)
    database.close()
    with pytest.raises(LedgerUnavailable):
        other.ready()
    with pytest.raises(LedgerUnavailable, match="closed"):
        other.append([release(1)])
    other.close()


def test_a_database_without_the_tables_records_nothing(one_database_url: str) -> None:
    database = Database.open(one_database_url)
    bare = open_ledger(database)
    with pytest.raises(LedgerUnavailable, match=r"(Operational|Programming)Error"):
        bare.append([Event("CaseOpened", "case_1")])
    bare.close()
    database.close()


def test_leaf_hashes_are_rfc_6962s() -> None:
    assert leaf_hash(b"leaf") == rfc.mth([b"leaf"])
