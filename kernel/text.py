"""Every sentence a person reads exists twice, Chinese beside English, so that neither can be forgotten (ADR 0003)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

Language = Literal["zh", "en"]

_LONGEST_HEADER = 1000
"""Characters of Accept-Language that are looked at; browsers send fewer than 200."""


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in both languages."""

    zh: str
    en: str

    def in_(self, language: str) -> str:
        """The sentence in ``language`` (``zh`` or ``en``; anything else reads Chinese, the default)."""
        return self.en if language == "en" else self.zh

    def members(self) -> dict[str, Any]:
        """Both languages as a JSON object."""
        return {"zh": self.zh, "en": self.en}


def negotiate(accept_language: str | None) -> Language:
    """The language a reader prefers of the two we speak (RFC 9110 §12.5.4); Chinese when nothing was said."""
    return _preferred(accept_language[:_LONGEST_HEADER]) if accept_language else "zh"


@lru_cache(maxsize=256)  # browsers send few different ones, and clients the same one always
def _preferred(accept_language: str) -> Language:
    best: Language = "zh"
    best_quality = 0.0
    for entry in accept_language.split(","):
        language, quality = _preference(entry)
        if language is not None and quality > best_quality:
            best, best_quality = language, quality
    return best


def _preference(entry: str) -> tuple[Language | None, float]:
    tag, _, parameter = entry.partition(";")
    return _language_of(tag.strip().lower()), _quality_of(parameter.strip())


def _language_of(tag: str) -> Language | None:
    primary = tag.partition("-")[0]
    if primary == "en":
        return "en"
    return "zh" if primary in {"zh", "*"} else None


def _quality_of(parameter: str) -> float:
    if not parameter.startswith("q="):
        return 1.0
    digits = parameter[2:]
    return float(digits) if digits.replace(".", "", 1).isdecimal() and digits.isascii() else 0.0
