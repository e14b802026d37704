"""Rows of a table with a header, whatever the file format: checked for shape, reduced to the columns that are kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connectors.base import Raw
from connectors.errors import SourceGarbled, SourceTooLarge
from connectors.files.settings import FileSettings

_WIDEST = 1000
"""Columns; a wider table is no register (and in a workbook, a way to make a few bytes into many cells)."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: whom it is about, and the kept columns in the order of `FileSettings.kept`."""

    subject: str
    values: tuple[Raw, ...]


def kept_rows(rows: Iterator[Sequence[Raw]], settings: FileSettings) -> Iterator[Row]:
    """The rows below the header that name a subject. Raises: SourceGarbled, SourceTooLarge."""
    numbered = enumerate(rows, start=1)
    header = _header(numbered, settings.skip_rows)
    places = [_place(header, name) for name in (settings.subject_column, *settings.kept)]
    for number, row in numbered:
        if number > settings.max_rows + settings.skip_rows + 1:
            raise SourceTooLarge("rows")
        if all(_is_blank(cell) for cell in row):
            continue
        _check_shape(row, header, number, may_be_short=settings.format == "xlsx")
        subject, *values = (row[place] if place < len(row) else None for place in places)
        if not _is_blank(subject):
            yield Row(str(subject).strip(), tuple(values))


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


def _place(header: Sequence[str], name: str) -> int:
    if header.count(name) != 1:
        raise SourceGarbled("columns-missing")
    return header.index(name)


def _check_shape(row: Sequence[Raw], header: Sequence[str], number: int, *, may_be_short: bool) -> None:
    """Every cell must stand under a name. Workbooks leave empty cells at the end out; a short CSV row is a torn one."""
    torn = len(row) < len(header) and not may_be_short
    if torn or len(row) > _WIDEST or not all(_is_blank(cell) for cell in row[len(header) :]):
        raise SourceGarbled(f"row-{number}")


def _is_blank(cell: Raw) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())
