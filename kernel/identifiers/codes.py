"""Codes as people type them, brought to their one spelling before anything is checked or compared."""

import unicodedata

from kernel.text import Text

from .errors import InvalidIdentifier

LONGEST_CODE = 128  # characters; the longest identifier here has fewer than 80


def normal_form(text: object) -> str:
    """Trimmed, NFKC (full-width becomes ASCII), capitals. Raises InvalidIdentifier unless that is ASCII text.

    Digits of other scripts stay what they are under NFKC, and are refused.
    """
    if not isinstance(text, str) or len(text) > LONGEST_CODE:
        raise InvalidIdentifier(
            "identifier.malformed", Text("编码不是有效的文本", "The code is not a text of plausible length")
        )
    code = unicodedata.normalize("NFKC", text).strip().upper()
    if not code.isascii():
        raise InvalidIdentifier(
            "identifier.malformed", Text("编码只能包含数字和拉丁字母", "A code has only digits and Latin letters")
        )
    return code
