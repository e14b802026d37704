"""From a sample whose columns stand at fixed positions: these are told, or named by the first line; none is guessed.

In GB 18030 a position may count bytes or characters. Which of them it is shows where only one of them makes all lines
equally long; where both do, it is marked.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from connectors.errors import SourceGarbled
from connectors.files.fixed_width_file import cut
from connectors.files.lines import decoded, lines
from connectors.files.settings import Layout
from connectors.scaffold.manifest import Mark
from connectors.scaffold.samples import PLACES, ROWS, members_of, of_files

UNEVEN, OTHER_WIDTH, NO_HEADER = "lines-uneven", "widths-do-not-fit", "no-header"
"""Why nothing can be proposed: lines of several lengths, widths of another sum, no first line that tells positions."""
_NAME = re.compile(r"\S+")
_VALUE = re.compile(r"[0-9]{4}")
"""What stands in no column's name: a number or a day. A first line with one is somebody's, and is not repeated."""
_UNITS = ("bytes", "characters")


def from_fixed_width(
    name: str, file: Path, encoding: str, widths: Sequence[int] = (), *, place: str = "folder"
) -> dict[str, Any]:
    """A proposal for a place, one of `PLACES`, of files like this one.

    Args:
        widths: of the columns, one after another; none: the first line names them, each where its column begins.

    Raises: SourceGarbled.
    """
    with file.open("rb") as opened:
        every = [line for _, line in itertools.islice(lines(opened), ROWS + 1) if line.strip()]
    first, rest = (every, every) if widths else (every[:1], every[1:])
    if not rest:
        raise SourceGarbled("empty")
    units = [unit for unit in _UNITS if len({len(_counted(line, unit, encoding)) for line in rest}) == 1]
    if not units:
        raise SourceGarbled(UNEVEN)
    layouts = [_told(unit, widths) if widths else _named(unit, first[0], rest[0], encoding) for unit in units]
    fitting = [one for one in layouts if one.width == len(_counted(rest[0], one.unit, encoding))]
    if not fitting:
        raise SourceGarbled(OTHER_WIDTH)
    layout = fitting[0]
    if any(replace(one, unit=layout.unit) != layout for one in fitting):
        raise SourceGarbled(NO_HEADER)  # by bytes and by characters the columns begin elsewhere
    names = [one for one, _, _ in layout.columns]
    members = members_of(names, [cut(line, layout, encoding, number) for number, line in enumerate(rest, 1)])
    settings = {
        **PLACES[place],
        "format": "fixed-width",
        "encoding": encoding,
        "layout": {
            "unit": layout.unit if len(fitting) == 1 else Mark("bytes 或 characters", "bytes or characters"),
            "columns": [{"name": one, "from": begins, "to": ends} for one, begins, ends in layout.columns],
        },
    }
    return of_files(name, file, settings if widths else {**settings, "skip_rows": 1}, members)


def _counted(line: bytes, unit: str, encoding: str) -> bytes | str:
    """What positions count. Raises: SourceGarbled where the line is not in the encoding."""
    text = decoded(line, encoding, 0)
    return line if unit == "bytes" else text


def _told(unit: str, widths: Sequence[int]) -> Layout:
    return _layout(unit, [f"column_{number}" for number in range(1, len(widths) + 1)], widths)


def _named(unit: str, header: bytes, line: bytes, encoding: str) -> Layout:
    """Columns that begin where their names do. Raises: SourceGarbled for what is no such line."""
    text = decoded(header, encoding, 1)
    found = list(_NAME.finditer(text))
    if len(found) < 2 or found[0].start() > 0 or len({one[0] for one in found}) < len(found) or _VALUE.search(text):
        raise SourceGarbled(NO_HEADER)
    before = [text[: one.start()] for one in found]
    begins = [len(one if unit == "characters" else one.encode(encoding)) for one in before]
    ends = [*begins[1:], len(_counted(line, unit, encoding))]
    if ends[-1] <= begins[-1]:
        raise SourceGarbled(NO_HEADER)
    return _layout(unit, [one[0] for one in found], [end - begin for begin, end in zip(begins, ends, strict=True)])


def _layout(unit: str, names: Iterable[str], widths: Sequence[int]) -> Layout:
    ends = list(itertools.accumulate(widths))
    columns = zip(names, widths, ends, strict=True)
    return Layout(unit, tuple((name, end - width + 1, end) for name, width, end in columns), ends[-1])
