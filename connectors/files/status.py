"""What is known about the files of every source, for an operator: which answers, and which are not used and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from connectors.files.workroom import Note, State, read_state


@dataclass(frozen=True, slots=True)
class FileStatus:
    """One file of a source.

    Attributes:
        source: name of the source's manifest.
        state: ``answers``, ``late``, ``duplicate`` or ``quarantined``; ``unreachable`` where the place cannot be looked
            at, and what answers may be old.
        file: its name at the department's place, "" of the place itself.
        data_time: when its data was true, "" of the place itself.
        noticed_at: when it was taken or noticed, ISO 8601.
        rows: in the index, for the one that answers.
        reason: why it is not used, as a short code.
        report: what is wrong with it, line by line, in both languages and without a value; "" where it is not broken.
    """

    source: str
    state: str
    file: str
    data_time: str
    noticed_at: str
    rows: int | None = None
    reason: str = ""
    report: str = ""


def files_known(cache: Path) -> list[FileStatus]:
    """The files of every source that keeps something in this folder."""
    folders = sorted(folder for folder in cache.iterdir() if folder.is_dir()) if cache.is_dir() else []
    return [found for folder in folders if (state := read_state(folder)) for found in _of(folder, state)]


def _of(folder: Path, state: State) -> Iterator[FileStatus]:
    current = state.current
    if current is not None:
        time = _time(current.time)
        yield FileStatus(folder.name, "answers", current.stamp.name, time, current.taken_at, current.rows)
    if (trouble := state.trouble) is not None:
        reason = f"{trouble.code} {trouble.reason}"
        yield FileStatus(folder.name, "unreachable", "", "", trouble.since, None, reason)
    kinds = (("late", state.late), ("duplicate", state.duplicates), ("quarantined", state.quarantined))
    for kind, notes in kinds:
        for note in notes:
            time = _time(note.stamp.modified)
            report = _report(folder, note)
            yield FileStatus(folder.name, kind, note.stamp.name, time, note.noticed_at, None, note.reason, report)


def _report(folder: Path, note: Note) -> str:
    try:
        return (folder / "reports" / note.report).read_text("utf-8") if note.report else ""
    except OSError:
        return ""


def _time(nanoseconds: int) -> str:
    return datetime.fromtimestamp(nanoseconds / 1e9, UTC).isoformat(timespec="seconds")
