"""Texts of a manifest with places for what is looked up: ``{subject}``, ``{scheme}``, or a parameter's name.

What is put in is data: it is put into values (of a column, a header, a JSON member, one URL segment), never into a
statement, and each user encodes it for its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from connectors.base import Query
from connectors.errors import SourceMisconfigured

Template = Callable[[Query], str]

PLACE = re.compile(r"\{([a-z][a-z0-9_]{0,63})\}")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_LONGEST = 256


def template(text: str, encode: Callable[[str], str] = str) -> Template:
    """A function that fills the places of a text, each value encoded. A missing parameter: SourceMisconfigured."""
    pieces = PLACE.split(text)
    if len(pieces) == 1:
        return lambda _: text
    if pieces == ["", "subject", ""]:
        return lambda query: encode(query.subject.value)
    return lambda query: "".join(
        encode(_value(piece, query)) if index % 2 else piece for index, piece in enumerate(pieces)
    )


def mentions(text: str, name: str) -> bool:
    """Whether a text has a place for this name."""
    return name in PLACE.findall(text)


def askable(query: Query) -> bool:
    """Whether any register could hold these values: text of 1 to 256 characters, without control
    characters and without blanks at its ends.

    What is not askable is not there. Adapters are spared the characters that databases, headers and file systems
    treat each in their own way.
    """
    return all(plain(value) for value in (query.subject.value, *query.parameters.values()))


def plain(value: str) -> bool:
    """Whether a value is one that any register could hold, as `askable` has it."""
    return 0 < len(value) <= _LONGEST and value == value.strip() and _CONTROL.search(value) is None


def _value(name: str, query: Query) -> str:
    if name == "subject":
        return query.subject.value
    if name == "scheme":
        return query.subject.scheme
    try:
        return query.parameters[name]
    except KeyError:
        raise SourceMisconfigured("parameter-missing") from None
