"""Names of people, for comparing. What a register wrote is kept as it is; only the compared form is normalised.

One name, family name first, never split: compound family names and names with a middle dot are one text.
"""

import re

from kernel.text import Text

from .errors import InvalidIdentifier

LONGEST_NAME = 50  # characters
MIDDLE_DOT = "\N{MIDDLE DOT}"

_DOT_VARIANTS = str.maketrans(
    dict.fromkeys(
        "\N{BULLET}\N{FULLWIDTH FULL STOP}\N{KATAKANA MIDDLE DOT}\N{HALFWIDTH KATAKANA MIDDLE DOT}"
        "\N{HYPHENATION POINT}\N{BULLET OPERATOR}\N{DOT OPERATOR}\N{ONE DOT LEADER}\N{GREEK ANO TELEIA}"
        "\N{LATIN LETTER SINOLOGICAL DOT}",
        MIDDLE_DOT,
    )
)
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff]")
_BLANKS = re.compile(r"\s+")
_BLANK_IN_CHINESE = re.compile(r"(?<=[^\x00-\u024f]) (?=[^\x00-\u024f])")
_DOT_IN_CHINESE = re.compile(r"(?<=[\u3400-\u9fff]) *\. *(?=[\u3400-\u9fff])")
_AROUND_DOT = re.compile(f" *{MIDDLE_DOT} *")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def normalise(name: str) -> str:
    """The form in which two spellings of one name are equal.

    Every variant of the middle dot becomes U+00B7; blanks around it, at the ends and between Chinese characters go
    (张 三 is 张三), a full stop between Chinese characters is a middle dot; in Latin names one blank stays.
    Characters themselves are never folded, not even as NFKC does: that could make two people one. Normalising twice
    changes nothing more.
    """
    text = _BLANKS.sub(" ", _INVISIBLE.sub("", name.translate(_DOT_VARIANTS))).strip()
    text = _DOT_IN_CHINESE.sub(MIDDLE_DOT, text)
    return _AROUND_DOT.sub(MIDDLE_DOT, _BLANK_IN_CHINESE.sub("", text))


def parse(name: object) -> str:
    """A name as somebody entered it, trimmed; raises InvalidIdentifier when empty, too long or with control codes."""
    if not isinstance(name, str) or not 0 < len(name.strip()) <= LONGEST_NAME or _CONTROL.search(name.strip()):
        raise InvalidIdentifier("person-name.malformed", _REASON)
    return name.strip()


_REASON = Text("姓名应为1至50个字符", "A name has 1 to 50 characters")
