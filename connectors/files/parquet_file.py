"""Rows of a Parquet file, read by a process of its own (`connectors.parquet`), which is not believed either (ADR 0094).

Here no more is held than a line of what that process says. Whatever becomes of it is an answer about the file, unless
somebody has ended it from outside.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from typing import IO, BinaryIO

import orjson

from connectors.base import Raw
from connectors.errors import SourceGarbled, SourceProblem, SourceTooLarge, SourceUnavailable
from connectors.files.form import Survey
from connectors.files.lines import LONGEST
from connectors.files.report import BrokenFile
from connectors.files.settings import FileSettings
from connectors.parquet import BROKEN
from connectors.raw_json import unpacked

_LEAST = 12
_LONGEST_HEADER = 16 << 20
"""Bytes of the line that names all columns."""
_FROM_OUTSIDE = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL})
_ENDS_IN = 5.0
"""Seconds that a process has to end after it has closed its output."""


def rows(file: BinaryIO, settings: FileSettings, survey: Survey) -> Generator[Sequence[Raw]]:
    """The names of the columns that are needed and there, then their values; the survey is told of all columns.

    However wide a file is, only what is needed of it is unpacked and handed on.
    Raises: SourceGarbled, SourceTooLarge; SourceUnavailable where the reading process could not begin or was ended from
    outside; OSError.
    """
    with closing(_lines(file, settings.needed, settings.max_rows, settings.max_file_bytes)) as lines, _garbled():
        kinds = _kinds(lines)
        survey.begin([*kinds], settings.needed)
        yield [name for name in settings.needed if name in kinds]  # whoever reads them says what is missing
        for line in lines:
            yield unpacked(line)


def sample(file: BinaryIO, most_rows: int, most_bytes: int) -> tuple[Mapping[str, str], list[Sequence[Raw]]]:
    """Every column with its kind in DuckDB's words, and the first rows of a file that is no larger once it is unpacked.

    Raises: as `rows`.
    """
    with closing(_lines(file, None, most_rows, most_bytes, first_only=True)) as lines, _garbled():
        kinds = _kinds(lines)
        return kinds, [unpacked(line) for line in lines]


@contextmanager
def _garbled() -> Iterator[None]:
    try:
        yield
    except (SourceProblem, OSError, GeneratorExit):  # a disk that fails says nothing about the file
        raise
    except Exception:  # noqa: BLE001 - whatever is made of what no reader of ours says
        raise SourceGarbled("parquet") from None


def _kinds(lines: Iterator[bytes]) -> Mapping[str, str]:
    return {str(name): str(kind) for name, kind in orjson.loads(next(lines))}


def _lines(
    file: BinaryIO, needed: Sequence[str] | None, most_rows: int, most_bytes: int, *, first_only: bool = False
) -> Generator[bytes]:
    """What the process says, up to its word that this was all. Raises: as `rows`; BrokenFile."""
    _check_marks(file)
    order = {
        "descriptor": file.fileno(),
        "needed": needed,
        "most_rows": most_rows,
        "most_bytes": most_bytes,
        "first_only": first_only,
    }
    with _process(file.fileno()) as (process, told, said):
        with suppress(BrokenPipeError), told:
            told.write(orjson.dumps(order))
        most, began = _LONGEST_HEADER, False
        while (line := said.readline(most + 1)).startswith(b"["):
            if len(line) > most:
                raise BrokenFile("parquet", 0, "", "long")
            yield line
            most, began = LONGEST + 1, True  # and an end of line
        if not line:
            raise _came_to_grief(process, began=began)
        _check_end(str(orjson.loads(line)["end"]))


@contextmanager
def _process(descriptor: int) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes], IO[bytes]]]:
    """The process with its two ends, which goes when it is no longer wanted.

    It is told where our modules are and nothing else of what this one was started with, and is in a group of its own,
    so that who stops this process by its terminal does not first make a file unreadable. Raises: SourceUnavailable.
    """
    with _started(descriptor) as process:
        assert process.stdin is not None and process.stdout is not None  # noqa: PT018 - both are asked for
        try:
            yield process, process.stdin, process.stdout
        finally:
            process.kill()


def _started(descriptor: int) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "connectors.parquet"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what a reader says of a broken file may repeat what stands in it
            pass_fds=[descriptor],
            env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            start_new_session=True,
        )
    except OSError:  # too many processes or files, no memory
        raise SourceUnavailable("reader") from None


def _came_to_grief(process: subprocess.Popen[bytes], *, began: bool) -> SourceProblem:
    """What it means that a process has gone without its last word; `began`: it had said something of the file."""
    with suppress(subprocess.TimeoutExpired):
        status = process.wait(_ENDS_IN)
        if -status in _FROM_OUTSIDE or (status > 0 and status != BROKEN and not began):
            return SourceUnavailable("reader")
    return SourceGarbled("parquet")


def _check_end(reason: str) -> None:
    if reason == "long":
        raise BrokenFile("parquet", 0, "", "long")
    if reason:
        raise SourceTooLarge(reason)


def _check_marks(file: BinaryIO) -> None:
    """What begins and ends like no Parquet file is none: https://parquet.apache.org/docs/file-format/"""
    begins = file.read(4)
    size = file.seek(0, 2)
    ends = file.read() if file.seek(max(0, size - 4)) and size >= _LEAST else b""
    file.seek(0)
    if begins != b"PAR1" or ends != b"PAR1":
        raise BrokenFile("parquet")
