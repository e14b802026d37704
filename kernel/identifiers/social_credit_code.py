"""The unified social credit code of GB 32100-2015: registrar, kind, division, organisation code, check character."""

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from kernel.text import Text

from . import checksums
from .codes import normal_form
from .errors import InvalidIdentifier

_ALPHABET = "[0-9A-HJ-NPQRTUWXY]"
# No division begins with 0; without this rule eighteen zeros, a usual placeholder, would pass.
_SHAPE = re.compile(f"{_ALPHABET}{{2}}[1-9][0-9]{{5}}{_ALPHABET}{{10}}")
_BODY = re.compile(f"{_ALPHABET}{{2}}[1-9][0-9]{{5}}{_ALPHABET}{{8}}")
NO_EXCEPTIONS: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SocialCreditCode:
    """A code whose check character is right, or which is a recorded exception (`exceptional`).

    `repr` hides it: the code of a one-person business leads to that person.
    """

    value: str = field(repr=False)
    registrar: str
    kind: str
    division: str
    organisation_code: str = field(repr=False)
    exceptional: bool = False


def parse(text: object, *, recorded_exceptions: AbstractSet[str] = NO_EXCEPTIONS) -> SocialCreditCode:
    """The code in `text`; raises InvalidIdentifier.

    A few codes were issued with a wrong check character. Pass those that are on record as `recorded_exceptions` when
    looking something up, so that their holders are found; never when a code is registered for the first time.
    """
    code = normal_form(text)
    if not _SHAPE.fullmatch(code):
        raise InvalidIdentifier("social-credit-code.malformed", _SHAPE_REASON)
    exceptional = checksums.credit_code(code[:17]) != code[17]
    if exceptional and code not in recorded_exceptions:
        raise InvalidIdentifier("social-credit-code.check-character", _CHECK_REASON)
    return SocialCreditCode(code, code[0], code[1], code[2:8], code[8:17], exceptional)


def compose(registrar_and_kind: str, division: str, body: str) -> SocialCreditCode:
    """The code with both check characters right, for synthetic organisations. Raises InvalidIdentifier.

    `body` is the 8 characters of the organisation code before its own check character, such as `DEM00001`.
    """
    start = f"{registrar_and_kind}{division}{body}"
    if not _BODY.fullmatch(start):
        raise InvalidIdentifier("social-credit-code.malformed", _SHAPE_REASON)
    start += checksums.organisation_code(body)
    return parse(start + checksums.credit_code(start))


_SHAPE_REASON = Text(
    "统一社会信用代码应为18位数字或大写字母（不使用I、O、S、V、Z），第3至8位是行政区划代码",
    "A unified social credit code has 18 digits or capital letters without I, O, S, V and Z; "
    "characters 3 to 8 are the code of a division",
)
_CHECK_REASON = Text(
    "统一社会信用代码的校验码不正确，请核对各位字符",
    "The check character of the unified social credit code is wrong: compare it character by character",
)
