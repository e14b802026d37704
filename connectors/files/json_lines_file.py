"""Rows of a file with one JSON object a line, each read as strictly as an HTTP service's answer."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import BinaryIO

from connectors.base import Raw
from connectors.errors import SourceGarbled
from connectors.files.lines import decoded, lines
from connectors.files.report import BrokenFile
from connectors.files.settings import FileSettings
from connectors.rest.strict_json import decode


def rows(file: BinaryIO, settings: FileSettings) -> Generator[Sequence[Raw]]:
    """The names of the columns, then each line's members in that order; one that is left out is empty.

    Raises: BrokenFile, also for a name that no line has: then the file has changed its shape.
    """
    names = settings.needed
    yield names
    missing = set(names)
    number = 0
    for number, line in lines(file):
        record = _record(line, settings, number) if line.strip() else {}
        missing -= record.keys()
        yield [record.get(name) for name in names]
    if number and missing:
        raise BrokenFile("columns-missing", 0, min(missing))


def _record(line: bytes, settings: FileSettings, number: int) -> Mapping[str, Raw]:
    text = decoded(line, settings.encoding, number)
    try:
        record = decode(text.encode())
    except SourceGarbled:
        raise BrokenFile(f"row-{number}", number, "", "json") from None
    if not isinstance(record, dict):
        raise BrokenFile(f"row-{number}", number, "", "json")
    return record
