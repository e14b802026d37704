"""What is done to a value on its way from the source's form to ours. A step raises ValueError for what it cannot do.

Numbers never pass through binary floating point: fractions stay the decimal digits the source wrote.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

from connectors.base import Raw
from connectors.faults import fault
from connectors.mapping.dates import DateReader
from connectors.mapping.numbers import amount_in_words, number_reader
from connectors.mapping.units import EndlessFraction, UnknownUnit, converter
from kernel.identifiers import citizen_number, person_name, social_credit_code

Scalar: TypeAlias = bool | int | str | None
Step: TypeAlias = Callable[[Any], Scalar]


class UnknownCode(ValueError):
    """A code that its table does not have."""


_LARGEST_EXACT = 2**53 - 1
"""Beyond it a whole number is given as text, since JSON readers round it (RFC 8259 §6)."""


def scalar(raw: Raw) -> Scalar:
    """A single value as JSON holds it; blank text counts as no value."""
    if isinstance(raw, str):
        return raw.strip() or None
    if isinstance(raw, bool) or raw is None:
        return raw
    if isinstance(raw, int):
        return raw if abs(raw) <= _LARGEST_EXACT else str(raw)
    if isinstance(raw, Decimal):
        return _digits(raw)
    if isinstance(raw, datetime | date):
        return raw.isoformat()
    raise ValueError("not a single value")


def _digits(number: Decimal) -> str:
    if not number.is_finite() or abs(number.adjusted()) > 40:  # 1e999999 would write out a million zeros
        raise ValueError("not a number of record")
    return format(number, "f")


def _text(value: Scalar) -> Scalar:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _integer(value: Scalar) -> Scalar:
    if isinstance(value, bool):
        raise ValueError("not a number")
    number = _number(value)
    if number != number.to_integral_value() or abs(number) > _LARGEST_EXACT:
        raise ValueError("not a whole number")
    return int(number)


def _decimal(value: Scalar) -> Scalar:
    if isinstance(value, bool):
        raise ValueError("not a number")
    return _digits(_number(value))


def _number(value: Scalar) -> Decimal:
    text = str(value)
    if len(text) > 60 or not text.isascii() or "_" in text:
        raise ValueError("not a number")
    try:
        return Decimal(text)
    except ArithmeticError:
        raise ValueError("not a number") from None


def _boolean(value: Scalar) -> Scalar:
    if not isinstance(value, bool):
        raise ValueError("neither true nor false")
    return value


def _code(value: Scalar) -> Scalar:
    return unicodedata.normalize("NFKC", str(value)).strip().upper()


_TYPES: Mapping[str, Step] = {"text": _text, "integer": _integer, "decimal": _decimal, "boolean": _boolean}
_NORMALISED: Mapping[str, Step] = {
    "name": lambda value: person_name.normalise(str(value)),
    "code": _code,
    "citizen-number": lambda value: citizen_number.parse(str(value)).value,
}


def check(rule: Mapping[str, Any]) -> None:
    """Refuse steps that contradict each other, of which one would be ignored. Raises: ManifestFault."""
    dates = [key for key in ("date", "datetime") if key in rule]
    if dates and len(rule.keys() & {"date", "datetime", "codes", "type", "normalise", "number", "unit"}) > 1:
        raise fault(
            (dates[0],), "日期不能再译码、转换类型或规范化", "a date is not translated, typed or normalised as well"
        )
    for key, needed in (("otherwise", {"codes"}), ("long_term", {"date", "datetime"})):
        if key in rule and not rule.keys() & needed:
            listed = " / ".join(sorted(needed))
            raise fault((key,), f"只与 {listed} 连用", f"this goes with {listed} only")


def _normalised(how: str, recorded_codes: frozenset[str]) -> Step:
    if how != "social-credit-code":
        return _NORMALISED[how]
    return lambda value: social_credit_code.parse(str(value), recorded_exceptions=recorded_codes).value


def steps(
    rule: Mapping[str, Any], code_tables: Mapping[str, Mapping[str, Scalar]], recorded_codes: frozenset[str]
) -> tuple[Step, ...]:
    """The steps of a field's rule, in the order they are taken. Raises: ManifestFault."""
    taken: list[Step] = []
    if "normalise" in rule:
        taken.append(_normalised(rule["normalise"], recorded_codes))
    if "codes" in rule:
        taken.append(translation(table_of(rule["codes"], code_tables), rule))
    return (*taken, *typed(rule))


def typed(rule: Mapping[str, Any]) -> tuple[Step, ...]:
    """The last steps of a rule: a number in its form and unit, and the type. Raises: ManifestFault."""
    kind = rule.get("type")
    if not rule.keys() & {"number", "unit"}:
        return () if kind is None else (_TYPES[kind],)
    if kind in {"text", "boolean"}:
        raise fault(
            ("type",), "数与单位只能是 integer 或 decimal", "a number with a form or unit is integer or decimal"
        )
    number = _numbered(rule)
    return (lambda value: _integer(_digits(number(value))) if kind == "integer" else _digits(number(value)),)


def _numbered(rule: Mapping[str, Any]) -> Callable[[object], Decimal]:
    declared = rule.get("number", "plain")
    forms = declared if isinstance(declared, list) else [declared]
    try:
        read = number_reader(forms)
    except ValueError:
        raise fault(("number",), "grouped 与 comma 不能并用", "grouped and comma contradict each other") from None
    if "unit" not in rule:
        return read
    try:
        return converter(rule["unit"], read, *([amount_in_words] if "chinese" in forms else []))
    except UnknownUnit:
        raise fault(
            ("unit",), "单位未知，或两者不是同一种量", "an unknown unit, or two that measure different things"
        ) from None
    except EndlessFraction:
        raise fault(
            ("unit",),
            "换算结果除不尽，请写 places（保留几位小数）",
            "the result has no end: say how many places to keep",
        ) from None


def dated(rule: Mapping[str, Any]) -> Callable[[Raw], Scalar] | None:
    """How a rule's `date` or `datetime` is read; None where it has neither. Raises: ManifestFault."""
    if "date" in rule:
        return date_reader(rule, "date").to_date
    if "datetime" in rule:
        return date_reader(rule, "datetime").to_datetime
    return None


def date_reader(rule: Mapping[str, Any], key: str) -> DateReader:
    """The reader for the forms under `key`, one or several. Raises: ManifestFault."""
    forms = rule[key] if isinstance(rule[key], list) else [rule[key]]
    try:
        return DateReader(forms, rule.get("long_term", ()))
    except ValueError:
        raise fault(
            (key,),
            "日期格式须含年、月、日各一次，如 yyyyMMdd",
            "a date form names year, month and day once, as yyyyMMdd",
        ) from None


def table_of(codes: Any, code_tables: Mapping[str, Mapping[str, Scalar]]) -> Mapping[str, Scalar]:
    """The table that a rule writes out or names. Raises: ManifestFault."""
    if not isinstance(codes, str):
        table: Mapping[str, Scalar] = codes
        return table
    if codes not in code_tables:
        raise fault(("codes",), f"没有名为“{codes}”的代码表", f"there is no code table called “{codes}”")
    return code_tables[codes]


def translation(table: Mapping[str, Scalar], rule: Mapping[str, Any]) -> Step:
    """From a code to what it means by one table; a code that is not in it: ``otherwise``, or ValueError."""
    known = {_code(code): meaning for code, meaning in table.items()}

    def translate(value: Scalar) -> Scalar:
        code = str(_code(_text(value)))
        if code in known:
            return known[code]
        if "otherwise" in rule:
            meaning: Scalar = rule["otherwise"]
            return meaning
        raise UnknownCode

    return translate
