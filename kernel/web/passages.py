"""Chinese names and records on a page in English carry their language (WCAG 2.2 3.1.2), wherever they stand.

What people are called, what they wrote and what registers hold has but one language. A voice that reads English says
nothing at Chinese characters; one that is told of the change reads them out, and the browser takes a Chinese face.
"""

from __future__ import annotations

import re

_HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_PUNCTUATION = "\u3000-\u303f\uff01-\uff60·*"
_PASSAGE = f"[（《“「【]?[{_HAN}](?:[{_HAN}{_PUNCTUATION}0-9 ]*[{_HAN}{_PUNCTUATION}])?"
_ATTRIBUTES = r"""(?:"[^"]*"|'[^']*'|[^'">])*"""
_HELD = "option|textarea"
"""Elements that hold text alone, and can carry its language themselves."""
_SILENT = "title|script|style"
"""Elements that hold text alone, of which no part has a language of its own."""
_PIECES = re.compile(
    rf"<(?P<silent>{_SILENT})\b{_ATTRIBUTES}>.*?</(?P=silent)>"
    rf"|(?P<opens><(?P<held>{_HELD})\b{_ATTRIBUTES})(?P<holds>>[^<]*</(?P=held)>)"
    rf"|(?P<tag><!--.*?-->|</?[a-zA-Z]{_ATTRIBUTES}>)"
    rf"|(?P<passage>{_PASSAGE})",
    re.DOTALL,
)
_CHINESE = re.compile(f"[{_HAN}]")
_LANGUAGE = ' lang="zh"'
_SAID = re.compile(r"\slang=")


def with_languages(page: str) -> str:
    """`page`, a whole document in English that our templates made, with its Chinese passages marked as such.

    What a template marked itself stays as it is; attributes and the title can carry no other language than the page's.
    """
    before = ""

    def marked(piece: re.Match[str]) -> str:
        nonlocal before
        whole = piece[0]
        if piece["passage"]:
            return whole if _SAID.search(before) else f"<span{_LANGUAGE}>{whole}</span>"
        before = piece["tag"] or ""
        if piece["holds"] and _CHINESE.search(piece["holds"]) and not _SAID.search(piece["opens"]):
            return f"{piece['opens']}{_LANGUAGE}{piece['holds']}"
        return whole

    return _PIECES.sub(marked, page)
