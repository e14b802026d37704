"""Strict parsing of urlencoded parameters: each at most once, well-formed, UTF-8, without NUL."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote_plus

from kernel.problems import DUPLICATE_PARAMETER, MALFORMED_REQUEST, NUMBER_INVALID, Problem
from kernel.text import Text

MAX_PARAMETERS = 200

_NUMBER = re.compile("0|[1-9][0-9]{0,14}")
"""No longer than every reader of JSON keeps exactly (RFC 8259 §6), and written in one way."""
_NOT_PLAIN = re.compile(r"[%+\0]")
_BAD_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_BAD_ENCODING = Text("参数的百分号编码有误，或不是 UTF-8。", "A parameter is not percent-encoded UTF-8.")
_BACKWARDS = Text("from 不得大于 to。", "from must not be greater than to.")
_TOO_MANY = Text("参数太多。", "There are too many parameters.")


def parse(encoded: str) -> dict[str, str]:
    """Parameters of a query or form body, by name; an empty value is kept as ''.

    Raises Problem: request.duplicate-parameter (RFC 6749 §3.1: at most once), request.malformed.
    """
    if not encoded:
        return {}
    pairs = [pair for pair in encoded.split("&") if pair]
    if len(pairs) > MAX_PARAMETERS:
        raise Problem(MALFORMED_REQUEST, detail=_TOO_MANY)
    written_plainly = not _NOT_PLAIN.search(encoded)  # most forms: looked at once, not piece by piece
    found: dict[str, str] = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        if not written_plainly:
            name, value = decoded(name), decoded(value)
        if name in found:
            raise Problem(DUPLICATE_PARAMETER)
        found[name] = value
    return found


def whole_number(parameters: Mapping[str, str], name: str) -> int:
    """A number that has to be there, from 0 to 15 digits. Raises Problem: request.number-invalid, which names it."""
    text = parameters.get(name)
    if text is None:
        missing = Text(f"缺少参数 {name}。", f"The parameter {name} is missing.")
        raise Problem(NUMBER_INVALID, detail=missing, members={"parameter": name})
    if _NUMBER.fullmatch(text) is None:
        wrong = Text(f"参数 {name} 不是这样的整数。", f"The parameter {name} is no such number.")
        raise Problem(NUMBER_INVALID, detail=wrong, members={"parameter": name})
    return int(text)


def from_to(parameters: Mapping[str, str]) -> tuple[int, int]:
    """The numbers ``from`` and ``to``, in this order. Raises Problem: request.number-invalid, request.malformed."""
    old, new = whole_number(parameters, "from"), whole_number(parameters, "to")
    if old > new:
        raise Problem(MALFORMED_REQUEST, detail=_BACKWARDS)
    return old, new


def decoded(text: str) -> str:
    """One percent-encoded piece as text. Raises Problem: request.malformed."""
    if "%" not in text:
        plain = text.replace("+", " ")
    elif _BAD_PERCENT.search(text):
        raise Problem(MALFORMED_REQUEST, detail=_BAD_ENCODING)
    else:
        plain = _unquoted(text)
    if "\0" in plain:
        raise Problem(MALFORMED_REQUEST, detail=_BAD_ENCODING)
    return plain


def _unquoted(text: str) -> str:
    try:
        return unquote_plus(text, errors="strict")
    except UnicodeDecodeError:
        raise Problem(MALFORMED_REQUEST, detail=_BAD_ENCODING) from None
