"""Laws of identifiers, names and masks, for all values and not for examples."""

from __future__ import annotations

import contextlib
import itertools
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.identifiers import (
    InvalidIdentifier,
    Mask,
    certificate_id,
    citizen_number,
    mask,
    person_name,
    service_item,
    social_credit_code,
    stronger,
    subject,
)
from kernel.identifiers.checksums import CREDIT_CODE_ALPHABET, DIGITS_AND_LETTERS
from kernel.text import Text

birth_days = st.dates(date(1800, 1, 1), date(2099, 12, 31))
citizens = st.builds(citizen_number.compose, st.just("500199"), birth_days, st.integers(0, 999))
credit_codes = st.builds(
    social_credit_code.compose,
    st.sampled_from(["11", "91", "92"]),
    st.sampled_from(["500000", "500199"]),
    st.text(CREDIT_CODE_ALPHABET, min_size=8, max_size=8),
)
certificates = st.builds(
    certificate_id.compose,
    st.just("11100000MB0143028R001"),
    credit_codes.map(lambda code: code.value),
    st.text(DIGITS_AND_LETTERS, min_size=1, max_size=20),
    st.integers(0, 999).map("{:03d}".format),
)
masks = st.sampled_from(Mask)
values = st.text(max_size=30) | citizens.map(lambda number: number.value) | birth_days.map(str)


def replaced(text: str, alphabet: str, data: st.DataObject) -> str:
    position = data.draw(st.integers(0, len(text) - 1))
    return text[:position] + data.draw(st.sampled_from(alphabet.replace(text[position], ""))) + text[position + 1 :]


@given(citizens)
def test_a_composed_citizen_number_parses_to_itself(number: citizen_number.CitizenNumber) -> None:
    assert citizen_number.parse(number.value) == number
    assert (number.sex is citizen_number.Sex.MALE) == (int(number.value[16]) % 2 == 1)


@given(citizens, st.data())
def test_one_wrong_digit_of_a_citizen_number_is_found(
    number: citizen_number.CitizenNumber, data: st.DataObject
) -> None:
    with pytest.raises(InvalidIdentifier):
        citizen_number.parse(replaced(number.value, "0123456789X", data))


@given(citizens, st.integers(0, 16))
def test_two_neighbours_exchanged_in_a_citizen_number_are_found(
    number: citizen_number.CitizenNumber, position: int
) -> None:
    text = number.value
    swapped = text[:position] + text[position + 1] + text[position] + text[position + 2 :]
    if swapped != text:
        with pytest.raises(InvalidIdentifier):
            citizen_number.parse(swapped)


@given(credit_codes)
def test_a_composed_credit_code_parses_to_itself(code: social_credit_code.SocialCreditCode) -> None:
    assert social_credit_code.parse(code.value) == code


@given(credit_codes, st.data())
def test_one_wrong_character_of_a_credit_code_is_found(
    code: social_credit_code.SocialCreditCode, data: st.DataObject
) -> None:
    with pytest.raises(InvalidIdentifier):
        social_credit_code.parse(replaced(code.value, CREDIT_CODE_ALPHABET, data))


@given(certificates, st.data())
def test_one_wrong_character_of_a_certificate_id_is_found(
    identifier: certificate_id.CertificateId, data: st.DataObject
) -> None:
    assert certificate_id.parse(identifier.value) == identifier
    with pytest.raises(InvalidIdentifier):
        certificate_id.parse(replaced(identifier.value, DIGITS_AND_LETTERS, data))


PARSERS = (citizen_number.parse, social_credit_code.parse, certificate_id.parse, service_item.parse)


@given(st.text(max_size=200) | st.none() | st.integers() | st.lists(st.text()) | st.binary())
def test_whatever_comes_in_is_parsed_to_ascii_or_refused(text: object) -> None:
    for parse in PARSERS:
        with contextlib.suppress(InvalidIdentifier):
            assert parse(text).value.isascii()


@given(st.lists(st.text(max_size=40) | st.from_regex(r"\A[0-9A-Z]{12,33}\Z"), min_size=2, max_size=5))
def test_a_refusal_says_the_same_whatever_was_refused(texts: list[str]) -> None:
    said: dict[str, Text] = {}
    for parse, text in itertools.product(PARSERS, texts):
        try:
            parse(text)
        except InvalidIdentifier as error:
            assert error.args == (error.code,)  # noqa: PT017 - what is looked at is what every refusal has in common
            assert said.setdefault(error.code, error.reason) == error.reason  # noqa: PT017 - as above


@given(st.text(), st.text())
def test_no_pair_of_texts_makes_a_subject_by_accident(scheme: str, value: str) -> None:
    with pytest.raises(InvalidIdentifier):
        subject.parse(scheme, value)


@given(st.text(max_size=60))
def test_normalising_a_name_twice_changes_nothing_more(name: str) -> None:
    assert person_name.normalise(person_name.normalise(name)) == person_name.normalise(name)


@given(masks, values)
def test_masking_twice_changes_nothing_more(kind: Mask, value: str) -> None:
    assert mask(kind, mask(kind, value)) == mask(kind, value)


@given(masks.filter(lambda kind: kind is not Mask.CLEAR), values)
def test_a_mask_hides_something_and_invents_nothing(kind: Mask, value: str) -> None:
    shown = mask(kind, value)
    if kind is not Mask.YEAR:
        assert len(shown) == len(value)
        assert all(after in {before, "*"} for before, after in zip(value, shown, strict=True))
        assert value == "" or "*" in shown
    else:
        assert value.startswith(shown) or set(shown) == {"*"}


@given(citizens)
def test_a_masked_citizen_number_shows_no_birth_day(number: citizen_number.CitizenNumber) -> None:
    for kind in (Mask.NAME, Mask.NUMBER, Mask.PHONE, Mask.LAST4, Mask.YEAR):
        assert set(mask(kind, number.value)[6:14]) <= {"*"}


@given(masks, masks, masks)
def test_the_stronger_of_masks_depends_on_no_order(one: Mask, two: Mask, three: Mask) -> None:
    assert stronger(one, two) is stronger(two, one)
    assert stronger(one, stronger(two, three)) is stronger(stronger(one, two), three)
    assert stronger(one, one) is one


NUMBER_MASKS = st.sampled_from([Mask.CLEAR, Mask.NUMBER, Mask.PHONE, Mask.LAST4])


@given(NUMBER_MASKS, NUMBER_MASKS, citizens)
def test_the_stronger_of_two_number_masks_shows_the_fewer_characters(
    one: Mask, two: Mask, number: citizen_number.CitizenNumber
) -> None:
    def shown(kind: Mask) -> int:
        return len(mask(kind, number.value).replace("*", ""))

    assert shown(stronger(one, two)) == min(shown(one), shown(two))
