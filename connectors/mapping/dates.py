"""Dates as sources write them, to ISO 8601 as we do.

A form is written with ``yyyy MM M dd d HH mm ss`` and literal characters in between: ``yyyyMMdd``, ``yyyy年MM月dd日``,
``yyyy/M/d``. Doubled letters want two digits, single ones take one or two. ``iso`` is ISO 8601 itself. Forms compile to
expressions without repetition, so reading takes time linear in the input (attack case K7).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta, timezone

from connectors.base import Raw

LONG_TERM = "长期"
"""No expiry: a value of its own, not a far date."""

CHINA = timezone(timedelta(hours=8))
"""Asia/Shanghai; the offset of every instant that a source writes without one."""

_LONG_TERM_WORDS = frozenset({"长期", "长期有效", "永久", "永久有效", "permanent"})
_TOKENS = {
    "yyyy": "(?P<year>[0-9]{4})",
    "MM": "(?P<month>[0-9]{2})",
    "M": "(?P<month>[0-9]{1,2})",
    "dd": "(?P<day>[0-9]{2})",
    "d": "(?P<day>[0-9]{1,2})",
    "HH": "(?P<hour>[0-9]{2})",
    "mm": "(?P<minute>[0-9]{2})",
    "ss": "(?P<second>[0-9]{2})",
}
_TOKEN = re.compile("yyyy|MM|M|dd|d|HH|mm|ss")
_LONGEST = 40
"""Characters; nothing longer is a date."""

Reader = Callable[[str], datetime | None]


def compile_form(form: str) -> Reader:
    """A function from text to the instant it writes, or None where the text has another form.

    Raises:
        ValueError: the form lacks year, month or day, or names a part twice.
    """
    if form == "iso":
        return _iso
    pattern, names, end = "", [], 0
    for token in _TOKEN.finditer(form):
        pattern += re.escape(form[end : token.start()]) + _TOKENS[token.group()]
        names.append(_TOKENS[token.group()].partition("<")[2].partition(">")[0])
        end = token.end()
    if len(set(names)) != len(names) or not {"year", "month", "day"} <= set(names):
        raise ValueError(form)
    return _reader(re.compile(pattern + re.escape(form[end:])))


def _reader(pattern: re.Pattern[str]) -> Reader:
    def read(text: str) -> datetime | None:
        match = pattern.fullmatch(text)
        if match is None:
            return None
        return datetime(tzinfo=CHINA, **{name: int(digits) for name, digits in match.groupdict().items()})

    return read


def _iso(text: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=CHINA)


class DateReader:
    """Reads an instant written in one of several declared forms.

    Raises ValueError (on reading) for what has none of the forms, or is no day of the calendar.
    """

    def __init__(self, forms: Sequence[str], long_term: Sequence[str] = ()) -> None:
        self._readers = [compile_form(form) for form in forms]
        self._long_term = _LONG_TERM_WORDS | {word.casefold() for word in long_term}

    def to_date(self, raw: Raw) -> str:
        """``2026-11-23``, or ``长期``. An instant with an offset is taken as the day it is in China."""
        return LONG_TERM if self._is_long_term(raw) else self.instant(raw).astimezone(CHINA).date().isoformat()

    def to_datetime(self, raw: Raw) -> str:
        """``2026-11-23T01:02:03Z``, or ``长期``."""
        return LONG_TERM if self._is_long_term(raw) else _utc(self.instant(raw))

    def instant(self, raw: Raw) -> datetime:
        """The instant as an aware datetime; a day alone is its first moment in China."""
        if isinstance(raw, datetime):
            return raw if raw.tzinfo else raw.replace(tzinfo=CHINA)
        if isinstance(raw, date):
            return datetime(raw.year, raw.month, raw.day, tzinfo=CHINA)
        return self._read(_text(raw))

    def _read(self, text: str) -> datetime:
        for read in self._readers:
            instant = read(text)
            if instant is not None:
                return instant
        raise ValueError("no such date")

    def _is_long_term(self, raw: Raw) -> bool:
        return isinstance(raw, str | int) and _text(raw).casefold() in self._long_term


def _text(raw: Raw) -> str:
    text = unicodedata.normalize("NFKC", str(raw)).strip()
    if len(text) > _LONGEST:
        raise ValueError("no such date")
    return text


def _utc(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
