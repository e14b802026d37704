"""What looks like a citizen number is kept out of leaves, and nothing else is."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.identifiers import citizen_number, social_credit_code
from kernel.identifiers.errors import InvalidIdentifier
from kernel.ledger.personal_data import holds_citizen_number

NUMBER = citizen_number.compose("500199", date(1990, 3, 7), 123).value


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)), st.integers(0, 999))
def test_every_number_is_seen_wherever_it_stands(born: date, serial: int) -> None:
    number = citizen_number.compose("500199", born, serial).value
    for text in (number, number.lower(), f'{{"who":"{number}"}}', f"公民{number}号", f"a,{number};"):
        assert holds_citizen_number(text.encode())


def test_a_wrong_check_character_is_no_excuse() -> None:
    for last in "0123456789Xx":
        assert holds_citizen_number((NUMBER[:17] + last).encode())


def test_full_width_digits_are_digits() -> None:
    wide = NUMBER.translate({ord("0") + digit: ord("０") + digit for digit in range(10)})
    assert holds_citizen_number(f"证件{wide}。".encode())


@pytest.mark.parametrize(
    "text",
    [
        "case_01J8Z3V9Q4M6W7X8Y9Z0A1B2C3",
        "11500000DEM000057T3500131001000",  # a service item
        "2026-11-24T08:00:00.000Z 20261124080000000 1795507200000000",
        "a" + NUMBER,  # part of something longer
        NUMBER + "0",
        "500199199013071237",  # the thirteenth month
        "500199199003321237",
        "900199199003071237",  # no province
        "证明编号 2026",
        "f" * 64,
    ],
)
def test_what_does_not_look_like_one_passes(text: str) -> None:
    assert not holds_citizen_number(text.encode())


def test_a_company_code_of_digits_alone_is_told_by_its_check_characters() -> None:
    """Registrar 51 (civil affairs), division 500120, organisation code 26mmdd…: by its look somebody born in 2026."""
    bodies = (f"26{month:02}{day:02}{number:02}" for month in range(1, 13) for day in range(1, 29) for number in (1, 2))
    codes = [social_credit_code.compose("51", "500120", body).value for body in bodies]
    alike = [code for code in codes if code.isdigit()]
    assert len(alike) > 100
    assert [code for code in alike if holds_citizen_number(code.encode())] == [
        code for code in alike if _is_valid(code)
    ]


def _is_valid(code: str) -> bool:
    try:
        citizen_number.parse(code)
    except InvalidIdentifier:
        return False
    return True
