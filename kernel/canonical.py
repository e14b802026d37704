"""One byte form for one value: the JSON Canonicalization Scheme (RFC 8785), and a reader that refuses ambiguity.

Our profile has no floating-point numbers and no integers beyond 2^53 - 1 (RFC 7493 §2.2), which removes the only part
of RFC 8785 that differs between implementations. What is hashed, signed or compared byte by byte is written by
``encode``; what strangers send is read by ``decode``.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn, TypeAlias

import orjson

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"

_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_FAST = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
_ALWAYS_ALLOWED = frozenset({str, int, bool, type(None)})
"""Most members are of these types, and need no look: whether an integer is too large, orjson says."""
_IN_GIVEN_ORDER = orjson.OPT_STRICT_INTEGER


class MalformedJson(ValueError):
    """The text is not the JSON we accept; the message says why and repeats nothing of the text."""


class NotCanonical(TypeError):
    """The value has no canonical form in our profile: a float, a huge integer, a key that is no string, …"""


def encode(value: object) -> bytes:
    """The canonical bytes of a JSON value (RFC 8785): sorted keys, UTF-8, no spaces.

    Tuples count as arrays. Raises NotCanonical for floats, integers beyond ±(2^53 - 1), lone surrogates, keys that are
    not strings, and anything that is not JSON.
    """
    astral = _has_astral_key(value)
    try:
        if astral:
            return orjson.dumps(_sorted_by_utf16(value), option=_IN_GIVEN_ORDER)
        return orjson.dumps(value, option=_FAST)
    except orjson.JSONEncodeError as error:
        raise NotCanonical(str(error)) from None


def _has_astral_key(value: object) -> bool:
    """Look at every value once: refuse what is outside the profile, and notice keys beyond the BMP.

    Code-point order (the fast path's) and UTF-16 order (RFC 8785 §3.2.3) differ only where such a key takes part.
    """
    if isinstance(value, dict):
        astral = False
        for key, member in value.items():
            if not isinstance(key, str):
                raise NotCanonical("a key is not a string")
            if not key.isascii() and max(key) > "\uffff":
                astral = True
            if type(member) not in _ALWAYS_ALLOWED:
                astral |= _has_astral_key(member)
        return astral
    if isinstance(value, (list, tuple)):
        # Not any(): every element must be looked at, not only those before the first hit.
        return bool(sum([_has_astral_key(element) for element in value if type(element) not in _ALWAYS_ALLOWED]))
    if value is None or isinstance(value, (str, int)):
        return False
    raise NotCanonical(f"{type(value).__name__} has no canonical form")


def _sorted_by_utf16(value: object) -> object:
    if isinstance(value, dict):
        return {key: _sorted_by_utf16(value[key]) for key in sorted(value, key=_utf16)}
    if isinstance(value, (list, tuple)):
        return [_sorted_by_utf16(element) for element in value]
    return value


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")


def decode(data: bytes | str, *, max_bytes: int = 1 << 20, max_depth: int = 32) -> JSON:
    """Read JSON that has exactly one meaning (RFC 8259 with the duties of RFC 7493).

    Refuses duplicate keys, NaN and infinities, lone surrogates, a byte order mark, trailing data, more than
    ``max_bytes`` bytes and more than ``max_depth`` levels. Raises MalformedJson.
    """
    text = _text_of(data, max_bytes)
    try:
        value: JSON = _DECODER.decode(text)
    except RecursionError:
        raise MalformedJson("nested too deeply") from None
    except MalformedJson:
        raise
    except ValueError as error:  # also a number of more digits than the interpreter converts
        raise MalformedJson(getattr(error, "msg", "not JSON")) from None
    if text.count("[") + text.count("{") > max_depth:
        _check_depth(value, max_depth)
    if _ESCAPED_SURROGATE.search(text):
        _check_surrogates(value)
    return value


def _text_of(data: bytes | str, max_bytes: int) -> str:
    try:
        raw = data if isinstance(data, bytes) else data.encode()
        if len(raw) > max_bytes:
            raise MalformedJson(f"longer than {max_bytes} bytes")
        return raw.decode() if isinstance(data, bytes) else data
    except UnicodeError:
        raise MalformedJson("not UTF-8") from None


def _check_depth(value: JSON, left: int) -> None:
    if isinstance(value, (dict, list)):
        if left == 0:
            raise MalformedJson("nested too deeply")
        for member in value.values() if isinstance(value, dict) else value:
            _check_depth(member, left - 1)


def _check_surrogates(value: JSON) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeError:
        raise MalformedJson("half of a surrogate pair") from None


def _object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedJson("a key stands twice in one object")
    return members


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise MalformedJson("a number beyond what a double can hold")
    return number


def _refuse_constant(_name: str) -> NoReturn:
    raise MalformedJson("NaN and infinities are not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_object_of, parse_float=_finite, parse_constant=_refuse_constant)
