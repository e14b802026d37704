"""Codes of government service items: basic (12 digits), implementation (31) and business handling (33).

A basic code is 2 digits of region, 2 of item type, 5 of the main item (whose first 2 name the guiding department) and
3 of the sub-item. An implementation code puts the social credit code of the implementing body and its level before
it; a handling code puts two digits behind that.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from kernel.text import Text

from . import social_credit_code
from .codes import normal_form
from .errors import InvalidIdentifier

_SHAPE = re.compile(
    r"(?:(?P<organisation>[0-9A-Z]{18})(?P<level>[0-9]))?"
    r"(?P<region>[0-9]{2})(?P<kind>[0-9]{2})(?P<main>[0-9]{5})(?P<sub>[0-9]{3})"
    r"(?P<handling>[0-9]{2})?"
)
_LENGTHS = {12, 31, 33}


class Form(StrEnum):
    """Which of the three codes it is."""

    BASIC = "basic"
    IMPLEMENTATION = "implementation"
    HANDLING = "handling"


@dataclass(frozen=True, slots=True)
class ServiceItem:
    """A well-formed code and its parts; `organisation` and `level` are None in a basic code."""

    value: str
    form: Form
    organisation: str | None
    level: str | None
    region: str
    kind: str
    main: str
    sub: str
    handling: str | None

    @property
    def basic(self) -> str:
        """The 12 digits that are the same wherever the item is implemented."""
        return f"{self.region}{self.kind}{self.main}{self.sub}"


def parse(text: object) -> ServiceItem:
    """The code in `text`; raises InvalidIdentifier, also for a wrong social credit code inside."""
    code = normal_form(text)
    match = _SHAPE.fullmatch(code) if len(code) in _LENGTHS else None
    if match is None:
        raise InvalidIdentifier("service-item.malformed", _SHAPE_REASON)
    if match["organisation"] is not None:
        social_credit_code.parse(match["organisation"])
    return ServiceItem(value=code, form=_form(match), **match.groupdict())


def _form(match: re.Match[str]) -> Form:
    if match["organisation"] is None:
        return Form.BASIC
    return Form.IMPLEMENTATION if match["handling"] is None else Form.HANDLING


_SHAPE_REASON = Text(
    "政务服务事项编码应为12位基本编码、31位实施编码或33位业务办理项编码",
    "A service item code has 12 digits (basic), 31 characters (implementation) or 33 (business handling)",
)
