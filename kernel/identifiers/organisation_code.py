"""The organisation code of GB 11714; its nine characters are also characters 9 to 17 of a social credit code."""

import re
from dataclasses import dataclass

from kernel.text import Text

from . import checksums
from .codes import normal_form
from .errors import InvalidIdentifier

_SHAPE = re.compile(r"([0-9A-Z]{8})-?([0-9X])")


@dataclass(frozen=True, slots=True)
class OrganisationCode:
    """A checked code, written without its hyphen."""

    value: str


def parse(text: object) -> OrganisationCode:
    """The code in `text`, with or without the hyphen before its check character; raises InvalidIdentifier."""
    match = _SHAPE.fullmatch(normal_form(text))
    if match is None:
        raise InvalidIdentifier("organisation-code.malformed", _SHAPE_REASON)
    body, check = match.groups()
    if checksums.organisation_code(body) != check:
        raise InvalidIdentifier("organisation-code.check-character", _CHECK_REASON)
    return OrganisationCode(body + check)


_SHAPE_REASON = Text(
    "组织机构代码应为8位数字或大写字母加1位校验码",
    "An organisation code has 8 digits or capital letters and a check character",
)
_CHECK_REASON = Text("组织机构代码的校验码不正确", "The check character of the organisation code is wrong")
