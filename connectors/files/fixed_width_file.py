"""Rows of a file whose columns stand at fixed positions, counted in bytes or in characters as its manifest says."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import BinaryIO

from connectors.base import Raw
from connectors.files.lines import decoded, lines
from connectors.files.report import BrokenFile
from connectors.files.settings import FileSettings, Layout


def rows(file: BinaryIO, settings: FileSettings) -> Generator[Sequence[Raw]]:
    """The names of the columns, then every line cut into them. Raises: BrokenFile."""
    layout = settings.layout
    assert layout is not None
    yield [name for name, _, _ in layout.columns]
    for number, line in lines(file):
        if number > settings.skip_rows:
            yield cut(line, layout, settings.encoding, number) if line.strip() else []


def cut(line: bytes, layout: Layout, encoding: str, number: int) -> list[Raw]:
    """The cells of a line, without the blanks around them. Raises: BrokenFile, also for a line of another width."""
    return (_by_bytes if layout.unit == "bytes" else _by_characters)(line, layout, encoding, number)


def _by_bytes(line: bytes, layout: Layout, encoding: str, number: int) -> list[Raw]:
    _check_width(len(line), layout, number)
    return [
        decoded(line[first - 1 : last], encoding, number, name).strip() or None for name, first, last in layout.columns
    ]


def _by_characters(line: bytes, layout: Layout, encoding: str, number: int) -> list[Raw]:
    text = decoded(line, encoding, number)
    _check_width(len(text), layout, number)
    return [text[first - 1 : last].strip() or None for _, first, last in layout.columns]


def _check_width(width: int, layout: Layout, number: int) -> None:
    if width != layout.width:
        raise BrokenFile(f"row-{number}", number, "", "width")
