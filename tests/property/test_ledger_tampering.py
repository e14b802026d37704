"""Any change of one byte in receipt, leaf, salt or evidence is refused."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.ledger.receipt import Receipt, extra_of
from kernel.ledger.verify import VerificationFailed, verify_checkpoint, verify_log, verify_receipt
from tests.doubles.ledgers import VKEY, append_all, ledger_at, release

NUMBER = 9
Log = tuple[Receipt, list[bytes], str]
"""A receipt, all entries, the checkpoint."""
EVIDENCE = str(release(NUMBER).evidence)


@pytest.fixture(scope="module")
def log(make_database: Callable[[], str]) -> Iterator[tuple[Receipt, list[bytes], str]]:
    with ledger_at(make_database()) as ledger:
        append_all(ledger, 13, at_once=13)
        yield ledger.receipt(NUMBER), ledger.entries(0, 13), ledger.checkpoint()


def refused(text: str | bytes, evidence: str = EVIDENCE) -> bool:
    try:
        verify_receipt(text, vkey=VKEY, evidence=evidence)
    except VerificationFailed:
        return True
    return False


def with_extra(text: str, extra: bytes) -> str:
    lines = text.split("\n")
    lines[1] = f"extra {b64encode(extra).decode()}"
    return "\n".join(lines)


def test_the_receipt_itself_is_accepted(log: Log) -> None:
    assert not refused(log[0].text)
    assert not refused(with_extra(log[0].text, extra_of(log[0].leaf, log[0].salt)))


def test_every_bit_of_the_receipt(log: Log) -> None:
    text = log[0].text.encode()
    for position in range(len(text)):
        for bit in range(8):
            changed = bytearray(text)
            changed[position] ^= 1 << bit
            assert refused(bytes(changed)), (position, bit)


def test_every_byte_of_the_receipt_removed_or_doubled(log: Log) -> None:
    text = log[0].text.encode()
    for position in range(len(text)):
        assert refused(text[:position] + text[position + 1 :]), position
        assert refused(text[: position + 1] + text[position:]), position


@given(st.data())
def test_any_byte_of_the_receipt_replaced_by_any_other(log: Log, data: st.DataObject) -> None:
    text = log[0].text.encode()
    position = data.draw(st.integers(0, len(text) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda one: one != text[position]))
    assert refused(text[:position] + bytes([byte]) + text[position + 1 :])


def test_every_bit_of_the_leaf_and_of_the_salt(log: Log) -> None:
    receipt = log[0]
    for bit in range(8 * len(receipt.leaf)):
        assert refused(with_extra(receipt.text, extra_of(flipped(receipt.leaf, bit), receipt.salt)))
    for bit in range(8 * len(receipt.salt)):
        assert refused(with_extra(receipt.text, extra_of(receipt.leaf, flipped(receipt.salt, bit))))


def test_every_bit_of_the_evidence(log: Log) -> None:
    for bit in range(7 * len(EVIDENCE)):
        changed = flipped(EVIDENCE.encode(), bit // 7 * 8 + bit % 7).decode()
        assert refused(log[0].text, changed)


@given(st.text(max_size=60))
def test_any_other_evidence(log: Log, evidence: str) -> None:
    assert refused(log[0].text, evidence) or evidence == EVIDENCE


def test_every_bit_of_a_checkpoint(log: Log) -> None:
    note = log[2].encode()
    for bit in range(8 * len(note)):
        changed = flipped(note, bit)
        with pytest.raises((VerificationFailed, UnicodeDecodeError)):
            verify_checkpoint(changed.decode(), vkey=VKEY)


def test_l1_every_byte_of_every_entry_of_the_log(log: Log) -> None:
    _, entries, note = log
    verify_log(entries, checkpoint=note, vkey=VKEY)
    for number, entry in enumerate(entries):
        for position in range(0, len(entry), 7):
            changed = [*entries[:number], flipped(entry, position * 8), *entries[number + 1 :]]
            with pytest.raises(VerificationFailed):
                verify_log(changed, checkpoint=note, vkey=VKEY)


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_and_nothing_else_happens(data: bytes) -> None:
    assert refused(data)
    assert refused(b"c2sp.org/tlog-proof@v1\nextra " + b64encode(data) + b"\nindex 0\n\n" + data)


@given(st.text(max_size=100), st.text(max_size=100))
def test_any_text_as_key_or_extra_is_refused(log: Log, vkey: str, extra: str) -> None:
    with pytest.raises(VerificationFailed):
        verify_receipt(log[0].text, vkey=vkey)
    assert refused(with_extra(log[0].text, extra.encode()))


def test_base64_of_the_receipt_has_one_form(log: Log) -> None:
    """The last letter of a group can be written four ways; only one is accepted."""
    for line in log[0].text.split("\n"):
        if not line.endswith("="):
            continue
        blob = line.rsplit(" ", 1)[-1]
        letter = blob.rstrip("=")[-1]
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        other = blob.replace(f"{letter}=", f"{alphabet[alphabet.index(letter) ^ 1]}=")
        assert b64decode(other) == b64decode(blob)
        assert refused(log[0].text.replace(blob, other))
