"""The closed part of JSON Schema 2020-12 in which evidence types describe their records, compiled once into plain
checks.

Left out on purpose: ``pattern`` (a backtracking engine can be stalled by it), references, combinators and unnamed
properties. What is accepted here is also valid JSON Schema and means the same, with one addition: ``longTerm`` beside
``format: date`` allows the value 长期. Sources: JSON Schema 2020-12 Core §10, Validation §6 and §7.3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from kernel.canonical import JSON

LONG_TERM = "长期"
"""No expiry: a value of its own, not a far date."""

Check = Callable[[JSON], str | None]
"""None when the value conforms, otherwise the path of what does not (never the value): ``address.street`` or ``''``."""


def compile_record(schema: Mapping[str, JSON]) -> Check:
    """A check of whole records by the schema of an evidence type. The schema itself has been validated before."""
    return _object(schema)


def _compile(schema: Mapping[str, Any]) -> Check:
    own = _TYPES[schema["type"]](schema)
    allowed = frozenset((type(value), value) for value in schema["enum"]) if "enum" in schema else None
    if allowed is None:
        return own
    return lambda value: own(value) if isinstance(value, (str, int)) and (type(value), value) in allowed else ""


def _object(schema: Mapping[str, Any]) -> Check:
    properties = {name: _compile(member) for name, member in schema.get("properties", {}).items()}
    required: tuple[str, ...] = tuple(schema.get("required", ()))

    def check(value: JSON) -> str | None:
        if type(value) is not dict and not isinstance(value, Mapping):
            return ""
        for name in required:
            if name not in value:
                return name
        return _first_wrong(value, properties)

    return check


def _first_wrong(value: Mapping[str, JSON], properties: Mapping[str, Check]) -> str | None:
    for name, member in value.items():
        known = properties.get(name)
        if known is None:
            return "?"  # the name is the source's: it is not repeated
        wrong = known(member)
        if wrong is not None:
            return f"{name}.{wrong}" if wrong else name
    return None


def _array(schema: Mapping[str, Any]) -> Check:
    items = _compile(schema["items"]) if "items" in schema else _anything
    most = schema.get("maxItems", 1000)

    def check(value: JSON) -> str | None:
        if not isinstance(value, list) or len(value) > most:
            return ""
        return next((wrong for item in value if (wrong := items(item)) is not None), None)

    return check


def _anything(_value: JSON) -> str | None:
    return None


def _string(schema: Mapping[str, Any]) -> Check:
    least, most = schema.get("minLength", 0), schema.get("maxLength", 4000)
    well_formed = _FORMATS[schema.get("format", "")]
    long_term = bool(schema.get("longTerm"))

    def check(value: JSON) -> str | None:
        if not isinstance(value, str) or not least <= len(value) <= most:
            return ""
        return None if well_formed is None or well_formed(value) or (long_term and value == LONG_TERM) else ""

    return check


def _integer(schema: Mapping[str, Any]) -> Check:
    least, most = schema.get("minimum", -(2**53) + 1), schema.get("maximum", 2**53 - 1)
    return lambda value: None if type(value) is int and least <= value <= most else ""


def _boolean(_schema: Mapping[str, Any]) -> Check:
    return lambda value: None if isinstance(value, bool) else ""


def is_date(text: str) -> bool:
    """Whether this is a real day, written ``yyyy-mm-dd`` (RFC 3339 §5.6 full-date)."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _is_instant(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None and "T" in text
    except ValueError:
        return False


_TYPES: Mapping[str, Callable[[Mapping[str, Any]], Check]] = {
    "string": _string,
    "integer": _integer,
    "boolean": _boolean,
    "array": _array,
    "object": _object,
}
_FORMATS: Mapping[str, Callable[[str], bool] | None] = {"": None, "date": is_date, "date-time": _is_instant}
