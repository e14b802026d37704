"""How many of anything stand on a page, and from where on: one bound for every list, and its parameters in words."""

from __future__ import annotations

from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from kernel.web.routes import Parameter

USUAL_PAGE, MOST_ON_A_PAGE = 50, 200
LIMIT = Parameter("limit", Text(f"每页条数，1 至 {MOST_ON_A_PAGE}", f"entries on a page, 1 to {MOST_ON_A_PAGE}"))
BEFORE = Parameter("before", Text("上一页的 next", "the next of the page before"))
AFTER = Parameter("after", BEFORE.description)

_MOST_DIGITS = len(str(MOST_ON_A_PAGE))
_MOST_DIGITS_OF_A_PLACE = 15
_BAD_PLACE = Text("before 应为上一页的 next", "before is the next of the page before: a whole number")
_BAD_PAGE = Text(f"limit 应为 1 至 {MOST_ON_A_PAGE}", f"limit is a whole number from 1 to {MOST_ON_A_PAGE}")


def page_size(text: str | None) -> int:
    """Entries on a page, from the parameter ``limit``; the very number that is used is the one that was bounded.

    Raises Problem (request.invalid).
    """
    if text is None:
        return USUAL_PAGE
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS and 1 <= int(text) <= MOST_ON_A_PAGE):
        raise Problem(INVALID_BODY, detail=_BAD_PAGE)
    return int(text)


def is_place(text: str) -> bool:
    """Whether it is the number of something in a queue or log: plain digits, few enough to be read as a number."""
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS_OF_A_PLACE


def place_before(text: str | None) -> int | None:
    """Before which numbered entry a page begins, from the parameter ``before``; None for the newest.

    Raises Problem (request.invalid).
    """
    if text is None:
        return None
    if not is_place(text):
        raise Problem(INVALID_BODY, detail=_BAD_PLACE)
    return int(text)
