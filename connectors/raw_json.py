"""A row of a source's values as one line of JSON, from which exactly the same values are read again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson

from connectors.base import Raw

_WHOLE_NUMBER_BITS = 63
_LOOKED_AT = frozenset({int, list, tuple, dict})
"""Types that JSON has as well, and whose values may need another form all the same."""


def packed(values: Sequence[Raw]) -> bytes:
    """A row as a line of JSON, without an end of line.

    JSON has no dates, no decimal fractions and no very large numbers: they are kept as an object of one member that
    says which. orjson asks about the first two itself, which costs a row of texts nothing.
    """
    plain = [_plain(value) if type(value) in _LOOKED_AT else value for value in values]
    return orjson.dumps(plain, default=_tagged, option=orjson.OPT_PASSTHROUGH_DATETIME)


def unpacked(line: bytes) -> list[Raw]:
    """The same row. Raises: ValueError and others for a line that `packed` has not made."""
    return [_untagged(value) if type(value) in _LOOKED_AT else value for value in orjson.loads(line)]


def _plain(value: Any) -> Any:
    if type(value) is int:
        return value if value.bit_length() <= _WHOLE_NUMBER_BITS else {"whole": str(value)}
    if isinstance(value, dict):
        return {"members": {name: _plain(member) for name, member in value.items()}}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def _tagged(value: Any) -> Mapping[str, str]:
    """What orjson does not know. Raises: TypeError, as it is to, for what is no value of a source either."""
    if isinstance(value, Decimal):
        return {"number": str(value)}
    if isinstance(value, datetime):
        return {"instant": value.isoformat()}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    raise TypeError


def _untagged(value: Any) -> Raw:
    if isinstance(value, list):
        return [_untagged(each) for each in value]
    if not isinstance(value, dict):
        plain: Raw = value
        return plain
    ((tag, held),) = value.items()
    if tag == "members":
        return {name: _untagged(member) for name, member in held.items()}
    read: Raw = _READ[tag](held)
    return read


_READ: Mapping[str, Any] = {
    "instant": datetime.fromisoformat,
    "day": date.fromisoformat,
    "number": Decimal,
    "whole": int,
}
