"""The last line before the log: a leaf is for ever, so what looks like a citizen number never becomes part of one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from kernel.identifiers import citizen_number, social_credit_code
from kernel.identifiers.errors import InvalidIdentifier

_BEGINNING = re.compile(rb"[1-8][0-9]{5}(?:18|19|20)")
"""Division and century: a quick look that rules out nearly everything."""
_NUMBER = re.compile(
    r"(?<![0-9A-Za-z])[1-8]\d{5}(?:18|19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![0-9A-Za-z])"
)
"""GB 11643 by its look: division, a day of birth, serial, check character. A wrong check character is no excuse."""

_COMPANY = re.compile(r"[1-9][1-9][1-8]")
"""GB 32100: registrar, kind, and the first digit of a province; none of them is 0."""


def holds_citizen_number(text: bytes) -> bool:
    """Whether a UTF-8 text holds what looks like one, full-width digits included."""
    if text.isascii():
        return bool(_BEGINNING.search(text)) and _holds(text.decode())
    return _holds(unicodedata.normalize("NFKC", text.decode()))


def _holds(text: str) -> bool:
    return any(not _names_a_company(match.group()) for match in _NUMBER.finditer(text))


def _names_a_company(code: str) -> bool:
    """A social credit code of digits alone can look like a citizen number; the two check characters tell them apart.

    A mistyped number passes for a code once in 31 times at most: its prefecture, where a code has the province, begins
    with 0 nearly always.
    """
    return (
        bool(_COMPANY.match(code))
        and _is_valid(social_credit_code.parse, code)
        and not _is_valid(citizen_number.parse, code)
    )


def _is_valid(parse: Callable[[object], object], code: str) -> bool:
    try:
        parse(code)
    except InvalidIdentifier:
        return False
    return True
