"""Numbers as sources write them, to exact decimals. The forms are declared; none is guessed from the digits.

``plain`` 1234.5, ``grouped`` 1,234.5, ``comma`` 1.234,5 and ``chinese``: 一千二百三十四, 二〇二六, 3.5万 and amounts as
bills write them, 壹佰贰拾叁元肆角伍分. Full-width digits and signs (NFKC) are read in every form.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

Number = Callable[[str], Decimal | None]
"""From text to the number it writes, or None where the text has another form."""

_LONGEST = 60
_PLAIN = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})*(?:\.[0-9]+)?")
_COMMA = re.compile(r"[+-]?(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+)(?:,[0-9]+)?")
_DIGITS = dict(zip("〇一二三四五六七八九", range(10), strict=True))
_DIGITS |= dict(zip("零壹贰叁肆伍陆柒捌玖", range(10), strict=True))
_DIGITS |= {"两": 2, "貳": 2, "陸": 6, "○": 0, "參": 3, "叄": 3}
_SMALL = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_LARGE = {"亿": 10**8, "億": 10**8, "万": 10**4, "萬": 10**4}
_MINUS = frozenset("负負-")
_ENDS_AN_AMOUNT = frozenset("元圆角分整正")
_MIXED = re.compile(r"([0-9]+(?:\.[0-9]+)?)([十百千万萬亿億]{1,2})")
_AMOUNT = re.compile(
    r"(?:人民币)?(?:(?P<yuan>[^元圆角分整正]+)[元圆])?(?:(?P<jiao>[^元圆角分整正])角)?(?:(?P<fen>[^元圆角分整正])分)?[整正]?"
)


def number_reader(forms: Sequence[str]) -> Callable[[object], Decimal]:
    """A reader of numbers in any of these forms; it raises ValueError for text in none.

    Raises:
        ValueError: ``grouped`` and ``comma`` together: 1,234 would be two numbers.
    """
    if {"grouped", "comma"} <= set(forms):
        raise ValueError("grouped and comma contradict each other")
    readers = [_FORMS[form] for form in forms]

    def read(value: object) -> Decimal:
        if isinstance(value, bool):
            raise ValueError("not a number")
        text = _normal(value)
        for reader in readers if len(text) <= _LONGEST else ():
            number = reader(text)
            if number is not None:
                return number
        raise ValueError("not a number")

    return read


def amount_in_words(value: object) -> Decimal | None:
    """What an amount that carries its unit comes to in 元 (``叁万元整``, ``三角五分``); None: the value is none."""
    text = _normal(value)
    sign, body = _signed(text)
    if len(text) > _LONGEST or body[-1:] not in _ENDS_AN_AMOUNT:
        return None
    try:
        found = _amount(body)
    except (KeyError, ValueError):
        return None
    return None if found is None else sign * found


def _normal(value: object) -> str:
    return unicodedata.normalize("NFKC", str(value)).strip().replace("−", "-")


def _signed(text: str) -> tuple[int, str]:
    return (-1, text[1:]) if text[:1] in _MINUS else (1, text)


def _plain(text: str) -> Decimal | None:
    return Decimal(text) if _PLAIN.fullmatch(text) else None


def _grouped(text: str) -> Decimal | None:
    return Decimal(text.replace(",", "")) if _GROUPED.fullmatch(text) else _plain(text)


def _comma(text: str) -> Decimal | None:
    return Decimal(text.replace(".", "").replace(",", ".")) if _COMMA.fullmatch(text) else None


def _chinese(text: str) -> Decimal | None:
    sign, body = _signed(text)
    if body[-1:] in _ENDS_AN_AMOUNT:
        return amount_in_words(text)
    try:
        found = _worded(body)
    except (KeyError, ValueError):
        return None
    return None if found is None else sign * found


def _amount(text: str) -> Decimal | None:
    """元, 角 and 分; 角 and 分 take one digit each, and 零 before 分 fills the place of 角."""
    match = _AMOUNT.fullmatch(text.replace("元零", "元").replace("圆零", "圆"))
    if match is None or not any(match.groups()):
        return None
    yuan = _worded(match["yuan"]) if match["yuan"] else Decimal(0)
    if yuan is None:
        return None
    return yuan + Decimal(_digit(match["jiao"])) / 10 + Decimal(_digit(match["fen"])) / 100


def _digit(text: str | None) -> int:
    return 0 if text is None else _DIGITS[text]


def _worded(text: str) -> Decimal | None:
    if mixed := _MIXED.fullmatch(text):
        factor = 1
        for unit in mixed[2]:
            factor *= (_SMALL | _LARGE)[unit]
        return Decimal(mixed[1]) * factor
    whole, point, fraction = text.partition("点")
    if not whole or (point and not fraction):
        return None
    tail = "".join(str(_DIGITS[character]) for character in fraction)
    return Decimal(f"{_whole(whole)}.{tail}" if point else _whole(whole))


def _whole(text: str) -> int:
    """A whole number: digits one by one (二〇二六), or with their places (二千零二十六)."""
    if all(character in _DIGITS for character in text):
        return int("".join(str(_DIGITS[character]) for character in text))
    return _large(text, list(_LARGE))


def _large(text: str, units: Sequence[str]) -> int:
    """Split at the largest unit that stands in the text; what is left of it counts it, what is right follows."""
    for unit in units:
        if unit in text:
            left, _, right = text.rpartition(unit) if _LARGE[unit] == 10**8 else text.partition(unit)
            if not left:
                raise ValueError("nothing counts it")
            rest = _large(right.lstrip("零〇"), units) if right else 0
            if rest >= _LARGE[unit]:
                raise ValueError("out of order")
            return _large(left, units) * _LARGE[unit] + rest
    return _below_ten_thousand(text.lstrip("零〇"))


def _below_ten_thousand(text: str) -> int:
    total, waiting, last = 0, None, 10_000
    for character in text:
        if character in _SMALL:
            place = _SMALL[character]
            if place >= last or (waiting is None and not (place == 10 and total == 0)) or waiting == 0:
                raise ValueError("out of order")
            total, waiting, last = total + (1 if waiting is None else waiting) * place, None, place
        elif waiting not in {None, 0}:
            raise ValueError("two digits in one place")
        else:
            waiting = _DIGITS[character]
    if waiting is None:
        return total
    # 一百五 is said for 150 and read by some as 105: it is neither here.
    if last > 10 and total and "零" not in text and "〇" not in text:
        raise ValueError("a place is missing")
    return total + waiting


_FORMS: Mapping[str, Number] = {"plain": _plain, "grouped": _grouped, "comma": _comma, "chinese": _chinese}
