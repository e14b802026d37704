"""Time, chance, names and texts as arguments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.clock import ManualClock, SystemClock
from kernel.entropy import SeededEntropy, SystemEntropy, token
from kernel.ids import CROCKFORD, new_id
from kernel.text import Text, negotiate

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_the_system_clock_is_aware_and_never_runs_backwards() -> None:
    clock = SystemClock()
    assert clock.now().utcoffset() == timedelta(0)
    assert clock.monotonic() <= clock.monotonic()


def test_a_manual_clock_moves_both_its_faces_and_only_forwards() -> None:
    clock = ManualClock(NOON.astimezone(timezone(timedelta(hours=8))))
    clock.advance(1.5)
    assert clock.now() == NOON + timedelta(seconds=1.5)
    assert clock.now().tzinfo is UTC
    assert clock.monotonic() == 1.5
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(-1)
    with pytest.raises(ValueError, match="aware"):
        ManualClock(datetime(2026, 11, 23))  # noqa: DTZ001 - the point of the test


def test_seeded_entropy_repeats_and_the_systems_does_not() -> None:
    assert SeededEntropy(7).bytes(16) == SeededEntropy(7).bytes(16) != SeededEntropy(8).bytes(16)
    assert SystemEntropy().bytes(16) != SystemEntropy().bytes(16)


def test_a_token_is_base64url_without_padding() -> None:
    assert len(token(SystemEntropy())) == 43
    assert not set(token(SeededEntropy(1), 100)) & set("+/=")


@given(st.integers(0, 7000 * 365 * 86400), st.integers(1, 10**9))
def test_ids_are_ulids_that_sort_by_time(seconds: int, milliseconds: int) -> None:
    clock = ManualClock(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))
    first = new_id("case", clock, SeededEntropy(1))
    clock.advance(milliseconds / 1000)
    assert first < new_id("case", clock, SeededEntropy(2))
    prefix, _, ulid = first.partition("_")
    assert prefix == "case"
    assert len(ulid) == 26
    assert set(ulid) <= set(CROCKFORD)


def test_the_time_part_is_that_of_the_ulid_specification() -> None:
    clock = ManualClock(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=1469918176385))
    assert new_id("x", clock, SeededEntropy(1)).startswith("x_01ARYZ6S41")  # the specification's own example


def test_a_text_reads_chinese_unless_english_is_asked_for() -> None:
    text = Text("通办", "Tongban")
    assert (text.in_("zh"), text.in_("en"), text.in_("fr")) == ("通办", "Tongban", "通办")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "zh"),
        ("", "zh"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("fr;q=1, en;q=0.5, zh;q=0.4", "en"),
        ("en;q=0", "zh"),
        ("en;q=0.5, *;q=0.7", "zh"),
        ("en;q=nonsense", "zh"),
        ("en;q=١", "zh"),
        ("en;level=1", "en"),
        ("fr", "zh"),
    ],
)
def test_language_negotiation_rfc9110_12_5_4(header: str | None, language: str) -> None:
    assert negotiate(header) == language


@given(st.text(max_size=2000))
def test_no_header_breaks_the_negotiation(header: str) -> None:
    assert negotiate(header) in {"zh", "en"}
