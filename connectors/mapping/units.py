"""Units as registers use them, converted exactly: fractions inside, decimal digits outside, no binary floating point.

Market units are those in use since the metric system: 1 亩 = 10000/15 平方米, 1 里 = 500 米, 1 斤 = 500 克. Rounding is
declared, and is that of GB/T 8170 (half to even).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
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


class UnknownUnit(ValueError):
    """No such unit, or two that do not measure the same."""


class EndlessFraction(ValueError):
    """The result has no end as a decimal, and nothing says how many places to keep."""


def converter(unit: Mapping[str, Any], read: Callable[[object], Decimal]) -> Callable[[object], Decimal]:
    """From a source's value to the number in the unit ``to``.

    Without ``from`` the value states its own unit (``12.5万元``). ``places`` rounds, half to even.

    Raises: UnknownUnit, EndlessFraction. The converter raises ValueError.
    """
    given, wanted, places = unit.get("from"), unit["to"], unit.get("places")
    if wanted not in _DIMENSION or (given is not None and _DIMENSION.get(given) != _DIMENSION[wanted]):
        raise UnknownUnit
    sizes = _SIZES[_DIMENSION[wanted]]
    sources = [sizes[given]] if given is not None else list(sizes.values())
    if places is None and not all(_ends(size / sizes[wanted]) for size in sources):
        raise EndlessFraction

    def convert(value: object) -> Decimal:
        number, of = (value, given) if given is not None else _split(str(value), sizes)
        return _decimal(Fraction(read(number)) * sizes[of] / sizes[wanted], places)

    return convert


def _split(text: str, sizes: Mapping[str, Fraction]) -> tuple[str, str]:
    for unit in sorted(sizes, key=len, reverse=True):
        if text.endswith(unit):
            return text.removesuffix(unit).strip(), unit
    raise ValueError("it states no unit")


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
