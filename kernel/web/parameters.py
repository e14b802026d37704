"""Strict parsing of urlencoded parameters: each at most once, well-formed, UTF-8, without NUL."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

from kernel.problems import DUPLICATE_PARAMETER, MALFORMED_REQUEST, Problem
from kernel.text import Text

MAX_PARAMETERS = 200

_BAD_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_BAD_ENCODING = Text("参数的百分号编码有误，或不是 UTF-8。", "A parameter is not percent-encoded UTF-8.")
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
    found: dict[str, str] = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        name = decoded(name)
        if name in found:
            raise Problem(DUPLICATE_PARAMETER)
        found[name] = decoded(value)
    return found


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
