"""A folder as a department fills it: CSV and XLSX files, written whole and then put in place."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl


def csv_bytes(rows: Sequence[Sequence[str]], encoding: str = "utf-8", **dialect: Any) -> bytes:
    """The rows as a CSV file."""
    text = io.StringIO(newline="")
    csv.writer(text, **dialect).writerows(rows)
    return text.getvalue().encode(encoding)


def xlsx_bytes(rows: Sequence[Sequence[Any]], sheet: str = "people") -> bytes:
    """The rows as the only sheet of a workbook."""
    workbook = openpyxl.Workbook()
    assert workbook.active is not None
    workbook.active.title = sheet
    for row in rows:
        workbook.active.append(list(row))
    data = io.BytesIO()
    workbook.save(data)
    return data.getvalue()


def drop(folder: Path, name: str, data: bytes, *, modified: int | None = None) -> Path:
    """Put a file in place as a careful department does: under another name first."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".incoming").write_bytes(data)
    path = (folder / ".incoming").replace(folder / name)
    if modified is not None:
        os.utime(path, (modified, modified))
    return path


def fixed_width_bytes(rows: Sequence[Sequence[str]], widths: Sequence[int], encoding: str, unit: str) -> bytes:
    """The rows as lines whose columns are so many bytes or characters wide."""
    lines = []
    for row in rows:
        if unit == "characters":
            cells = [cell.ljust(width).encode(encoding) for cell, width in zip(row, widths, strict=True)]
        else:
            cells = [cell.encode(encoding).ljust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append(b"".join(cells) + b"\r\n")
    return b"".join(lines)
