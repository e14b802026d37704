"""The newest file, read. It is read again when another file, or another state of it, is the newest."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from connectors.base import Raw
from connectors.errors import SourceGarbled, SourceProblem, SourceTooLarge, SourceUnavailable
from connectors.files import csv_file, xlsx_file
from connectors.files.folder import Folder, Stamp
from connectors.files.index import Index
from connectors.files.settings import FileSettings
from connectors.files.tables import kept_rows

_READERS: Mapping[str, Callable[[BinaryIO, FileSettings], Generator[Sequence[Raw]]]] = {
    "csv": csv_file.rows,
    "xlsx": xlsx_file.rows,
}


@dataclass(frozen=True, slots=True)
class Edition:
    """One state of a file, and what reading it gave: an index, or the reason why it cannot be read."""

    stamp: Stamp
    content: Index | SourceProblem

    @property
    def time(self) -> datetime:
        """When the file was last modified."""
        return self.stamp.time

    def index(self) -> Index:
        """The rows by subject. Raises: SourceProblem."""
        if isinstance(self.content, SourceProblem):
            raise type(self.content)(self.content.reason)
        return self.content


class Shelf:
    """Holds the current edition. Safe for threads."""

    def __init__(self, folder: Folder, settings: FileSettings) -> None:
        self._folder = folder
        self._settings = settings
        self._reading = threading.Lock()
        self._held: Edition | None = None

    def current(self) -> Edition:
        """The newest edition; while somebody else reads that, the last complete one. Raises: SourceProblem."""
        stamp = self._folder.newest()
        held = self._held
        if held is not None and held.stamp == stamp:
            return held
        if held is None:
            with self._reading:
                return self._renewed(stamp)
        if not self._reading.acquire(blocking=False):
            return held
        try:
            return self._renewed(stamp)
        finally:
            self._reading.release()

    def clear(self) -> None:
        """Let go of the edition."""
        self._held = None

    def _renewed(self, stamp: Stamp) -> Edition:
        if self._held is None or self._held.stamp != stamp:
            self._held = Edition(stamp, self._read(stamp))
        return self._held

    def _read(self, stamp: Stamp) -> Index | SourceProblem:
        """The index of a file. What is wrong with its content stays so until it changes: it is not read again."""
        if stamp.size > self._settings.max_file_bytes:
            return SourceTooLarge("file")
        try:
            with (
                self._folder.open(stamp) as file,
                closing(_READERS[self._settings.format](file, self._settings)) as rows,
            ):
                return Index(self._settings.kept, kept_rows(rows, self._settings))
        except (SourceGarbled, SourceTooLarge) as problem:
            return type(problem)(problem.reason)
        except OSError:
            raise SourceUnavailable("file") from None
        except sqlite3.Error:
            raise SourceUnavailable("index") from None
