"""Rows of a table with a header, whatever the file format: checked for shape, reduced to the columns that are kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from connectors.base import Raw
from connectors.errors import SourceGarbled, SourceTooLarge
from connectors.files.form import Survey
from connectors.files.report import BrokenFile, Fault, Report
from connectors.files.settings import FileSettings

_WIDEST = 1000
"""Columns; a wider table is no register (and in a workbook, a way to make a few bytes into many cells)."""

_MAY_BE_SHORT = frozenset({"xlsx", "fixed-width"})
"""Workbooks leave empty cells at the end out, and a blank line of a fixed-width file has none."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: whom it is about, the kept columns in the order of `FileSettings.kept`, and where it stood."""

    subject: str
    values: tuple[Raw, ...]
    line: int


def kept_rows(rows: Iterator[Sequence[Raw]], settings: FileSettings, report: Report, survey: Survey) -> Iterator[Row]:
    """The rows below the header that name a subject. What is wrong with a row is noted, and the next one read.

    Raises: SourceGarbled at the end where a row was wrong, or at once where no more can be read; SourceTooLarge.
    """
    has_header = settings.format in {"csv", "xlsx"}
    above = settings.skip_rows if has_header or settings.format == "fixed-width" else 0
    numbered = enumerate(rows, start=1)
    header = _header(numbered, settings.skip_rows) if has_header else _declared(numbered)
    if not survey.header:  # a reader that hands on but some of the columns has told of all of them
        survey.begin(header, settings.needed)
    places = _places(header, settings, report)
    for at, row in numbered:
        number = at if has_header else at - 1 + above
        if number > settings.max_rows + above + has_header:
            raise SourceTooLarge("rows")
        if all(_is_blank(cell) for cell in row):
            continue
        if not _fits(row, header, may_be_short=settings.format in _MAY_BE_SHORT):
            report.add(number, "", "cells")
            continue
        subject, *values = (row[place] if place < len(row) else None for place in places)
        if not _is_blank(subject):
            survey.row(settings.kept, values)
            yield Row(str(subject).strip(), tuple(values), number)
    report.check()


def _header(numbered: Iterator[tuple[int, Sequence[Raw]]], skip_rows: int) -> list[str]:
    for number, row in numbered:
        if number > skip_rows:
            if len(row) > _WIDEST:
                raise SourceGarbled("header")
            names = [str(cell if cell is not None else "").removeprefix("\ufeff").strip() for cell in row]
            while names and not names[-1]:
                names.pop()
            return names
    raise SourceGarbled("header")


def _declared(numbered: Iterator[tuple[int, Sequence[Raw]]]) -> list[str]:
    """Names as a reader gives them, of a format in which nobody writes them by hand: blanks are part of them."""
    return [str(name) for _, row in islice(numbered, 1) for name in row]


def _places(header: Sequence[str], settings: FileSettings, report: Report) -> list[int]:
    """Where the subject and the kept columns stand. Raises: BrokenFile for the last that is missing."""
    missing = [name for name in settings.needed if header.count(name) != 1]
    report.faults += [Fault(0, name, "columns-missing") for name in missing[:-1]]
    if missing:
        raise BrokenFile("columns-missing", 0, missing[-1])
    return [header.index(name) for name in (settings.subject_column, *settings.kept)]


def _fits(row: Sequence[Raw], header: Sequence[str], *, may_be_short: bool) -> bool:
    """Every cell must stand under a name; a row that is too short is a torn one."""
    torn = len(row) < len(header) and not may_be_short
    return not torn and len(row) <= _WIDEST and all(_is_blank(cell) for cell in row[len(header) :])


def _is_blank(cell: Raw) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())
