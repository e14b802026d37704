"""Envelope encryption: what is sealed opens only with its key, in its place, unchanged."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import envelope
from kernel.envelope import CannotOpen, KeyEncryptionKey

KEY = bytes(range(32))
OTHER = bytes(32)


@given(st.binary(max_size=200), st.binary(max_size=40))
def test_what_is_sealed_opens_with_the_same_key_and_place(plaintext: bytes, aad: bytes) -> None:
    sealed = envelope.seal(KEY, plaintext, aad)
    assert envelope.open_(KEY, sealed, aad) == plaintext
    assert envelope.seal(KEY, plaintext, aad) != sealed  # a fresh nonce each time


@given(st.binary(min_size=1, max_size=50), st.data())
def test_any_changed_byte_is_noticed(plaintext: bytes, data: st.DataObject) -> None:
    sealed = bytearray(envelope.seal(KEY, plaintext, b"place"))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(CannotOpen):
        envelope.open_(KEY, bytes(sealed), b"place")


@pytest.mark.parametrize(("key", "aad"), [(OTHER, b"place"), (KEY, b"elsewhere")])
def test_another_key_or_place_does_not_open(key: bytes, aad: bytes) -> None:
    with pytest.raises(CannotOpen):
        envelope.open_(key, envelope.seal(KEY, b"data", b"place"), aad)


@pytest.mark.parametrize("sealed", [b"", b"short", bytes(12), bytes(27)])
def test_what_is_too_short_does_not_open(sealed: bytes) -> None:
    with pytest.raises(CannotOpen):
        envelope.open_(KEY, sealed, b"")


def test_a_wrapped_key_says_which_version_wrapped_it() -> None:
    old = KeyEncryptionKey({"kek-1": KEY}, "kek-1")
    both = KeyEncryptionKey({"kek-1": KEY, "kek-2": OTHER}, "kek-2")
    dek = envelope.data_key()
    wrapped = old.wrap(dek)
    assert both.unwrap(wrapped) == dek
    assert old.is_current(wrapped)
    assert not both.is_current(wrapped)
    renewed = both.wrap(both.unwrap(wrapped))
    assert both.is_current(renewed)
    with pytest.raises(CannotOpen, match="not held"):
        old.unwrap(renewed)


@given(st.binary(max_size=90))
def test_nothing_else_unwraps(wrapped: bytes) -> None:
    with pytest.raises(CannotOpen):
        KeyEncryptionKey({"kek-1": KEY}, "kek-1").unwrap(wrapped)


def test_a_changed_version_does_not_unwrap() -> None:
    twins = KeyEncryptionKey({"a": KEY, "b": KEY}, "a")
    wrapped = twins.wrap(envelope.data_key())
    with pytest.raises(CannotOpen):
        twins.unwrap(wrapped.replace(b"a", b"b", 1))


@pytest.mark.parametrize(
    ("versions", "active"),
    [({"a": b"short"}, "a"), ({"": KEY}, ""), ({"x" * 65: KEY}, "x" * 65), ({"a": KEY}, "b"), ({}, "a")],
)
def test_unfit_versions_are_refused(versions: dict[str, bytes], active: str) -> None:
    with pytest.raises(ValueError, match="key"):
        KeyEncryptionKey(versions, active)


def test_a_key_comes_from_a_file_named_for_its_version(tmp_path: Path) -> None:
    path = tmp_path / "kek-7.key"
    path.write_text(urlsafe_b64encode(KEY).rstrip(b"=").decode() + "\n")
    loaded = KeyEncryptionKey.from_file(path)
    assert loaded.active == "kek-7"
    assert loaded.unwrap(KeyEncryptionKey({"kek-7": KEY}, "kek-7").wrap(OTHER)) == OTHER
    assert repr(loaded) == "KeyEncryptionKey(['kek-7'], active='kek-7')"


@pytest.mark.parametrize("content", [b"", b"AAAA", b"%%%", b"\xff\xfe", "密钥".encode()])
def test_a_file_without_a_key_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "kek.key"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="key"):
        KeyEncryptionKey.from_file(path)


def test_a_blind_index_finds_equals_and_needs_its_key() -> None:
    assert envelope.blind_index(KEY, "某甲") == envelope.blind_index(KEY, "某甲")
    assert envelope.blind_index(KEY, "某甲") != envelope.blind_index(KEY, "某乙")
    assert envelope.blind_index(KEY, "某甲") != envelope.blind_index(OTHER, "某甲")


@given(st.binary(max_size=100), st.binary(max_size=5000))
def test_hmac_is_that_of_rfc_2104(key: bytes, data: bytes) -> None:
    assert envelope.hmac_sha256(key, data) == hmac.digest(key, data, "sha256")
