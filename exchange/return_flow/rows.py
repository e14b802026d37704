"""A file's lines: CSV (RFC 4180) in UTF-8 or GB 18030, one row a record, named by a pseudonym of this flow alone."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from enum import StrEnum

from kernel.canonical import JSON, encode

ROW, CHANGE = "_row", "_change"
"""The first two columns: whose record a line is (a pseudonym), and what happened to it since the file before."""
DISPUTED = "_disputed"
"""The last column, behind all that were declared: whether a correction of the record was under way."""
_IS_DISPUTED = "yes"


class Change(StrEnum):
    """What a line says of its record."""

    PRESENT = "present"
    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


CHARSETS = ("utf-8", "gb18030")
"""How a file may be written, as declared; Python's own names of the codecs."""


def columns(fields: Sequence[str]) -> list[str]:
    """The names of the columns, in their order."""
    return [ROW, CHANGE, *fields, DISPUTED]


def header(fields: Sequence[str]) -> str:
    """The first line."""
    return _line(columns(fields))


def line(row: str, change: Change, values: Mapping[str, JSON], fields: Sequence[str], *, disputed: bool = False) -> str:
    """One record; a field without a value is empty, and so is every field of one that was removed."""
    told = (_text(values.get(name)) for name in fields)
    return _line([row, change.value, *told, _IS_DISPUTED if disputed else ""])


def content(values: Mapping[str, JSON], fields: Sequence[str], *, disputed: bool) -> str:
    """What is compared to find out whether a record changed; one that is disputed now or no longer did, too."""
    told = _line([_text(values.get(name)) for name in fields])
    return told + _line([DISPUTED]) if disputed else told


def _line(cells: Sequence[str]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow(cells)
    return written.getvalue()


def _text(value: JSON) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return encode(value).decode()
