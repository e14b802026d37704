"""The lines of a text file as bytes, none longer than a line can be, and the place where an encoding breaks.

In GB 18030 and UTF-8 no byte of a longer character is a line feed, so lines can be told apart before they are decoded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO

from connectors.files.report import BrokenFile, Report

LONGEST = 1 << 20
"""Bytes of a line; no record is longer."""
_MARK = b"\xef\xbb\xbf"


def lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Every line with its number, without its end. Raises: BrokenFile for a line without end."""
    number = 0
    while line := file.readline(LONGEST + 1):
        number += 1
        if len(line) > LONGEST:
            raise BrokenFile(f"row-{number}", number, "", "long")
        if number == 1:
            line = line.removeprefix(_MARK)
        yield number, line.removesuffix(b"\n").removesuffix(b"\r")


def lines_before_an_endless_one(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The same of a file that is known to be broken: a line without end is the last thing that is looked at."""
    with suppress(BrokenFile):
        yield from lines(file)


def decoded(line: bytes, encoding: str, number: int, column: str = "") -> str:
    """A line, or a part of it. Raises: BrokenFile."""
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        raise BrokenFile("encoding", number, column) from None


def find_broken(file: BinaryIO, encoding: str, report: Report) -> None:
    """Note the first lines that are not in the encoding."""
    for number, line in lines_before_an_endless_one(file):
        try:
            line.decode(encoding)
        except UnicodeDecodeError:
            report.faults.append(BrokenFile("encoding", number).fault)
            if len(report.faults) >= Report.MOST:
                return
