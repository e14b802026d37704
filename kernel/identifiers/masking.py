"""Masking: the one function that shortens a value before it leaves, and the order of its strengths."""

from enum import StrEnum

from kernel.text import Text

STAR = "*"


class Mask(StrEnum):
    """How much of a value is released. CLEAR shows it whole; the others are described at their function."""

    CLEAR = "clear"
    NAME = "name"
    NUMBER = "number"
    PHONE = "phone"
    LAST4 = "last4"
    YEAR = "year"

    @property
    def text(self) -> Text:
        """What is left of a value, in words."""
        return _TEXTS[self]


_TEXTS = {
    Mask.CLEAR: Text("原样", "as it is"),
    Mask.NAME: Text("只留首字", "first character only"),
    Mask.NUMBER: Text("只留前四位和后四位", "first four and last four only"),
    Mask.PHONE: Text("只留前三位和后四位", "first three and last four only"),
    Mask.LAST4: Text("只留后四位", "last four only"),
    Mask.YEAR: Text("只留年份", "year only"),
}

# Two grants may ask for two masks of one field: the one that shows less wins. A total order keeps that decision
# independent of the order of the grants.
_STRENGTH = (Mask.CLEAR, Mask.NUMBER, Mask.PHONE, Mask.LAST4, Mask.YEAR, Mask.NAME)


def stronger(left: Mask, right: Mask) -> Mask:
    """The one of two masks that shows less."""
    return max(left, right, key=_STRENGTH.index)


def mask(kind: Mask, value: str) -> str:
    """`value` as `kind` allows it to be shown. Masks keep the length, except YEAR; all but CLEAR hide something.

    Applying a mask twice changes nothing more. A value too short for its mask is hidden whole.
    """
    return _MASKS[kind](value)


def _clear(value: str) -> str:
    return value


def _name(value: str) -> str:
    """The first character, however long the name is: 张**, 李*, 欧***. A name of one character is hidden."""
    return value[:1] + STAR * (len(value) - 1) if len(value) > 1 else STAR * len(value)


def _number(value: str) -> str:
    """First four and last four of an identity number: 5001**********0067."""
    return _ends(value, 4, 4)


def _phone(value: str) -> str:
    """First three and last four of a telephone number: 138****0000."""
    return _ends(value, 3, 4)


def _last4(value: str) -> str:
    return _ends(value, 0, 4)


def _year(value: str) -> str:
    """The year of an ISO date; anything that does not begin with a year is hidden whole."""
    year, rest = value[:4], value[4:5]
    return year if year.isascii() and year.isdigit() and len(year) == 4 and rest in {"", "-"} else STAR * len(value)


def _ends(value: str, head: int, tail: int) -> str:
    """`head` first and `tail` last characters, at least as many hidden between as shown at the longer end."""
    hidden = len(value) - head - tail
    if hidden < max(head, tail):
        return STAR * len(value)
    return value[:head] + STAR * hidden + value[len(value) - tail :]


_MASKS = {
    Mask.CLEAR: _clear,
    Mask.NAME: _name,
    Mask.NUMBER: _number,
    Mask.PHONE: _phone,
    Mask.LAST4: _last4,
    Mask.YEAR: _year,
}
