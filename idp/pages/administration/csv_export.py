"""Tables as CSV that a spreadsheet cannot mistake for formulas (M3; OWASP: CSV injection)."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

from kernel.web.http import HttpResponse

_FORMULA = frozenset("=+-@\t\r\n|%＝＋－＠")
_BOM = "﻿"
"""So that spreadsheets read Chinese as UTF-8."""


def neutral(cell: str) -> str:
    """The cell as text, whatever it begins with once blanks are gone."""
    begins = cell.lstrip(" \u00a0\u3000")[:1] or cell[:1]
    return f"'{cell}" if begins in _FORMULA or cell[:1] in _FORMULA else cell


def export(name: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> HttpResponse:
    """A file to download."""
    buffer = StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([neutral(cell) for cell in header])
    writer.writerows([neutral(cell) for cell in row] for row in rows)
    headers = (
        ("Content-Type", "text/csv; charset=utf-8"),
        ("Content-Disposition", f'attachment; filename="{name}.csv"'),
    )
    return HttpResponse(200, (_BOM + buffer.getvalue()).encode(), headers)
