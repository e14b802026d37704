"""Rows of a CSV file (RFC 4180) in the encoding its manifest declares."""

from __future__ import annotations

import csv
import io
from collections.abc import Generator, Sequence
from typing import BinaryIO

from connectors.base import Raw
from connectors.errors import SourceGarbled
from connectors.files.report import BrokenFile
from connectors.files.settings import FileSettings


def rows(file: BinaryIO, settings: FileSettings) -> Generator[Sequence[Raw]]:
    """Every row as text. Raises: SourceGarbled for a byte the encoding does not know, or a stray quote."""
    text = io.TextIOWrapper(file, encoding=settings.encoding, errors="strict", newline="")
    reader = csv.reader(text, delimiter=settings.delimiter, quotechar=settings.quote, strict=True)
    try:
        yield from reader
    except UnicodeDecodeError:
        raise SourceGarbled("encoding") from None
    except csv.Error:
        raise BrokenFile("csv", reader.line_num) from None
    finally:
        text.detach()
