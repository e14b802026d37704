"""Whom entries are about: tags by month, payloads under a key of the subject's own, and erasure."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kernel import canonical
from kernel.clock import ManualClock
from kernel.envelope import CannotOpen
from kernel.identifiers.subject import SubjectRef
from kernel.ledger import erasure
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.verify import verify_log, verify_receipt
from tests.doubles.ledgers import SOMEBODY, SOMEBODY_ELSE, VKEY, ledger_at, release

DAY = 86_400.0
DECEMBER = datetime(2026, 12, 1, 0, 30, tzinfo=UTC)
EVIDENCE = "eyJhbGciOiJFUzI1NiJ9.V2hhdCBvbmx5IHRoZSBwYXBlciBzYXlz.c2ln"
PAYLOAD = "地址：某某路 1 号 — the payload in the clear".encode()


def seen(number: int, subject: SubjectRef = SOMEBODY, payload: bytes = PAYLOAD) -> Event:
    return Event("EvidenceReleased", f"er_{number}", "1", {}, subject, EVIDENCE, payload)


def tag_of(receipt) -> object:
    return canonical.decode(receipt.leaf)["subject"]


def test_usage_lists_a_subjects_entries_over_the_months_oldest_first(ledger: Ledger, clock: ManualClock) -> None:
    for number in range(6):
        ledger.append([seen(number), seen(number + 100, SOMEBODY_ELSE)])
        clock.advance(25 * DAY)  # from November 2026 into 2027
    usage = ledger.usage_of(SOMEBODY)
    assert [entry.index for entry in usage] == [0, 2, 4, 6, 8, 10]
    assert [entry.at.isoformat()[:7] for entry in usage] == [
        "2026-11",
        "2026-12",
        "2027-01",
        "2027-02",
        "2027-03",
        "2027-03",
    ]
    assert usage[0].members["request"] == "er_0"
    assert [entry.leaf for entry in usage] == [ledger.receipt(entry.index).leaf for entry in usage]


def test_an_entry_about_somebody_whose_number_is_not_there_any_more_is_theirs(ledger: Ledger) -> None:
    ledger.append([Event("RetrievalInterrupted", "er_1", "0", subject=ledger.locate(SOMEBODY))])
    ledger.append([seen(2)])
    assert [entry.index for entry in ledger.usage_of(SOMEBODY)] == [0, 1]
    assert ledger.usage_of(SOMEBODY_ELSE) == []
    assert SOMEBODY.value not in repr(ledger.locate(SOMEBODY))
    assert ledger.locate(SOMEBODY).index.hex() not in repr(ledger.locate(SOMEBODY))


def test_an_unknown_subject_has_no_usage(ledger: Ledger) -> None:
    ledger.append([seen(1)])
    assert ledger.usage_of(SOMEBODY_ELSE) == []


def test_the_same_value_of_another_scheme_is_somebody_else(small_ledger: Ledger) -> None:
    small_ledger.append([seen(1)])
    assert small_ledger.usage_of(SubjectRef("social-credit-code", SOMEBODY.value)) == []


def test_an_event_without_payload_still_shows_in_usage(ledger: Ledger) -> None:
    ledger.append([Event("EvidenceRefused", "er_1", "1", {"reason": "policy.no-grant"}, SOMEBODY)])
    assert [entry.members["event"] for entry in ledger.usage_of(SOMEBODY)] == ["EvidenceRefused"]


def test_tags_change_by_month_and_tell_nothing_of_the_subject(ledger: Ledger, clock: ManualClock) -> None:
    first, second = ledger.append([seen(1), seen(2)])
    clock.advance(30 * DAY)
    (third,) = ledger.append([seen(3)])
    assert tag_of(first) == tag_of(second) != tag_of(third)


def test_an_entry_of_a_node_whose_clock_is_a_day_behind_is_found(database_url: str) -> None:
    ahead, behind = ManualClock(DECEMBER), ManualClock(DECEMBER)
    ahead.advance(3600)
    with ledger_at(database_url, clock=ahead) as one:
        one.append([seen(1)])
    behind._now = behind._now.replace(month=11, day=30)
    with ledger_at(database_url, clock=behind) as other:
        other.append([seen(2)])
        assert [entry.index for entry in other.usage_of(SOMEBODY)] == [0, 1]


def test_a_payload_opens_again(ledger: Ledger) -> None:
    ledger.append(
        [seen(1), seen(2, payload=b""), Event("CaseOpened", "case_1"), Event("SignedIn", "s", subject=SOMEBODY)]
    )
    assert [ledger.open_payload(index) for index in range(5)] == [PAYLOAD, b"", None, None, None]


def test_a_ciphertext_moved_beside_another_leaf_does_not_open(ledger: Ledger) -> None:
    ledger.append([seen(1), seen(2)])
    ledger._database.write(
        lambda connection: connection.exec_driver_sql(
            "UPDATE ledger_payload SET ciphertext = (SELECT ciphertext FROM ledger_payload WHERE idx = 0) WHERE idx = 1"
        )
    )
    with pytest.raises(CannotOpen):
        ledger.open_payload(1)


# Erasure --------------------------------------------------------------------------------------------------------------


def test_erasure_forgets_one_subject_and_records_that_somebody_was_erased(ledger: Ledger, clock: ManualClock) -> None:
    ledger.append([seen(1), seen(2, SOMEBODY_ELSE)])
    clock.advance(40 * DAY)
    ledger.append([seen(3)])
    assert ledger.erase(SOMEBODY) == 2
    assert [ledger.open_payload(index) for index in range(4)] == [None, PAYLOAD, None, None]
    assert ledger.usage_of(SOMEBODY) == []
    assert len(ledger.usage_of(SOMEBODY_ELSE)) == 1
    leaf = canonical.decode(ledger.entries(3, 4)[0])
    assert (leaf["event"], leaf["facts"]) == ("SubjectErased", {})
    assert "subject" not in leaf


def test_erasing_a_subject_the_log_does_not_know_changes_nothing(ledger: Ledger) -> None:
    ledger.append([seen(1)])
    assert ledger.erase(SOMEBODY_ELSE) == 0
    assert (ledger.erase(SOMEBODY), ledger.erase(SOMEBODY), ledger.size()) == (1, 0, 2)


def test_receipts_given_out_before_an_erasure_keep_verifying(ledger: Ledger) -> None:
    receipts = ledger.append([seen(1), seen(2)])
    ledger.erase(SOMEBODY)
    for receipt in receipts:
        assert verify_receipt(receipt.text, vkey=VKEY, evidence=EVIDENCE).evidence_matches
    verify_log(ledger.entries(0, 3), checkpoint=ledger.checkpoint(), vkey=VKEY)


def test_a_receipt_read_after_an_erasure_proves_the_entry_without_its_salt(ledger: Ledger) -> None:
    ledger.append([seen(1)])
    ledger.erase(SOMEBODY)
    receipt = ledger.receipt(0)
    assert receipt.salt == b""
    assert verify_receipt(receipt.text, vkey=VKEY).in_log


def test_a_subject_that_comes_back_is_a_new_one_to_the_log(ledger: Ledger) -> None:
    (before,) = ledger.append([seen(1)])
    ledger.erase(SOMEBODY)
    (after,) = ledger.append([seen(2)])
    assert tag_of(before) != tag_of(after)
    assert [entry.index for entry in ledger.usage_of(SOMEBODY)] == [2]
    assert ledger.open_payload(2) == PAYLOAD


def test_entries_without_subject_keep_their_salt(ledger: Ledger) -> None:
    ledger.append([Event("Sealed", "s1", evidence=EVIDENCE), seen(1)])
    ledger.erase(SOMEBODY)
    assert len(ledger.receipt(0).salt) == 32


def test_erased_meanwhile_by_somebody_else_is_recorded_and_counts_nothing(ledger: Ledger) -> None:
    ledger.append([seen(1)])
    located = ledger._subjects.locate(SOMEBODY)
    first, second = (erasure.Forgetting(ledger._subjects, located, "2026-11") for _ in range(2))
    ledger.append([erasure.event("erasure_1")], also=first)
    ledger.append([erasure.event("erasure_2")], also=second)
    assert (first.entries, second.entries) == (1, 0)


def files_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file())


def test_nothing_of_a_payload_is_ever_in_the_files_and_no_key_or_salt_after_erasure(tmp_path: Path) -> None:
    with ledger_at(f"sqlite:///{tmp_path / 'log.sqlite3'}") as ledger:
        receipts = ledger.append([seen(number) for number in range(50)])
        ledger.append([seen(60, SOMEBODY_ELSE)])
        with ledger._database.read() as connection:
            located = ledger._subjects.locate(SOMEBODY)
            wrapped = connection.exec_driver_sql(
                "SELECT wrapped FROM ledger_subject WHERE subject = ?", (located,)
            ).scalar()
            sealed = connection.exec_driver_sql("SELECT ciphertext FROM ledger_payload WHERE idx = 7").scalar()
        before = files_of(tmp_path)
        assert wrapped in before  # the check can see what is there
        assert sealed in before
        assert receipts[7].salt in before
        assert ledger.erase(SOMEBODY) == 50
        after = files_of(tmp_path)
        assert [what in after for what in (wrapped, sealed, located, *(receipt.salt for receipt in receipts))] == [
            False
        ] * 53
        for clear in (PAYLOAD, EVIDENCE.encode(), SOMEBODY.value.encode()):
            assert clear not in before
            assert clear not in after


def test_erasure_beside_readers_and_writers_loses_nothing(small_ledger: Ledger) -> None:
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            small_ledger.usage_of(SOMEBODY_ELSE)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(20):
        small_ledger.append([seen(number), seen(number + 100, SOMEBODY_ELSE)])
        assert small_ledger.erase(SOMEBODY) == 1
    stop.set()
    reader.join()
    assert len(small_ledger.usage_of(SOMEBODY_ELSE)) == 20


def test_a_failed_scrub_does_not_hide_that_the_subject_is_erased(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.append([seen(1)])
    monkeypatch.setitem(erasure._SCRUBBING, ledger._database.dialect, lambda database: broken(database))

    def broken(database) -> None:
        with database.read() as connection:
            connection.exec_driver_sql("SELECT nothing FROM nowhere")

    assert ledger.erase(SOMEBODY) == 1


def test_releases_differ_though_the_evidence_is_the_same(small_ledger: Ledger) -> None:
    first, second = small_ledger.append(
        [release(5), Event("EvidenceReleased", "er_x", "1", {}, SOMEBODY, release(5).evidence)]
    )
    commitments = [canonical.decode(receipt.leaf)["commitment"] for receipt in (first, second)]
    assert commitments[0] != commitments[1]  # salted: equal papers cannot be told from the log
