"""The private folder of one file source: its index, what was fetched, its reports, and what is known about each file.

Mode 0700, files 0600. What is known (`State`) is one small JSON file that is replaced as a whole, so that a crash
leaves the old one or the new one. Processes that serve the same source take turns by a lock.

What can be read again goes when it no longer fits the settings; what was gathered from files of changes cannot, since
those files may be long gone, and is never dropped for other settings: the source says so and is not answered for.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

import orjson

from connectors.errors import SourceMisconfigured
from connectors.files.form import Form
from connectors.files.place import Stamp
from connectors.files.settings import FileSettings, Pickup

MOST_NOTES = 50
"""Notes of each kind that are kept; the oldest go first."""
_FORM = 2


@dataclass(frozen=True, slots=True)
class Shape:
    """By which settings an index was made.

    Attributes:
        rows: digest of what decides over the rows of an index and nothing else: neither limits nor when a file counts.
        settings: digest of all of them and of the mapping: by others, a file that could not be used is worth another
            reading.
        gathered: whether the rows were gathered from files of changes.
    """

    rows: str
    settings: str
    gathered: bool

    @classmethod
    def of(cls, settings: FileSettings, mapping: str) -> Self:
        """The shape that these settings and the mapping of this digest give."""
        gathered = settings.changes is not None
        rows = _gathered_rows(settings) if gathered else _whole_rows(settings)
        return cls(rows, _digest([asdict(settings), mapping]), gathered)


def _whole_rows(settings: FileSettings) -> str:
    """Everything but when a file is complete, what it may cost, and what is looked at when somebody asks."""
    where = tuple((column, "") for column, _ in settings.where)
    where_from = () if settings.away is None else settings.away.identity
    limitless = replace(settings, max_file_bytes=0, max_rows=0, max_age=None, away=None)
    plain = asdict(replace(limitless, pickup=Pickup(), where=where, lower_case_too=False))
    del plain["most_unreadable"]  # a limit, too; its mere name would be another digest for indexes older than it is
    return _digest([plain, where_from])


def _gathered_rows(settings: FileSettings) -> str:
    """What a gathered row holds and is known by. How files are found and read is about those to come.

    The format counts, since it decides whether a number is one: a key that is a text equals none that is a number.
    """
    key = () if settings.changes is None else settings.changes.key
    return _digest(["changes", settings.format, settings.subject_column, settings.kept, key])


def _digest(value: Any) -> str:
    """The same in every process; `repr` of a set is not."""
    return hashlib.sha256(orjson.dumps(value, default=sorted)).hexdigest()


@dataclass(frozen=True, slots=True)
class Current:
    """The edition that answers.

    Attributes:
        stamp: of the file that was taken last.
        time: when its data was true, in nanoseconds since the epoch; a second copy of a file does not make it younger.
        digest: SHA-256 of the file.
        index: name of the index below the folder.
        rows: in the index.
        taken_at: ISO 8601.
        form: how the file is laid out; None where that was not looked at.
        at_first: digests of the columns that nobody declared, as the first file had them.
        grown_at: since when there are others; "" where there are none.
    """

    stamp: Stamp
    time: int
    digest: str
    index: str
    rows: int
    taken_at: str
    form: Form | None = None
    at_first: tuple[str, ...] = ()
    grown_at: str = ""

    @property
    def grown(self) -> int:
        """How many columns it has that nobody declared and that were not there at first."""
        return 0 if self.form is None else len({*self.form.others}.difference(self.at_first))


@dataclass(frozen=True, slots=True)
class Note:
    """Something about a file that an operator should know.

    Attributes:
        stamp: of the file.
        noticed_at: ISO 8601.
        reason: a short code; "" where the kind of note says it all.
        report: name of a report below ``reports``, or "".
        columns: that the file lacks, by its own names, where that is what is wrong with it.
        changes: of its shape since the file before: kind and column, as ``base.Reshaped`` has them.
    """

    stamp: Stamp
    noticed_at: str
    reason: str = ""
    report: str = ""
    columns: tuple[str, ...] = ()
    changes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why no new file can be taken.

    Attributes:
        code, reason: of the problem that looking at the place ends with.
        since: when it was first met, ISO 8601.
    """

    code: str
    reason: str
    since: str


@dataclass(frozen=True, slots=True)
class State:
    """What is known about the files of a source.

    Attributes:
        shape: by which the index was made.
        seen: the files that have lain there when somebody last looked.
        late: files that came with an older date than the current edition: not taken.
        duplicates: files of the same content as the edition: not read again.
        quarantined: files that cannot be used.
        trouble: None where the last look saw what lies there.
    """

    shape: Shape
    current: Current | None = None
    seen: tuple[Stamp, ...] = ()
    late: tuple[Note, ...] = ()
    duplicates: tuple[Note, ...] = ()
    quarantined: tuple[Note, ...] = ()
    trouble: Trouble | None = None

    def quarantine_of(self, stamp: Stamp) -> Note | None:
        """Why a file is not used, or None."""
        return next((note for note in self.quarantined if note.stamp == stamp), None)

    def noted(self, kind: str, note: Note) -> State:
        """With one note more; ``kind`` is the name of the attribute."""
        notes: tuple[Note, ...] = (*getattr(self, kind), note)
        more: dict[str, Any] = {kind: notes[-MOST_NOTES:]}
        changed: State = replace(self, **more)
        return changed


@dataclass
class Workroom:
    """The folder. `lasting`: whether it outlives the process."""

    folder: Path
    lasting: bool

    @classmethod
    def of(cls, cache: Path | None, name: str) -> Workroom:
        """The room of a source below the installation's folder, or one that goes with the process. Raises: OSError."""
        if cache is not None:
            return cls(cache / name, lasting=True)
        made = cls(Path(tempfile.mkdtemp(prefix="tongban-files-")), lasting=False)
        weakref.finalize(made, shutil.rmtree, made.folder, ignore_errors=True)
        return made

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else changes the folder meanwhile. Raises: OSError."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder.chmod(0o700)
        (self.folder / "reports").mkdir(exist_ok=True, mode=0o700)
        descriptor = os.open(self.folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def fresh(self, ending: str) -> Path:
        """The path of a file that is not there yet."""
        return self.folder / f"{secrets.token_hex(8)}{ending}"

    def load(self, shape: Shape) -> State:
        """What is known, or nothing where its rows are of another shape or the note cannot be read.

        Raises: SourceMisconfigured where that would drop what was gathered; it stays as it is.
        """
        state = read_state(self.folder)
        if state is None:
            return State(shape)
        if state.shape.rows == shape.rows:
            return state if state.shape == shape else replace(state, shape=shape, quarantined=())
        if state.shape.gathered and state.current is not None:
            raise SourceMisconfigured("gathered-otherwise")
        return State(shape)

    def save(self, state: State) -> None:
        """Replace what is known, then delete every index and download that it does not name. Raises: OSError."""
        self._replace(self.folder / "state.json", orjson.dumps({"form": _FORM, **asdict(state)}))
        keep = "" if state.current is None else state.current.index
        for left in (*self.folder.glob("*.sqlite3*"), *self.folder.glob("*.fetched")):
            if left.name != keep:
                left.unlink(missing_ok=True)
        reports = {note.report for note in state.quarantined}
        for left in (self.folder / "reports").iterdir():
            if left.name not in reports:
                left.unlink(missing_ok=True)

    def write_report(self, text: str) -> str:
        """Keep a report; returns its name. Raises: OSError."""
        path = self.folder / "reports" / f"{secrets.token_hex(8)}.txt"
        self._replace(path, text.encode())
        return path.name

    def remove(self) -> None:
        """Delete a folder that need not outlive its source, also where somebody has written into it since."""
        if not self.lasting:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _replace(self, path: Path, data: bytes) -> None:
        beside = path.with_name(f".{path.name}.new")
        with os.fdopen(os.open(beside, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)


def read_state(folder: Path) -> State | None:
    """What is known about a source's files, or None where nothing is, or nothing that can be read."""
    try:
        read: dict[str, Any] = orjson.loads((folder / "state.json").read_bytes())
        if read.pop("form") != _FORM:
            return None
        current = read.pop("current")
        made = None if current is None else _current(current)
        return State(
            shape=Shape(**read["shape"]),
            current=made,
            seen=tuple(Stamp(**each) for each in read["seen"]),
            late=_notes(read["late"]),
            duplicates=_notes(read["duplicates"]),
            quarantined=_notes(read["quarantined"]),
            trouble=Trouble(**told) if (told := read.get("trouble")) else None,
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _current(read: dict[str, Any]) -> Current:
    form = read.get("form")
    made = None if form is None else Form(**{**form, "others": tuple(form["others"])})
    at_first = tuple(read.get("at_first", ()))
    return Current(**{**read, "stamp": Stamp(**read["stamp"]), "form": made, "at_first": at_first})


def _notes(read: Sequence[dict[str, Any]]) -> tuple[Note, ...]:
    return tuple(map(_note, read))


def _note(read: dict[str, Any]) -> Note:
    columns = tuple(read.get("columns", ()))
    changes = tuple((kind, column) for kind, column in read.get("changes", ()))
    return Note(**{**read, "stamp": Stamp(**read["stamp"]), "columns": columns, "changes": changes})
