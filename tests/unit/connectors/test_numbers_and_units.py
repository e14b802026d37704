"""Numbers and units as sources write them: exact, declared, never guessed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import SourceGarbled
from connectors.faults import ManifestFault
from connectors.mapping import Mapping


def read(raw: Any, **rule: Any) -> Any:
    mapping = Mapping.compile({"fields": {"value": {"path": "x", **rule}}})
    return mapping.apply({"x": raw}).values.get("value")


def garbled(raw: Any, **rule: Any) -> bool:
    with pytest.raises(SourceGarbled) as caught:
        read(raw, **rule)
    return caught.value.field == "value"


@pytest.mark.parametrize(
    ("form", "written", "number"),
    [
        ("plain", "1234.50", "1234.50"),
        ("plain", "－１２．５", "-12.5"),
        ("grouped", "1,234,567.8", "1234567.8"),
        ("grouped", "１，２３４", "1234"),
        ("grouped", "1234", "1234"),
        ("comma", "1.234.567,8", "1234567.8"),
        ("comma", "1234,5", "1234.5"),
        ("comma", "1.234", "1234"),
        ("chinese", "一千二百三十四", "1234"),
        ("chinese", "二〇二六", "2026"),
        ("chinese", "十五", "15"),
        ("chinese", "一百零五", "105"),
        ("chinese", "一万零一十", "10010"),
        ("chinese", "十二亿三千四百五十六万七千八百九十", "1234567890"),
        ("chinese", "一万二千亿", "1200000000000"),
        ("chinese", "两千", "2000"),
        ("chinese", "零", "0"),
        ("chinese", "负三点一四", "-3.14"),
        ("chinese", "3.5万", "35000.0"),
        ("chinese", "2千万", "20000000"),
        ("chinese", "壹佰贰拾叁元肆角伍分", "123.45"),
        ("chinese", "人民币壹万零伍佰元整", "10500"),
        ("chinese", "伍拾圆零捌分", "50.08"),
        ("chinese", "叁角", "0.3"),
    ],
)
def test_a_number_is_read_in_the_form_that_is_declared(form: str, written: str, number: str) -> None:
    assert Decimal(read(written, number=form)) == Decimal(number)


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("plain", "1,234"),
        ("plain", "一"),
        ("grouped", "12,34"),
        ("grouped", "1,234,56"),
        ("comma", "1.23"),
        ("comma", "1,234,5"),
        ("plain", "NaN"),
        ("plain", "1e5"),
        ("chinese", "一百五"),
        ("chinese", "一一百"),
        ("chinese", "百"),
        ("chinese", "万"),
        ("chinese", "十百"),
        ("chinese", "一万亿万一亿"),
        ("chinese", "元"),
        ("chinese", "点五"),
        ("chinese", "壹元贰叁角"),
        ("chinese", "很多"),
        ("chinese", "1" * 80),
    ],
)
def test_another_form_is_no_number(form: str, written: str) -> None:
    assert garbled(written, number=form)


DIGITS, PLACES = "零一二三四五六七八九", ("", "十", "百", "千")


def spelled(number: int) -> str:
    """As people write it: independent of the reader, place by place."""
    if number < 10_000:
        return below(number)
    for size, unit in ((10**8, "亿"), (10**4, "万")):
        if number >= size:
            high, low = divmod(number, size)
            gap = "零" if 0 < low < size // 10 else ""
            return spelled(high) + unit + gap + (spelled(low) if low else "")
    raise AssertionError


def below(number: int) -> str:
    text, empty = "", False
    for place in (3, 2, 1, 0):
        digit = number // 10**place % 10
        if digit:
            text += ("零" if empty and text else "") + DIGITS[digit] + PLACES[place]
            empty = False
        else:
            empty = True
    return text or "零"


@given(number=st.integers(0, 10**12 - 1))
def test_whatever_number_is_spelled_in_chinese_is_read_back(number: int) -> None:
    assert read(spelled(number), number="chinese", type="integer") == number


@given(number=st.decimals(-(10**12), 10**12, places=4, allow_nan=False, allow_infinity=False))
def test_grouped_and_comma_read_what_is_written_in_them(number: Decimal) -> None:
    written = f"{number:,.4f}"
    assert Decimal(read(written, number="grouped")) == number
    assert Decimal(read(written.translate(str.maketrans(",.", ".,")), number="comma")) == number


@given(text=st.text(max_size=70) | st.text(alphabet="零一二三百千万亿元角分点.,-0123456789", max_size=30))
def test_any_text_is_a_number_or_garbled(text: str) -> None:
    for forms in (["plain", "grouped", "chinese"], ["comma"]):
        mapping = Mapping.compile({"fields": {"value": {"path": "x", "number": forms, "type": "decimal"}}})
        try:
            found = mapping.apply({"x": text}).values.get("value")
        except SourceGarbled:
            continue
        assert found is None or Decimal(str(found)).is_finite()


@pytest.mark.parametrize(
    ("raw", "rule", "value"),
    [
        ("12.5", {"unit": {"from": "万元", "to": "元"}}, "125000"),
        ("12.5", {"unit": {"from": "万元", "to": "元"}, "type": "integer"}, 125000),
        (Decimal("0.01"), {"unit": {"from": "元", "to": "分"}, "type": "integer"}, 1),
        (30, {"unit": {"from": "亩", "to": "平方米"}}, None),
        ("3", {"unit": {"from": "亩", "to": "平方米", "places": 2}}, "2000.00"),
        ("1", {"unit": {"from": "亩", "to": "平方米", "places": 2}}, "666.67"),
        ("0.125", {"unit": {"from": "元", "to": "元", "places": 2}}, "0.12"),
        ("0.375", {"unit": {"from": "元", "to": "元", "places": 2}}, "0.38"),
        ("1,234.5 万元", {"number": "grouped", "unit": {"to": "元"}}, "12345000"),
        ("三百二十元", {"number": "chinese", "unit": {"to": "元"}}, "320"),
        ("85.5平方米", {"unit": {"to": "公顷", "places": 6}}, "0.008550"),
        ("500", {"unit": {"from": "斤", "to": "kg"}}, "250"),
        ("85.5", {"unit": {"from": "㎡", "to": "平方米"}}, "85.5"),
        ("85.5㎡", {"unit": {"to": "m²", "places": 1}}, "85.5"),
        ("８５．５ ㎢", {"unit": {"to": "公顷", "places": 0}}, "8550"),
        ("12KG", {"unit": {"to": "千克"}}, "12"),
        ("12Kg", {"unit": {"to": "㎏"}}, "12"),
        ("12", {"unit": {"from": "KG", "to": "克"}}, "12000"),
        ("3 M", {"unit": {"to": "CM"}}, "300"),
        ("3㎜", {"unit": {"to": "MM"}}, "3"),
        ("叁万元整", {"number": "chinese", "unit": {"to": "元"}}, "30000"),
        ("叁万元整", {"number": "chinese", "unit": {"from": "元", "to": "万元"}}, "3"),
        ("壹佰贰拾叁元肆角伍分", {"number": "chinese", "unit": {"to": "分"}, "type": "integer"}, 12345),
        ("负叁角", {"number": "chinese", "unit": {"to": "元"}}, "-0.3"),
        ("壹亿贰仟万元", {"number": "chinese", "unit": {"to": "元"}}, "120000000"),
        ("一亿二千万元", {"number": "chinese", "unit": {"to": "万元"}}, "12000"),
        ("一亿二千万人", {"number": "chinese", "unit": {"to": "人"}, "type": "integer"}, 120000000),
        ("3.5万元", {"number": ["plain", "chinese"], "unit": {"to": "元"}}, "35000"),
        ("三千克", {"number": "chinese", "unit": {"to": "kg"}}, "3"),
    ],
)
def test_units_are_converted_exactly(raw: Any, rule: dict[str, Any], value: Any) -> None:
    if value is None:
        with pytest.raises(ManifestFault):
            read(raw, **rule)
    else:
        assert read(raw, **rule) == value


@pytest.mark.parametrize(
    "rule",
    [
        {"unit": {"from": "万元", "to": "平方米"}},
        {"unit": {"from": "斗", "to": "kg"}},
        {"unit": {"to": "石"}},
        {"unit": {"from": "Mm", "to": "m"}},
        {"unit": {"from": "Mg", "to": "kg"}},
        {"unit": {"from": "㎡", "to": "米"}},
        {"number": ["grouped", "comma"]},
        {"number": "plain", "type": "text"},
        {"number": "plain", "date": "yyyyMMdd"},
    ],
)
def test_what_makes_no_sense_is_a_finding(rule: dict[str, Any]) -> None:
    with pytest.raises(ManifestFault):
        read("1", **rule)


@pytest.mark.parametrize("raw", ["12", "12斗", "万元", "12平方米", ""])
def test_a_value_that_does_not_say_its_unit_is_garbled_or_absent(raw: str) -> None:
    if raw:
        assert garbled(raw, unit={"to": "元"})
    else:
        assert read(raw, unit={"to": "元"}) is None


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        ("12Mm", {"unit": {"to": "m"}}),
        ("85.5㎡", {"unit": {"to": "米"}}),
        ("叁万元整", {"unit": {"to": "元"}}),
        ("叁万元整", {"number": "chinese", "unit": {"from": "万元", "to": "元"}}),
        ("叁角", {"number": "chinese", "unit": {"from": "角", "to": "元"}}),
        ("叁元", {"number": "chinese", "unit": {"from": "亩", "to": "公顷", "places": 2}}),
        ("叁元", {"number": "chinese", "unit": {"to": "kg"}}),
        ("叁元万元", {"number": "chinese", "unit": {"to": "元"}}),
        ("三元元", {"number": "chinese", "unit": {"to": "元"}}),
    ],
)
def test_a_unit_that_contradicts_what_is_declared_is_garbled_rather_than_guessed(raw: str, rule: dict) -> None:
    """An amount in words says 元 itself; a capital M before a small letter is mega."""
    assert garbled(raw, **rule)


@given(text=st.text(alphabet="0123456789.零一二叁万亿元角分整公斤kKgGmM²㎡㎏ -", max_size=20))
def test_whatever_states_a_unit_is_a_number_or_garbled(text: str) -> None:
    for unit in ("元", "kg", "m2", "m"):
        mapping = Mapping.compile(
            {"fields": {"value": {"path": "x", "number": ["plain", "chinese"], "unit": {"to": unit, "places": 2}}}}
        )
        try:
            found = mapping.apply({"x": text}).values.get("value")
        except SourceGarbled:
            continue
        assert found is None or Decimal(str(found)).is_finite()
