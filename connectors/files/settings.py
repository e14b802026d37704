"""The `files` part of a manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.adapters import allowed_columns
from connectors.faults import fault, within
from connectors.files.s3.settings import S3Settings, parse_s3
from connectors.files.sftp.settings import SftpSettings, parse_sftp

TEXTUAL = frozenset({"csv", "fixed-width", "json-lines"})
"""Formats that are text, in an encoding that is declared."""
_ONLY_FOR: Mapping[str, frozenset[str]] = {
    "encoding": TEXTUAL,
    "delimiter": frozenset({"csv"}),
    "quote": frozenset({"csv"}),
    "sheet": frozenset({"xlsx"}),
    "skip_rows": frozenset({"csv", "xlsx", "fixed-width"}),
    "layout": frozenset({"fixed-width"}),
}


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the columns of a fixed-width line stand.

    Attributes:
        unit: ``bytes`` or ``characters``: in GB 18030 a Chinese character is two or four bytes.
        columns: name, first and last position, counted from 1, both included.
        width: of every line: another width tells a torn line, or positions counted in the other unit.
    """

    unit: str
    columns: tuple[tuple[str, int, int], ...]
    width: int


@dataclass(frozen=True, slots=True)
class Pickup:
    """When a file is complete.

    Attributes:
        by: ``rename`` (a name that matches is a complete file), ``marker`` (a file beside it says so) or ``stable``
            (it has not changed for some time).
        suffix: of the marker's name, after the file's own.
        seconds: without a change.
    """

    by: str = "rename"
    suffix: str = ".ok"
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Changes:
    """Files that hold what changed, applied one after the other.

    Attributes:
        key: the columns that tell one row from another.
        removed: a column, and its values that say that the row is gone; None where rows only come and change.
    """

    key: tuple[str, ...]
    removed: tuple[str, frozenset[str]] | None


@dataclass(frozen=True, slots=True)
class FileSettings:
    """A place that files come to, and how they are read.

    Attributes:
        folder: absolute, or relative to one of the allowed roots; "" where the files are elsewhere.
        away: where they are then: on an SFTP server, or in storage that speaks S3.
        pattern: of file names, with ``*`` and ``?``.
        newest_by: ``modified`` (time of the file) or ``name`` (for dated names).
        pickup: when a file is complete.
        changes: None where each file is the whole register.
        format: ``csv``, ``xlsx``, ``fixed-width``, ``json-lines`` or ``parquet``.
        sheet: of a workbook; None for the first.
        skip_rows: above the row of column names, or above the first line of a fixed-width file.
        columns: that may be read.
        where: further columns and the templates of the values they must have.
        lower_case_too: whether a subject ending in X may also be written with x.
        max_file_bytes: of a file as it lies there, after decompression, and of its kept rows written out as UTF-8.
        max_rows: of a file.
        most_unreadable: share of a column's values, above which a file in which they can no longer be read is not used.
        max_age: seconds after which the last good file is too old to answer from; None for no limit.
    """

    folder: str
    away: SftpSettings | S3Settings | None
    pattern: str
    newest_by: str
    pickup: Pickup
    changes: Changes | None
    format: str
    encoding: str
    delimiter: str
    quote: str
    sheet: str | None
    skip_rows: int
    layout: Layout | None
    subject_column: str
    columns: tuple[str, ...]
    where: tuple[tuple[str, str], ...]
    lower_case_too: bool
    max_file_bytes: int
    max_rows: int
    most_unreadable: float
    max_age: float | None

    @property
    def kept(self) -> tuple[str, ...]:
        """The columns an index holds: those that may be read and those that conditions and changes look at."""
        changing = () if self.changes is None else self.changes.key
        removed = () if self.changes is None or self.changes.removed is None else (self.changes.removed[0],)
        return tuple(dict.fromkeys((*self.columns, *(name for name, _ in self.where), *changing, *removed)))

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns that a file must have."""
        return tuple(dict.fromkeys((self.subject_column, *self.kept)))


def parse(settings: Mapping[str, Any], mapped: frozenset[str]) -> FileSettings:
    """The settings in a manifest's `files`. Raises: ManifestFault."""
    _check(settings)
    made = FileSettings(
        folder=settings.get("folder", ""),
        away=_away(settings),
        pattern=settings["pattern"],
        newest_by=settings.get("newest_by", "modified"),
        pickup=Pickup(**settings.get("pickup", {})),
        changes=_changes(settings.get("changes")),
        format=settings["format"],
        encoding=settings.get("encoding", ""),
        delimiter=settings.get("delimiter", ","),
        quote=settings.get("quote", '"'),
        sheet=settings.get("sheet"),
        skip_rows=settings.get("skip_rows", 0),
        layout=_layout(settings.get("layout")),
        subject_column=settings["subject_column"],
        columns=allowed_columns(settings, mapped),
        where=tuple(settings.get("where", {}).items()),
        lower_case_too=settings.get("lower_case_too", False),
        max_file_bytes=settings.get("max_file_bytes", 256 << 20),
        max_rows=settings.get("max_rows", 1_000_000),
        most_unreadable=settings.get("max_unreadable_percent", 20) / 100,
        max_age=settings["max_age_hours"] * 3600.0 if "max_age_hours" in settings else None,
    )
    _check_layout(made)
    return made


def _check(settings: Mapping[str, Any]) -> None:
    if len(settings.keys() & {"folder", "sftp", "s3"}) != 1:
        raise fault((), "folder、sftp、s3 须写且只写一个", "give one of folder, sftp and s3")
    folder = settings.get("folder", "")
    if "\0" in folder or ".." in folder.split("/"):
        raise fault(("folder",), "文件夹路径不得含 .. ", "a folder's path holds no ..")
    made = settings["format"]
    if made in TEXTUAL and "encoding" not in settings:
        raise fault((), "须写明 encoding，系统不作猜测", "say which encoding the file has; it is not guessed")
    for name, formats in _ONLY_FOR.items():
        if name in settings and made not in formats:
            known = ", ".join(sorted(formats))
            raise fault((name,), f"只用于 {known}", f"this is for {known} only")
    if ("layout" in settings) != (made == "fixed-width"):
        raise fault((), "fixed-width 须写明 layout", "fixed-width needs a layout")


def _away(settings: Mapping[str, Any]) -> SftpSettings | S3Settings | None:
    if "sftp" in settings:
        with within("sftp"):
            return parse_sftp(settings["sftp"])
    if "s3" in settings:
        with within("s3"):
            return parse_s3(settings["s3"])
    return None


def _changes(settings: Mapping[str, Any] | None) -> Changes | None:
    if settings is None:
        return None
    removed = settings.get("removed")
    return Changes(
        key=tuple(settings["key"]),
        removed=None if removed is None else (removed["column"], frozenset(removed["values"])),
    )


def _layout(settings: Mapping[str, Any] | None) -> Layout | None:
    if settings is None:
        return None
    columns: Sequence[Mapping[str, Any]] = settings["columns"]
    for at, each in enumerate(columns):
        if each["to"] < each["from"]:
            raise fault(("layout", "columns", at), "to 不得小于 from", "to is not less than from")
    ends = max(each["to"] for each in columns)
    width = settings.get("width", ends)
    if width < ends:
        raise fault(("layout", "width"), "比最后一列短", "is less than where the last column ends")
    return Layout(settings["unit"], tuple((each["name"], each["from"], each["to"]) for each in columns), width)


def _check_layout(made: FileSettings) -> None:
    if made.layout is None:
        return
    if missing := [name for name in made.needed if name not in {column for column, _, _ in made.layout.columns}]:
        raise fault(
            ("layout", "columns"), f"没有写明位置：{missing[0]}", f"no position is given for the column {missing[0]}"
        )
