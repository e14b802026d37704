"""RFC 8785 in our profile, and a reader that refuses ambiguity."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.canonical import MalformedJson, NotCanonical, decode, encode

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def by_the_letter(value: object) -> str:
    """RFC 8785 §3.2 written out slowly: an independent judge for the fast encoder."""
    if isinstance(value, dict):
        members = sorted(value.items(), key=lambda member: member[0].encode("utf-16-be"))
        return "{" + ",".join(f"{by_the_letter(key)}:{by_the_letter(member)}" for key, member in members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(by_the_letter, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


@given(VALUES)
def test_encoding_follows_rfc8785_3_2(value: object) -> None:
    assert encode(value).decode() == by_the_letter(value)


@given(VALUES)
def test_what_is_encoded_is_read_back(value: object) -> None:
    assert decode(encode(value)) == value


def test_rfc8785_3_2_3_sorts_by_utf16_units() -> None:
    keys = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}
    assert list(json.loads(encode(keys)).values()) == [2, 4, 6, 7, 1, 5, 3]  # the specification's own order
    nested = encode([{"\ufb33": ({"b": 1, "a": 2},), "\U0001f600": 1}])
    assert nested.decode() == '[{"\U0001f600":1,"\ufb33":[{"a":2,"b":1}]}]'


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        2**53,
        -(2**53),
        "\ud800",
        {"\ud800": 1},
        {1: 2},
        b"bytes",
        {"a": {1, 2}},
        [datetime(2026, 11, 23, tzinfo=UTC)],
        {"x": [0.1]},
    ],
    ids=repr,
)
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(NotCanonical):
        encode(value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1, "a": 1}', "twice"),
        ('{"a": {"b": 1, "\\u0062": 2}}', "twice"),
        ("NaN", "NaN"),
        ("[-Infinity]", "NaN"),
        ("1e999", "double"),
        ("[1] 2", "Extra"),
        ('"\\ud800"', "surrogate"),
        ('{"\\udc00x": 1}', "surrogate"),
        ("\ufeff{}", "Expecting value"),
        (b"\xff", "UTF-8"),
        (b"\xed\xa0\x80", "UTF-8"),
        ("\ud800", "UTF-8"),
        ("[" * 33 + "]" * 33, "deep"),
        ('{"a":' * 33 + "1" + "}" * 33, "deep"),
        ("[" * 100_000, "deep"),
        ("1" * 10_000, "JSON"),
        ("", "Expecting value"),
        ("'a'", "Expecting value"),
        ("[1,]", "Expecting|Illegal"),
        (" " * (1 << 20) + "1", "longer"),
    ],
)
def test_ambiguous_or_oversized_json_is_refused(text: str | bytes, reason: str) -> None:
    with pytest.raises(MalformedJson, match=reason) as refusal:
        decode(text)
    assert len(str(refusal.value)) < 100


def test_what_is_just_allowed() -> None:
    assert decode("[" * 32 + "]" * 32) is not None
    assert decode("[" + "[],{}," * 40 + "1]", max_depth=2) is not None
    assert decode('"\\ud83d\\ude00"') == "\U0001f600"
    assert decode(b" [1.5, -0, null] ", max_bytes=20) == [1.5, 0, None]


@given(st.binary(max_size=60) | st.text(max_size=60))
def test_any_input_is_read_or_refused(data: bytes | str) -> None:
    try:
        decode(data)
    except MalformedJson:
        return
    json.loads(data)  # accepted: then the standard reader accepts it too
