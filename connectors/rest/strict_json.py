"""JSON with exactly one meaning, and with its numbers as written.

As strict as `kernel.canonical.decode` (RFC 8259 with the duties of RFC 7493), but fractions become `Decimal`: an amount
of money that a register wrote as 0.10 is not a binary float.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any, NoReturn

from connectors.base import Raw
from connectors.errors import SourceGarbled

_DEEPEST = 32
_ESCAPED_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_LONGEST_NUMBER = 60  # digits


def decode(data: bytes) -> Raw:
    """The value in a JSON text. Raises: SourceGarbled for anything else, duplicate keys and odd numbers included."""
    try:
        value: Raw = _DECODER.decode(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise SourceGarbled("json") from None
    if data.count(b"[") + data.count(b"{") >= _DEEPEST or _ESCAPED_SURROGATE.search(data):
        _check(value, _DEEPEST)  # only such texts can hold what it looks for
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("duplicate key")
    return members


def _integer(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError("number too long")
    return int(digits)


def _fraction(digits: str) -> Decimal:
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError("number too long")
    return Decimal(digits)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)  # NaN and the infinities are not JSON


def _check(value: Raw, levels: int) -> None:
    """Refuse what UTF-8 cannot hold (lone surrogates) and nesting deeper than any record."""
    if levels == 0:
        raise SourceGarbled("json-depth")
    if isinstance(value, str):
        if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            raise SourceGarbled("json-surrogate")
    elif isinstance(value, dict):
        for key, member in value.items():
            _check(key, levels)
            _check(member, levels - 1)
    elif isinstance(value, list):
        for member in value:
            _check(member, levels - 1)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_fraction, parse_constant=_no_constant
)
