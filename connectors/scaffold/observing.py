"""What the values of a column have in common. The values themselves are forgotten, but for codes that cannot be data of
anybody: few, short, each standing often.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from connectors.base import Raw
from connectors.mapping.dates import compile_form
from kernel.identifiers import citizen_number, social_credit_code
from kernel.identifiers.errors import InvalidIdentifier

FORMS = (
    "yyyyMMdd", "yyyy-MM-dd", "yyyy/M/d", "yyyy.M.d", "yyyy年M月d日", "yyyyMMddHHmmss", "yyyy-MM-dd HH:mm:ss",
    "yyyy/M/d HH:mm:ss", "iso",
)  # fmt: skip
"""The date forms that are looked for; the first that fits wins."""
FEW, OFTEN, SHORT = 12, 3, 6
"""Codes: two to so many different ones, each standing so many times, of so many characters."""
_LONG_TERM = frozenset({"长期", "长期有效", "永久", "永久有效"})
_GROUPED = re.compile(r"-?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_YEARS = range(1880, 2200)


@dataclass(frozen=True, slots=True)
class Seen:
    """The form of a column's values.

    Attributes:
        subject: ``citizen-number`` or ``social-credit-code`` where nearly all are that; otherwise "".
        forms: date forms that all of them have, one or several; empty where they are no dates.
        codes: the codes, where the column holds codes.
        grouped: whether numbers are written with thousands separators.
        always: whether none was missing.
    """

    subject: str = ""
    forms: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    grouped: bool = False
    always: bool = False


NOTHING_SEEN = Seen()


def observe(values: Iterable[Raw]) -> Seen:
    """The form of these values."""
    every = list(values)
    texts = [text for value in every if (text := _text(value))]
    if not texts:
        return Seen()
    subject = _subject(texts)
    forms = () if subject else _forms(texts)
    return Seen(
        subject=subject,
        forms=forms,
        codes=() if subject or forms else _codes(texts),
        grouped=all(_GROUPED.fullmatch(text) or text.replace(".", "", 1).isdigit() for text in texts)
        and any("," in text for text in texts),
        always=len(texts) == len(every),
    )


def _text(value: Raw) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value).strip() if isinstance(value, str | int | Decimal) and not isinstance(value, bool) else ""


def _subject(texts: Sequence[str]) -> str:
    for name, parse in (("citizen-number", citizen_number.parse), ("social-credit-code", social_credit_code.parse)):
        if sum(_is(parse, text) for text in texts) >= 0.8 * len(texts):
            return name
    return ""


def _is(parse: object, text: str) -> bool:
    try:
        assert callable(parse)
        parse(text)
    except InvalidIdentifier:
        return False
    return True


def _forms(texts: Sequence[str]) -> tuple[str, ...]:
    """The fewest of the known forms that read every text, in their order; a word for no expiry is no date."""
    left = {text for text in texts if text not in _LONG_TERM}
    found: list[str] = []
    for form in FORMS if left else ():
        read = compile_form(form)
        fits = {text for text in left if _reads(read, text)}
        if fits:
            found.append(form)
            left -= fits
    return tuple(found) if not left and len(found) <= 3 else ()


def _reads(read: object, text: str) -> bool:
    try:
        assert callable(read)
        instant = read(text)
    except ValueError:
        return False
    return instant is not None and instant.year in _YEARS


def _codes(texts: Sequence[str]) -> tuple[str, ...]:
    counted = Counter(texts)
    if not 2 <= len(counted) <= FEW or min(counted.values()) < OFTEN or len(texts) < 2 * len(counted) * OFTEN:
        return ()
    return tuple(sorted(counted)) if all(len(text) <= SHORT for text in counted) else ()
