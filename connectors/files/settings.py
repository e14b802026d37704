"""The `files` part of a manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.adapters import allowed_columns
from connectors.faults import fault

_CSV_ONLY = ("encoding", "delimiter", "quote")


@dataclass(frozen=True, slots=True)
class FileSettings:
    """A folder of files, and how they are read.

    Attributes:
        folder: absolute, or relative to one of the allowed roots.
        pattern: of file names, with ``*`` and ``?``.
        newest_by: ``modified`` (time of the file) or ``name`` (for dated names).
        format: ``csv`` or ``xlsx``.
        sheet: of a workbook; None for the first.
        skip_rows: above the row of column names.
        columns: that are kept.
        where: further columns and the templates of the values they must have.
        lower_case_too: whether a subject ending in X may also be written with x.
        max_file_bytes: of a file, after decompression.
        max_rows: of a file.
    """

    folder: str
    pattern: str
    newest_by: str
    format: str
    encoding: str
    delimiter: str
    quote: str
    sheet: str | None
    skip_rows: int
    subject_column: str
    columns: tuple[str, ...]
    where: tuple[tuple[str, str], ...]
    lower_case_too: bool
    max_file_bytes: int
    max_rows: int

    @property
    def kept(self) -> tuple[str, ...]:
        """The columns an index holds: those that may be read and those that conditions look at."""
        return tuple(dict.fromkeys((*self.columns, *(name for name, _ in self.where))))


def parse(settings: Mapping[str, Any], mapped: frozenset[str]) -> FileSettings:
    """The settings in a manifest's `files`. Raises: ManifestFault."""
    _check(settings)
    return FileSettings(
        folder=settings["folder"],
        pattern=settings["pattern"],
        newest_by=settings.get("newest_by", "modified"),
        format=settings["format"],
        encoding=settings.get("encoding", ""),
        delimiter=settings.get("delimiter", ","),
        quote=settings.get("quote", '"'),
        sheet=settings.get("sheet"),
        skip_rows=settings.get("skip_rows", 0),
        subject_column=settings["subject_column"],
        columns=allowed_columns(settings, mapped),
        where=tuple(settings.get("where", {}).items()),
        lower_case_too=settings.get("lower_case_too", False),
        max_file_bytes=settings.get("max_file_bytes", 256 << 20),
        max_rows=settings.get("max_rows", 1_000_000),
    )


def _check(settings: Mapping[str, Any]) -> None:
    if "\0" in settings["folder"] or ".." in settings["folder"].split("/"):
        raise fault(("folder",), "文件夹路径不得含 .. ", "a folder's path holds no ..")
    if settings["format"] == "csv":
        if "encoding" not in settings:
            raise fault((), "CSV 须写明 encoding，系统不作猜测", "say which encoding the CSV has; it is not guessed")
        if "sheet" in settings:
            raise fault(("sheet",), "CSV 没有工作表", "a CSV has no sheets")
    for name in _CSV_ONLY:
        if settings["format"] == "xlsx" and name in settings:
            raise fault((name,), "只用于 CSV", "this is for CSV only")
