"""Units as registers use them, converted exactly: fractions inside, decimal digits outside, no binary floating point.

Market units are those in use since the metric system: 1 亩 = 10000/15 平方米, 1 里 = 500 米, 1 斤 = 500 克. Rounding is
declared, and is that of GB/T 8170 (half to even).

Units are read after NFKC (㎡ is m2), and in small or capital letters where that makes no other unit: KG is kg, but Mm
and Mg begin with mega, and are not mm and mg.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

_SIZES: Mapping[str, Mapping[str, Fraction]] = {
    "money": {
        "分": Fraction(1, 100), "角": Fraction(1, 10), "元": Fraction(1), "百元": Fraction(100), "千元": Fraction(1000),
        "万元": Fraction(10**4), "百万元": Fraction(10**6), "千万元": Fraction(10**7), "亿元": Fraction(10**8),
    },
    "area": {
        "平方厘米": Fraction(1, 10**4), "平方米": Fraction(1), "m2": Fraction(1), "公顷": Fraction(10**4),
        "ha": Fraction(10**4), "平方公里": Fraction(10**6), "平方千米": Fraction(10**6), "km2": Fraction(10**6),
        "亩": Fraction(10**4, 15), "分地": Fraction(10**3, 15), "顷": Fraction(10**6, 15),
        "万平方米": Fraction(10**4), "万亩": Fraction(10**8, 15),
    },
    "length": {
        "毫米": Fraction(1, 1000), "mm": Fraction(1, 1000), "厘米": Fraction(1, 100), "cm": Fraction(1, 100),
        "米": Fraction(1), "m": Fraction(1), "里": Fraction(500), "千米": Fraction(1000), "公里": Fraction(1000),
        "km": Fraction(1000),
    },
    "mass": {
        "克": Fraction(1, 1000), "g": Fraction(1, 1000), "两": Fraction(1, 20), "斤": Fraction(1, 2),
        "千克": Fraction(1), "公斤": Fraction(1), "kg": Fraction(1), "吨": Fraction(1000), "t": Fraction(1000),
    },
    "people": {"人": Fraction(1), "万人": Fraction(10**4)},
    "households": {"户": Fraction(1), "万户": Fraction(10**4)},
}  # fmt: skip
_DIMENSION = {unit: dimension for dimension, units in _SIZES.items() for unit in units}
_ONCE = {folded for folded, count in Counter(unit.casefold() for unit in _DIMENSION).items() if count == 1}
_FOLDED = {unit.casefold(): unit for unit in _DIMENSION if unit.casefold() in _ONCE}
_MEGA = re.compile(r"M[a-z]")
"""SI writes a million with M and a thousandth with m: with a small letter behind it, the capital was meant."""
_LONGEST = max(map(len, _DIMENSION))
"""Characters of a unit."""


class UnknownUnit(ValueError):
    """No such unit, or two that do not measure the same."""


class EndlessFraction(ValueError):
    """The result has no end as a decimal, and nothing says how many places to keep."""


def converter(
    unit: Mapping[str, Any],
    read: Callable[[object], Decimal],
    in_words: Callable[[object], Decimal | None] = lambda _: None,
) -> Callable[[object], Decimal]:
    """From a source's value to the number in the unit ``to``.

    Without ``from`` the value states its own unit (``12.5万元``).

    Args:
        unit: of the manifest: ``to``, and perhaps ``from`` and ``places``, which rounds half to even.
        read: a number without a unit.
        in_words: from a value that is an amount in words, which carries its unit (``叁万元整``), to 元; else None.

    Raises: UnknownUnit, EndlessFraction. The converter raises ValueError, also for an amount in words where the unit is
    declared to be another than 元: one of the two is wrong, and nothing tells which.
    """
    given, wanted, places = _known(unit.get("from")), _known(unit["to"]), unit.get("places")
    if wanted is None or ("from" in unit and (given is None or _DIMENSION[given] != _DIMENSION[wanted])):
        raise UnknownUnit
    sizes = _SIZES[_DIMENSION[wanted]]
    sources = [sizes[given]] if given is not None else list(sizes.values())
    if places is None and not all(_ends(size / sizes[wanted]) for size in sources):
        raise EndlessFraction

    def measured(value: object) -> Fraction:
        yuan = in_words(value)
        if yuan is not None:
            if given not in {None, "元"} or "元" not in sizes:
                raise ValueError("an amount of money, in another unit")
            return Fraction(yuan)
        if given is not None:
            return Fraction(read(value)) * sizes[given]
        return _self_stated(str(value), sizes, lambda text: read(text) if in_words(text) is None else None)

    return lambda value: _decimal(measured(value) / sizes[wanted], places)


def _known(written: object) -> str | None:
    """A unit as our table spells it; None where it has no such one."""
    text = unicodedata.normalize("NFKC", str(written)).strip()
    if text in _DIMENSION:
        return text
    return None if _MEGA.match(text) else _FOLDED.get(text.casefold())


def _self_stated(text: str, sizes: Mapping[str, Fraction], read: Callable[[str], Decimal | None]) -> Fraction:
    """A number and the unit behind it, the shortest first: what stands before 元 in 一亿二千万元 is one number, and the
    万 is a part of it. Raises: ValueError.
    """
    for before, unit in _split(unicodedata.normalize("NFKC", text).strip(), sizes):
        try:
            number = read(before)
        except ValueError:
            continue
        if number is not None:
            return Fraction(number) * sizes[unit]
    raise ValueError("it states no unit")


def _split(text: str, sizes: Mapping[str, Fraction]) -> Iterator[tuple[str, str]]:
    for length in range(1, min(_LONGEST, len(text) - 1) + 1):
        unit = _known(text[-length:])
        if unit is not None and unit in sizes and not text[-length].isspace():
            yield text[:-length].strip(), unit


def _ends(fraction: Fraction) -> bool:
    left = fraction.denominator
    for prime in (2, 5):
        while left % prime == 0:
            left //= prime
    return left == 1


def _decimal(exact: Fraction, places: int | None) -> Decimal:
    if places is not None:
        return Decimal(round(exact * 10**places)).scaleb(-places)  # Fraction rounds half to even, and exactly
    digits = 0
    while exact.denominator != 1 and digits < 60:
        exact, digits = exact * 10, digits + 1
    if exact.denominator != 1:
        raise ValueError("it has no end")
    return Decimal(exact.numerator).scaleb(-digits)
