"""RFC 7515 §2: one spelling per value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.jose import base64url


@given(st.binary(max_size=100))
def test_what_is_written_is_read_back(data: bytes) -> None:
    assert base64url.decode(base64url.encode(data)) == data


@pytest.mark.parametrize(
    "text", ["A", "AA==", "AA=", "AB", "A+/A", "AA A", "AA\n", "AA.A", "é", "AAA=", "====", "AAAAA"]
)
def test_other_spellings_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="base64url"):
        base64url.decode(text)


@given(st.integers(min_value=0, max_value=1 << 600))
def test_rfc7518_2_numbers(value: int) -> None:
    assert base64url.decode_number(base64url.encode_number(value)) == value


def test_rfc7518_2_zero_is_one_octet() -> None:
    assert base64url.encode_number(0) == "AA"
