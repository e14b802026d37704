"""From a file to an index: whatever its format, in bounded memory, with what is wrong in a report."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from connectors.base import Raw
from connectors.errors import SourceGarbled, SourceProblem, SourceTooLarge, SourceUnavailable
from connectors.files import csv_file, fixed_width_file, json_lines_file, parquet_file, xlsx_file
from connectors.files.form import Survey, made_otherwise
from connectors.files.index import Index, build
from connectors.files.lines import find_broken
from connectors.files.report import BrokenFile, Fault, Report
from connectors.files.settings import TEXTUAL, FileSettings
from connectors.files.tables import Row, kept_rows

_READERS: Mapping[str, Callable[[BinaryIO, FileSettings], Generator[Sequence[Raw]]]] = {
    "csv": csv_file.rows,
    "xlsx": xlsx_file.rows,
    "fixed-width": fixed_width_file.rows,
    "json-lines": json_lines_file.rows,
}
_TOLD_EVERY = 1_000_000


class Unusable(Exception):
    """A file that cannot be used.

    Attributes:
        problem: as a look-up would have it.
        report: for whoever made the file.
        survey: what was seen of it; None where it was not read.
        otherwise: what tells most of its lines from what was declared: ``encoding``, ``width`` or "".
    """

    def __init__(
        self, problem: SourceProblem, report: Report, survey: Survey | None = None, otherwise: str = ""
    ) -> None:
        super().__init__(problem.reason)
        self.problem = problem
        self.report = report
        self.survey = survey
        self.otherwise = otherwise


def read(file: BinaryIO, settings: FileSettings, path: Path, base: Index | None, name: str, survey: Survey) -> int:
    """Write the index of a file to `path`; returns its rows. `name`: the source's, for the log; `survey`: of the file.

    Raises: Unusable; SourceUnavailable where our own disk is in the way.
    """
    report = Report()
    try:
        with closing(_rows(file, settings, survey)) as rows:
            kept = _told(kept_rows(rows, settings, report, survey), name)
            return build(
                path,
                settings.kept,
                kept,
                most_bytes=settings.max_file_bytes,
                changes=settings.changes,
                base=base,
                report=report,
            )
    except SourceTooLarge as problem:
        _complete(report, problem, file, settings)
        raise Unusable(SourceTooLarge(problem.reason), report, survey) from None
    except SourceGarbled as problem:
        _complete(report, problem, file, settings)
        # Asked now, while the file is open: to fetch it once more may take minutes.
        otherwise = made_otherwise(file, settings) if settings.format in TEXTUAL else ""
        raise Unusable(SourceGarbled(problem.reason), report, survey, otherwise) from None
    except (sqlite3.Error, OSError):
        raise SourceUnavailable("index") from None


def _rows(file: BinaryIO, settings: FileSettings, survey: Survey) -> Generator[Sequence[Raw]]:
    if settings.format == "parquet":
        return parquet_file.rows(file, settings, survey)
    return _READERS[settings.format](file, settings)


def unreadable(columns: Sequence[str]) -> Unusable:
    """A file in which what these columns hold can no longer be read."""
    report = Report()
    report.faults += [Fault(0, name, "values") for name in columns]
    return Unusable(SourceGarbled("values"), report)


def too_large() -> Unusable:
    """A file beyond its limit, of which nothing is read."""
    report = Report()
    report.faults.append(Fault(0, "", "file"))
    return Unusable(SourceTooLarge("file"), report)


def _complete(report: Report, problem: SourceProblem, file: BinaryIO, settings: FileSettings) -> None:
    """Put what ended the reading into the report, too."""
    if isinstance(problem, BrokenFile):
        report.faults.append(problem.fault)
    elif problem.reason == "encoding":
        file.seek(0)
        find_broken(file, settings.encoding, report)
    if not report.faults:
        report.faults.append(Fault(0, "", problem.reason))


def _told(rows: Iterator[Row], name: str) -> Iterator[Row]:
    """The rows, with a word in the log now and then."""
    for number, row in enumerate(rows, start=1):
        yield row
        if number % _TOLD_EVERY == 0:
            logging.getLogger(__name__).info("source %s: reading a file, %d rows so far", name, number)
