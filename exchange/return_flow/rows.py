"""A file's lines: CSV (RFC 4180) in UTF-8 or GB 18030, one row a record, named by a pseudonym of this flow alone."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from enum import StrEnum

from kernel.canonical import JSON, encode

ROW, CHANGE = "_row", "_change"
"""The first two columns: whose record a line is (a pseudonym), and what happened to it since the file before."""


class Change(StrEnum):
    """What a line says of its record."""

    PRESENT = "present"
    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


CHARSETS = ("utf-8", "gb18030")
"""How a file may be written, as declared; Python's own names of the codecs."""


def header(fields: Sequence[str]) -> str:
    """The first line."""
    return _line([ROW, CHANGE, *fields])


def line(row: str, change: Change, values: Mapping[str, JSON], fields: Sequence[str]) -> str:
    """One record; a field without a value is empty, and so is every field of one that was removed."""
    return _line([row, change.value, *(_text(values.get(name)) for name in fields)])


def content(values: Mapping[str, JSON], fields: Sequence[str]) -> str:
    """What is compared to find out whether a record changed."""
    return _line([_text(values.get(name)) for name in fields])


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
