"""Values that are told again wherever they come to light: each leaf of a record has characters that nothing else has.

A text canary is made of characters of CJK Extension A (U+3400 to U+4DBF), each issued once, so that a single character
too many gives a value away; the others are days of years to come and whole numbers of fifteen digits.
"""

from __future__ import annotations

import base64
import html
import re
from datetime import date, timedelta
from functools import lru_cache
from urllib.parse import unquote

_FIRST, _LAST = 0x3400, 0x4DBF
_LETTERS = re.compile("[\u3400-\u4dbf]")
_DIGITS = re.compile(r"\d[\d-]{6,}\d", re.ASCII)  # a third of the time that all of Unicode's digits take
_FIRST_DAY = date(3000, 1, 1)
_PACKED = re.compile(r"[A-Za-z0-9+/_-]{12,}")
_ESCAPED = re.compile(r"\\+u([0-9A-Fa-f]{4})")
_URL_SAFE = str.maketrans("-_", "+/")
_DEEPEST = 3


class Canaries:
    """Issues canaries, none twice. ``first`` leaves as many characters to somebody else's."""

    def __init__(self, first: int = 0) -> None:
        self._letters = _FIRST + first
        self._others = first
        self._issued: set[str] = set()

    def word(self, length: int) -> str:
        """A text of so many characters."""
        made = "".join(map(chr, range(self._letters, self._letters + length)))
        self._letters += length
        assert self._letters <= _LAST
        return made

    def number(self) -> int:
        """A whole number that JSON readers do not round."""
        self._others += 1
        made = 880_000_000_000_000 + self._others * 1_234_567
        self._issued.add(str(made))
        return made

    def day(self) -> date:
        """A day of the third millennium or later."""
        self._others += 1
        made = _FIRST_DAY + timedelta(self._others * 31)
        self._issued |= {made.isoformat(), made.isoformat().replace("-", "")}
        return made

    def within(self, text: str) -> set[str]:
        """Every piece of a canary in a text, however it is written there: as it is, escaped or packed."""
        found = self.plainly_within(text)
        for each in spellings(text, _DEEPEST):
            found |= self.plainly_within(each)
        return found

    def plainly_within(self, text: str) -> set[str]:
        """The same of a text that hides nothing."""
        found = self._issued.intersection(_DIGITS.findall(text)) if self._issued else set()
        return found if text.isascii() else found.union(_LETTERS.findall(text))


def spellings(text: str, depth: int) -> list[str]:
    """What a text holds in JSON or percent escapes, as entities, in base64 or in hexadecimal digits."""
    found = _unpacked(text)
    return found + [deeper for one in found for deeper in spellings(one, depth - 1)] if depth else []


def _unpacked(text: str) -> list[str]:
    found = [plain for word in _PACKED.findall(text) for plain in _plain(word)]
    if "\\u" in text:
        found.append(_ESCAPED.sub(lambda match: chr(int(match[1], 16)), text))
    if "\\xe3" in text or "\\xe4" in text:  # what a canary's bytes begin with
        found.append(re.sub(r"(?:\\+x[0-9a-f]{2})+", _bytes_written_out, text))
    if "%E" in text or "%e" in text:
        found.append(unquote(text))
    return [*found, html.unescape(text)] if "&#" in text else found


def _bytes_written_out(match: re.Match[str]) -> str:
    return bytes.fromhex(re.sub(r"\\+x", "", match[0])).decode("utf-8", "replace")


@lru_cache(maxsize=10_000)  # most words stand in every answer
def _plain(word: str) -> tuple[str, ...]:
    """What a word says as base64 and as hexadecimal digits, where that is text."""
    found = []
    for read in (_base64, bytes.fromhex):
        try:
            found.append(read(word).decode())
        except ValueError:
            continue
    return tuple(found)


def _base64(word: str) -> bytes:
    return base64.b64decode(word.translate(_URL_SAFE) + "=" * (-len(word) % 4))
