"""RFC 6749 §3.1: parameters are given at most once; what cannot be decoded is refused, not guessed."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.problems import Problem
from kernel.web.parameters import MAX_PARAMETERS, parse

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


@given(st.dictionaries(TEXT.filter(bool), TEXT, max_size=8))
def test_what_was_encoded_comes_back(parameters):
    assert parse(urlencode(parameters)) == parameters


@given(st.dictionaries(TEXT.filter(bool), TEXT, min_size=1, max_size=8), st.data())
def test_any_repeated_parameter_is_refused(parameters, data):
    repeated = data.draw(st.sampled_from(sorted(parameters)))
    pairs = data.draw(st.permutations([*parameters.items(), (repeated, "again")]))
    with pytest.raises(Problem, match=r"request\.duplicate-parameter"):
        parse(urlencode(pairs))


@given(st.text(max_size=60))
def test_any_text_parses_or_is_a_problem(encoded):
    try:
        parsed = parse(encoded)
    except Problem as problem:
        status, parsed = problem.kind.status, {}
    else:
        status = 200
    assert status in (200, 400)
    assert "\0" not in "".join([*parsed, *parsed.values()])


def test_a_repetition_is_found_behind_different_encodings():
    with pytest.raises(Problem, match=r"request\.duplicate-parameter"):
        parse("client_id=a&client%5Fid=b")


@pytest.mark.parametrize(
    "encoded", ["a=%", "a=%2", "a=%zz", "%g1=b", "a=%ff", "a=%c0%af", "a=%00", "a=\0", "%ed%a0%80=1"]
)
def test_malformed_encoding_is_refused(encoded):
    with pytest.raises(Problem, match=r"request\.malformed"):
        parse(encoded)


def test_empty_values_and_missing_equal_signs_are_kept():
    assert parse("a=&b&c=+d&&") == {"a": "", "b": "", "c": " d"}
    assert parse("") == {}


def test_E6_the_number_of_parameters_is_bounded():
    parse("&".join(f"p{number}=" for number in range(MAX_PARAMETERS)))
    with pytest.raises(Problem, match=r"request\.malformed"):
        parse("&".join(f"p{number}=" for number in range(MAX_PARAMETERS + 1)))
