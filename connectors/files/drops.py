"""The life of a drop: which file is the register now, and which is late, a second copy, unfinished or unusable.

Called by one thread at a time, with the workroom locked. Nothing here is asked by a look-up: `shelf` is.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import BinaryIO

from connectors.adapters import Opening
from connectors.base import Reshaped
from connectors.errors import SourceGarbled, SourceProblem, SourceTooLarge, SourceUnavailable
from connectors.files.form import FIRST, THEN_EVERY, Form, Survey, measured_anew, no_longer_read, renamed
from connectors.files.index import Index
from connectors.files.place import Place, Stamp
from connectors.files.reading import Unusable, read, too_large, unreadable
from connectors.files.settings import FileSettings
from connectors.files.workroom import Current, Note, Shape, State, Trouble, Workroom

_LOG = logging.getLogger(__name__)
_MOST_TRIED = 5
"""Unusable files of one look; the next look goes on."""


@dataclass(frozen=True, slots=True)
class Edition:
    """The rows that answer, and what they were made from."""

    current: Current
    index: Index

    @property
    def time(self) -> datetime:
        """When the data was true, as the file's own time says."""
        return datetime.fromtimestamp(self.current.time / 1e9, UTC)


class Drops:
    """Turns what lies at a place into the current edition."""

    def __init__(self, place: Place, settings: FileSettings, room: Workroom, opening: Opening) -> None:
        self._place = place
        self._settings = settings
        self._room = room
        self._clock = opening.clock
        self._unreadable = opening.unreadable
        self._mapping = opening.mapping
        self.name = opening.name
        self._shape = Shape.of(settings, opening.mapping)
        self._state = State(self._shape)
        self._order: Callable[[Stamp], tuple[str, int, str]] = _by_name if settings.newest_by == "name" else _by_time
        self._watched: dict[Stamp, float] = {}
        self._markers: set[str] = set()
        self.unfinished = False
        """Whether a file lies there that is not known to be complete: worth another look soon."""
        self.looked = False
        """Whether the last look came to its end, whatever it found."""
        self.reshaped: tuple[Reshaped, ...] = ()
        """How the newest file that lies there is made otherwise."""

    def look(self, held: Edition | None) -> Edition | None:
        """The edition after a look at the place; None where its files have gone. Raises: SourceProblem, OSError."""
        self.looked = False
        with self._room.locked():
            if self._room.lasting:
                self._state = self._room.load(self._shape)
                held = self._adopted(held)
            files = self._files()
            if not files:
                return self._gone(held)
            ready = [stamp for stamp in files if self._is_complete(stamp, files)]
            self.unfinished = len(ready) < len(files)
            edition = self._applied(ready, held) if self._settings.changes else self._newest(ready, held)
            seen = tuple(stamp for stamp in ready if not self._came_late(stamp))
            self._state = replace(self._state, seen=seen, trouble=None)
            self._room.save(self._state)
            self.looked = True
            self.reshaped = self._reshaped(ready, edition)
            if edition is None:
                raise self._why_nothing(ready)
            return edition

    def kept(self) -> Edition | None:
        """The edition that was made before, without looking at the place. Raises: SourceMisconfigured, sqlite3.Error.

        It takes no turn: whoever reads a large file just now has it for minutes, and what is noted is noted whole.
        """
        if not self._room.lasting:
            return None
        self._state = self._room.load(self._shape)
        return self._adopted(None)

    def dispose(self) -> None:
        """Leave nothing behind that need not outlive its source."""
        self._room.remove()

    def trouble(self, problem: SourceProblem, before: Trouble | None) -> Trouble:
        """Why the place cannot be looked at, and since when: the same trouble goes on as old as it was."""
        code, reason = problem.kind.code, problem.reason
        same = before is not None and (before.code, before.reason) == (code, reason)
        return before if before is not None and same else Trouble(code, reason, self._now())

    def failed(self, trouble: Trouble) -> Trouble:
        """Note it, for whoever asks how the files are; as it was met first, by whichever process. Raises: OSError."""
        if not self._room.lasting:
            return trouble
        with self._room.locked():
            state = self._room.load(self._shape)
            before = state.trouble
            if before is not None and (before.code, before.reason) == (trouble.code, trouble.reason):
                return before
            self._room.save(replace(state, trouble=trouble))
            return trouble

    def _adopted(self, held: Edition | None) -> Edition | None:
        """The edition that this or another process has made, opened; without reading the file again."""
        current = self._state.current
        if current is None:
            return held
        if held is not None and held.current.index == current.index:
            return Edition(current, held.index)
        path = self._room.folder / current.index
        if not path.exists():
            self._state = replace(self._state, current=None)
            return held
        return Edition(current, Index(path, self._settings.kept, vanishing=False))

    def _files(self) -> Sequence[Stamp]:
        """Everything that lies there, markers apart."""
        listing = self._place.listing()
        pickup = self._settings.pickup
        self._markers = {
            stamp.name for stamp in listing if pickup.by == "marker" and stamp.name.endswith(pickup.suffix)
        }
        return [stamp for stamp in listing if stamp.name not in self._markers]

    def _is_complete(self, stamp: Stamp, files: Sequence[Stamp]) -> bool:
        pickup = self._settings.pickup
        if pickup.by == "marker":
            return stamp.name + pickup.suffix in self._markers
        if pickup.by == "rename":
            return True
        now = self._clock.monotonic()
        self._watched = {each: self._watched.get(each, now) for each in files}
        quiet = max(now - self._watched[stamp], (self._clock.now() - stamp.time).total_seconds())
        return quiet >= pickup.seconds

    def _gone(self, held: Edition | None) -> Edition | None:
        """No file at all: a department that took its register away is not answered for. What was applied stays."""
        self.unfinished = False
        self.looked = True
        self.reshaped = ()
        if self._settings.changes and held is not None:
            self._state = replace(self._state, trouble=None)
            self._room.save(self._state)
            return held
        self._state = State(self._shape)
        self._room.save(self._state)
        raise SourceUnavailable("no-file")

    def _newest(self, ready: Sequence[Stamp], held: Edition | None) -> Edition | None:
        """The newest usable file, or the edition that is there."""
        before, tried = held, 0
        for stamp in sorted(ready, key=self._order, reverse=True):
            if held is not None and stamp == held.current.stamp:
                break
            if self._state.quarantine_of(stamp) or self._is_late(stamp, held):
                continue
            if tried == _MOST_TRIED:
                break
            tried += 1
            if (taken := self._taken(stamp, held, None)) is not None:
                held = taken
                break
        for stamp in ready:
            self._is_late(stamp, before)
        return held

    def _applied(self, ready: Sequence[Stamp], held: Edition | None) -> Edition | None:
        """Every file that is newer than the last one applied, in order; an unusable one holds up those after it."""
        for stamp in sorted(ready, key=self._order):
            if held is not None and self._order(stamp) <= self._order(held.current.stamp):
                self._is_late(stamp, held)
                continue
            if self._state.quarantine_of(stamp):
                break
            taken = self._taken(stamp, held, None if held is None else held.index)
            if taken is None:
                break
            held = taken
        return held

    def _is_late(self, stamp: Stamp, held: Edition | None) -> bool:
        """Whether a file came, or was changed, after a newer one had been taken; noted once."""
        if self._came_late(stamp):
            return True
        if held is None or stamp in self._state.seen or stamp == held.current.stamp:
            return False
        if self._settings.changes is None and self._order(stamp) >= self._order(held.current.stamp):
            return False
        self._note("late", Note(stamp, self._now()))
        return True

    def _came_late(self, stamp: Stamp) -> bool:
        return any(note.stamp == stamp for note in self._state.late)

    def _taken(self, stamp: Stamp, held: Edition | None, base: Index | None) -> Edition | None:
        """The edition with this file, or None where it cannot be used."""
        try:
            return self._read(stamp, held, base)
        except Unusable as found:
            report = self._room.write_report(found.report.text(stamp.name, self._clock.now()))
            reason = f"{found.problem.kind.code} {found.problem.reason}"
            missing, changes = found.report.columns_missing, _changed(held, found)
            self._note("quarantined", Note(stamp, self._now(), reason, report, missing, changes))
            self._room.save(self._state)  # known, whatever the files beside it end this look with
            return None

    def _read(self, stamp: Stamp, held: Edition | None, base: Index | None) -> Edition:
        if stamp.size > self._settings.max_file_bytes:
            raise too_large()
        path, survey = self._room.fresh(".sqlite3"), Survey(self._unreadable, self._mapping)
        began = self._clock.monotonic()
        try:
            with self._place.open(stamp) as file:
                digest = _digest(file)
                if held is not None and digest == held.current.digest:
                    return self._duplicate(stamp, held)
                file.seek(0)
                rows = read(file, self._settings, path, base, self.name, survey)
            before = self._form(held)
            form = survey.form().after(before)
            if before is not None and (columns := no_longer_read(before, form, self._settings.most_unreadable)):
                raise unreadable(columns)
            index = Index(path, self._settings.kept, vanishing=not self._room.lasting)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        current = self._grown(held, Current(stamp, stamp.modified, digest, path.name, rows, self._now(), form))
        self._state = replace(self._state, current=current)
        _LOG.info("source %s: file taken, %d rows in %.1f s", self.name, rows, self._clock.monotonic() - began)
        return Edition(current, index)

    def _form(self, held: Edition | None) -> Form | None:
        """How the file before is laid out, its values as the mapping of now reads them; None: nothing is known."""
        form = None if held is None else held.current.form
        if held is None or form is None or form.mapping == self._mapping:
            return form
        sample = held.index.sample(FIRST, THEN_EVERY)
        return measured_anew(form, sample, self._unreadable, self._mapping)

    def _grown(self, held: Edition | None, current: Current) -> Current:
        """The same, with what came to the columns since the first file."""
        if held is None or held.current.form is None or current.form is None:
            return replace(current, at_first=() if current.form is None else current.form.others)
        current = replace(current, at_first=held.current.at_first)
        since = held.current.grown_at if current.grown == held.current.grown else current.taken_at
        return replace(current, grown_at=since if current.grown else "")

    def _duplicate(self, stamp: Stamp, held: Edition) -> Edition:
        """The same content again: the rows that are there go on under the new file's name, as old as they were."""
        current = replace(held.current, stamp=stamp)
        self._state = replace(self._state, current=current)
        self._note("duplicates", Note(stamp, self._now()))
        return Edition(current, held.index)

    def _reshaped(self, ready: Sequence[Stamp], edition: Edition | None) -> tuple[Reshaped, ...]:
        """How the newest file is made otherwise: one that cannot be used for it, else the one that answers."""
        for stamp in sorted(ready, key=self._order, reverse=True):
            if edition is not None and stamp == edition.current.stamp:
                break
            if (note := self._state.quarantine_of(stamp)) is not None and note.changes:
                since = datetime.fromisoformat(note.noticed_at)
                return tuple(Reshaped(kind, column, since) for kind, column in note.changes)
        if edition is None or not edition.current.grown_at:
            return ()
        return (Reshaped("new", "", datetime.fromisoformat(edition.current.grown_at), edition.current.grown),)

    def _why_nothing(self, ready: Sequence[Stamp]) -> SourceProblem:
        """Why no file answers, as the newest of them has it."""
        for stamp in sorted(ready, key=self._order, reverse=self._settings.changes is None):
            if (note := self._state.quarantine_of(stamp)) is not None:
                code, _, reason = note.reason.partition(" ")
                if code == SourceTooLarge.kind.code:
                    return SourceTooLarge(reason)
                return SourceGarbled(reason, columns=note.columns)
        return SourceUnavailable("file-incoming")

    def _note(self, kind: str, note: Note) -> None:
        self._state = self._state.noted(kind, note)
        _LOG.warning("source %s: a file is not used: %s %s", self.name, kind, note.reason)

    def _now(self) -> str:
        return self._clock.now().isoformat(timespec="seconds")


def _changed(held: Edition | None, found: Unusable) -> tuple[tuple[str, str], ...]:
    """How an unusable file is made otherwise than the one before: kind and column."""
    before = None if held is None else held.current.form
    missing = found.report.columns_missing
    if missing or held is None:
        moved = frozenset() if before is None or found.survey is None else renamed(before, found.survey, missing)
        return tuple(("renamed" if name in moved else "vanished", name) for name in missing)
    if found.problem.reason == "values":
        return tuple(("format", fault.column) for fault in found.report.faults)
    return ((found.otherwise, ""),) if found.otherwise else ()


def _digest(file: BinaryIO) -> str:
    made = hashlib.sha256()
    while chunk := file.read(1 << 20):
        made.update(chunk)
    return made.hexdigest()


def _by_time(stamp: Stamp) -> tuple[str, int, str]:
    return ("", stamp.modified, stamp.name)


def _by_name(stamp: Stamp) -> tuple[str, int, str]:
    return (stamp.name, 0, "")
