"""Rows of an XLSX workbook (ECMA-376), which is a zip archive of XML: both are checked before they are read.

A workbook can be a bomb in two ways: a few kilobytes that inflate to gigabytes (attack case K3), and XML entities that
multiply (K2). The first is counted before inflating, the second is refused where a document type is declared.
"""

from __future__ import annotations

import zipfile
from collections.abc import Generator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, BinaryIO

import openpyxl

from connectors.base import Raw
from connectors.errors import SourceGarbled, SourceProblem, SourceTooLarge
from connectors.files.report import BrokenFile
from connectors.files.settings import FileSettings

_MOST_PARTS = 2000
_CHUNK = 1 << 20
_TOO_MANY_DIGITS = 10**15
"""Spreadsheets keep 15 digits of a number: a longer one, such as a citizen number, has already lost its end."""


def rows(file: BinaryIO, settings: FileSettings) -> Generator[Sequence[Raw]]:
    """Every row of the sheet. Raises: SourceGarbled, SourceTooLarge."""
    try:
        _check_archive(file, settings.max_file_bytes)
        workbook = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        sheet: Any = workbook[settings.sheet] if settings.sheet else workbook.worksheets[0]
        sheet.reset_dimensions()  # what the file claims about its size is not believed
        for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
            yield [_cell(value, number) for value in row]
    except SourceProblem:
        raise
    except Exception:  # noqa: BLE001 - a reader of broken archives and XML fails in ways of its own
        raise SourceGarbled("xlsx") from None


def _check_archive(file: BinaryIO, max_bytes: int) -> None:
    with zipfile.ZipFile(file) as archive:
        parts = archive.infolist()
        # Reading a part stops at the size declared for it, so the sum of the declarations bounds everything.
        if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > max_bytes:
            raise SourceTooLarge("expanded")
        for part in parts:
            if part.filename.endswith((".xml", ".rels")):
                _check_xml(archive, part)
    file.seek(0)


def _check_xml(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Refuse document types, and the encodings in which one could hide from a search."""
    with archive.open(part) as stream:
        tail = stream.read(4)
        if b"\0" in tail or tail[:2] in {b"\xfe\xff", b"\xff\xfe"}:
            raise SourceGarbled("xml-encoding")
        while chunk := stream.read(_CHUNK):
            if b"<!DOCTYPE" in tail + chunk or b"<!ENTITY" in tail + chunk:
                raise SourceGarbled("xml-doctype")
            tail = chunk[-16:]


def _cell(value: object, number: int) -> Raw:
    if isinstance(value, datetime):
        return value.date() if value.time() == time(0) else value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value, number)
    if value is None or isinstance(value, str | date | bool):
        return value
    return str(value)


def _number(value: float, number: int) -> Raw:
    if not abs(value) < _TOO_MANY_DIGITS:
        raise BrokenFile(f"row-{number}-digits", number, "", "digits")
    return value if isinstance(value, int) else Decimal(repr(value))
