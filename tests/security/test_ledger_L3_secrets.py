"""L3: what is personal or secret shows up in no leaf, file, error, log line or printed value."""

from __future__ import annotations

import io
import logging
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from kernel.identifiers.subject import SubjectRef
from kernel.ledger.errors import LedgerUnavailable
from kernel.ledger.event import Event, InvalidEvent, draft
from kernel.ledger.log import Ledger
from tests.doubles.ledgers import ledger_at

NUMBER = "500199196512123418"
PAYLOAD = b"CANARY-PAYLOAD-8c1f"
EVIDENCE = "CANARY-HEADER.CANARY-BODY.CANARY-SIGNATURE"
CANARIES = (NUMBER, PAYLOAD.decode(), EVIDENCE, "CANARY")
SUBJECT = SubjectRef("citizen-number", NUMBER)


def seeded(name: str = "EvidenceReleased") -> Event:
    return Event(name, "er_1", "1", {"fields": ["name"]}, SUBJECT, EVIDENCE, PAYLOAD)


def clean(text: str) -> bool:
    return not any(canary in text for canary in CANARIES)


def test_L3_no_canary_in_leaves_receipts_or_files(tmp_path: Path) -> None:
    with ledger_at(f"sqlite:///{tmp_path / 'log.sqlite3'}") as ledger:
        (receipt,) = ledger.append([seeded()])
        assert clean(receipt.text)
        assert clean(receipt.leaf.decode())
        files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        assert clean(files.decode("latin-1"))
        assert b"er_1" in files  # the check can see what is there


def test_L3_no_canary_in_what_is_printed_of_an_event_a_draft_a_receipt(one_database_url: str) -> None:
    with ledger_at(one_database_url) as ledger:
        (receipt,) = ledger.append([seeded()])
        made = draft(seeded(), ledger._entropy, ledger._subjects.locate)
        for shown in (repr(seeded()), repr(made), repr(receipt), repr(ledger), repr(ledger._subjects)):
            assert clean(shown)
        assert repr(receipt.salt) not in repr(receipt)
        assert repr(made.salt) not in repr(made)
        assert repr(b"t" * 32) not in repr(ledger._subjects)


@pytest.mark.parametrize(
    "broken", ["ledger_entry", "ledger_payload", "ledger_subject", "ledger_checkpoint", "ledger_head"]
)
def test_L3_no_canary_in_errors_or_logs_when_the_database_fails(
    database_url: str, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    output = io.StringIO()
    with ledger_at(database_url) as ledger, redirect_stdout(output), redirect_stderr(output):
        ledger._database.write(lambda connection: connection.exec_driver_sql(f"DROP TABLE {broken}"))
        with pytest.raises(LedgerUnavailable) as failed:
            ledger.append([seeded()])
    assert clean(chain(failed.value))
    assert clean(output.getvalue())
    assert clean(caplog.text)


def test_L3_no_canary_when_a_row_breaks_a_constraint(database_url: str) -> None:
    """Drivers like to repeat the row in the message."""
    with ledger_at(database_url) as ledger:
        spoil(ledger)
        with pytest.raises(LedgerUnavailable) as failed:
            ledger.append([seeded()])
        assert clean(chain(failed.value))
        assert "er_1" not in chain(failed.value)
        assert "DETAIL" not in chain(failed.value)


def spoil(ledger: Ledger) -> None:
    insert = "INSERT INTO ledger_entry (idx, request, item, event, nodes, leaf) VALUES (0, 'x', '', 'Y', '', '')"
    ledger._database.write(lambda connection: connection.exec_driver_sql(insert))


def chain(error: BaseException | None) -> str:
    """The texts of an error and of all its causes, as a log would print them."""
    texts = []
    while error is not None:
        texts.append(f"{error!r} {error}")
        error = error.__cause__ or error.__context__
    return " ".join(texts)


@pytest.mark.parametrize("event", [seeded("bad name"), Event("Kept", "er_1", NUMBER), Event("Kept", NUMBER)])
def test_L3_a_refused_event_is_not_repeated(one_database_url: str, event: Event) -> None:
    with ledger_at(one_database_url) as ledger, pytest.raises(InvalidEvent) as refused:
        ledger.append([event])
    assert clean(chain(refused.value))
