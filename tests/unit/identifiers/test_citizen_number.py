"""GB 11643: division, a real birth day, serial number, ISO 7064 MOD 11-2."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from kernel.identifiers import InvalidIdentifier, Sex, citizen_number, division


def refused(text: object) -> InvalidIdentifier:
    with pytest.raises(InvalidIdentifier) as caught:
        citizen_number.parse(text)
    return caught.value


def test_published_samples(vectors: dict[str, Any]) -> None:
    for value in vectors["citizen_numbers"]["published"]:
        assert citizen_number.parse(value).value == value


def test_every_part_is_read(vectors: dict[str, Any]) -> None:
    for entry in vectors["citizen_numbers"]["synthetic"]:
        number = citizen_number.parse(entry["value"])
        assert (number.value, number.division) == (entry["value"], "500199")
        assert (number.born.isoformat(), number.sex.value) == (entry["born"], entry["sex"])


@pytest.mark.parametrize(
    "text",
    ["50019919550105011x", " 50019919550105011X ", "50019919550105011\uff38", "５００１９９１９５５０１０５０１１X"],
)
def test_spellings_of_one_number(text: str) -> None:
    assert citizen_number.parse(text).value == "50019919550105011X"


def test_a_number_of_the_first_generation_is_refused_with_its_own_reason() -> None:
    error = refused("500199550105011")
    assert error.code == "citizen-number.first-generation"
    assert "15" in error.reason.zh
    assert "15" in error.reason.en


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5001991955010501",
        "5001991955010501100",
        "X00199195501050119",
        "5001991955010501XX",
        "500199 19550105011X",
        "500199-19550105-011X",
        "５００１９９",
        "٥٠٠١٩٩١٩٥٥٠١٠٥٠١١X",  # Arabic-Indic digits are digits to Python, and none to the standard
        "50019919550105011X\x00",
        50019919550105011,
        None,
        ["50019919550105011X"],
        True,
        "5" * 10_000,
    ],
)
def test_what_is_no_number(text: object) -> None:
    assert refused(text).code in {"citizen-number.malformed", "identifier.malformed"}


def test_digits_of_other_scripts_are_told_apart_from_ours() -> None:
    assert refused("٥٠٠١٩٩١٩٥٥٠١٠٥٠١١X").code == "identifier.malformed"


@pytest.mark.parametrize("day", ["19550230", "19551301", "19550100", "19550001", "19000229", "00000101"])
def test_a_birth_day_that_never_was(day: str) -> None:
    assert refused(f"500199{day}0110").code == "citizen-number.birth-day"


def test_a_leap_day_was() -> None:
    assert citizen_number.compose("500199", date(2000, 2, 29), 1).born == date(2000, 2, 29)


def test_a_wrong_check_character() -> None:
    assert refused("500199195501050119").code == "citizen-number.check-character"


@pytest.mark.parametrize("text", ["500199195501050119", "500199195502300119", "500199550105011", "5001991955010501"])
def test_a_refusal_never_repeats_the_number(text: str) -> None:
    error = refused(text)
    for said in (str(error), repr(error), error.reason.zh, error.reason.en):
        assert text not in said
        assert text[6:14] not in said


def test_the_number_stays_out_of_prints() -> None:
    assert repr(citizen_number.parse("50019919550105011X")) == "CitizenNumber()"


def test_a_number_outlives_its_division() -> None:
    number = citizen_number.compose("500112", date(1990, 3, 12), 2)
    assert division.at(number.division, date(2026, 11, 24)) is None
    assert citizen_number.parse(number.value) == number


def test_composed_numbers_are_valid() -> None:
    number = citizen_number.compose("500199", date(1955, 1, 5), 11)
    assert (number.value, number.sex) == ("50019919550105011X", Sex.MALE)


@pytest.mark.parametrize(
    ("code", "serial"), [("50019", 1), ("5001990", 1), ("50019X", 1), ("500199", 1000), ("500199", -1)]
)
def test_nothing_is_composed_from_parts_that_do_not_fit(code: str, serial: int) -> None:
    with pytest.raises(InvalidIdentifier):
        citizen_number.compose(code, date(1990, 3, 12), serial)
