"""The citizen identity number of GB 11643: division, birth day, serial number, check character.

The division is the one at the time of issue: it may have been abolished since, and the number stays valid for life.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from kernel.text import Text

from . import checksums
from .codes import normal_form
from .errors import InvalidIdentifier

_SHAPE = re.compile(r"[1-9][0-9]{16}[0-9X]")  # no division begins with 0
_FIRST_GENERATION = re.compile(r"[0-9]{15}")


class Sex(StrEnum):
    """As the serial number tells it: odd male, even female."""

    MALE = "male"
    FEMALE = "female"


@dataclass(frozen=True, slots=True)
class CitizenNumber:
    """A checked number. `repr` shows nothing of it: it is the person."""

    value: str = field(repr=False)
    division: str = field(repr=False)
    born: date = field(repr=False)
    sex: Sex = field(repr=False)


def parse(text: object) -> CitizenNumber:
    """The number in `text`, with x read as X; raises InvalidIdentifier and says which part is wrong."""
    code = normal_form(text)
    if _FIRST_GENERATION.fullmatch(code):
        raise InvalidIdentifier("citizen-number.first-generation", _FIRST_GENERATION_REASON)
    if not _SHAPE.fullmatch(code):
        raise InvalidIdentifier("citizen-number.malformed", _SHAPE_REASON)
    born = _birth_day(code[6:14])
    if checksums.citizen_number(code[:17]) != code[17]:
        raise InvalidIdentifier("citizen-number.check-character", _CHECK_REASON)
    return CitizenNumber(code, code[:6], born, Sex.MALE if int(code[16]) % 2 else Sex.FEMALE)


def compose(division: str, born: date, serial: int) -> CitizenNumber:
    """The number with the right check character, for synthetic people. Raises InvalidIdentifier.

    Only an unassigned division (500199) makes sure that nobody real has it. `serial` is 0 to 999, odd for men.
    """
    body = f"{division}{born:%Y%m%d}{serial:03d}"
    if not re.fullmatch(r"[0-9]{17}", body):
        raise InvalidIdentifier("citizen-number.malformed", _SHAPE_REASON)
    return parse(body + checksums.citizen_number(body))


def _birth_day(digits: str) -> date:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        raise InvalidIdentifier("citizen-number.birth-day", _BIRTH_DAY_REASON) from None


_SHAPE_REASON = Text(
    "公民身份号码应为18位：前6位是行政区划代码，其后11位是数字，最后一位是数字或X",
    "A citizen number has 18 characters: 6 of a division, 11 further digits, then a digit or X",
)
_FIRST_GENERATION_REASON = Text(
    "不接受15位号码，请使用18位公民身份号码",
    "A 15-digit number is not accepted: give the citizen number of 18 characters",
)
_BIRTH_DAY_REASON = Text(
    "公民身份号码中的出生日期不存在", "The birth day in the citizen number is not a day of the calendar"
)
_CHECK_REASON = Text(
    "公民身份号码的校验码不正确，请核对各位数字",
    "The check character of the citizen number is wrong: compare it digit by digit",
)
