"""A folder that a department drops files into, reached so that no name in it can lead elsewhere (attack case K4).

Every step from an allowed root is opened by its name inside the step before, and links are never followed; a file is
read only when what was opened is a regular file.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from connectors.errors import SourceMisconfigured, SourceUnavailable
from connectors.files.place import Stamp

_STEP = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Without O_NONBLOCK, opening a pipe that somebody left in the folder would wait for a writer.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class Folder:
    """The files of one folder whose names are wanted."""

    remote = False

    def __init__(self, folder: str, wanted: Callable[[str], bool], roots: Sequence[Path]) -> None:
        """Raises: SourceMisconfigured where the folder is under none of the roots."""
        self._root, self._steps = _under(folder, roots)
        self._wanted = wanted

    def listing(self) -> Sequence[Stamp]:
        """The files that are wanted. Raises: SourceUnavailable where there is no folder."""
        with self._opened() as folder, os.scandir(folder) as entries:
            return [stamp for entry in entries if (stamp := self._stamp(entry)) is not None]

    @contextmanager
    def open(self, stamp: Stamp) -> Iterator[BinaryIO]:
        """The file of a stamp, which must still be in that state afterwards. Raises: SourceUnavailable."""
        with self._opened() as folder:
            try:
                descriptor = os.open(stamp.name, _FILE, dir_fd=folder)
            except OSError:
                raise SourceUnavailable("file-gone") from None
        with os.fdopen(descriptor, "rb") as file:
            _check_same(descriptor, stamp)
            yield file
            _check_same(descriptor, stamp)

    def close(self) -> None:
        """Nothing is kept open."""

    def _stamp(self, entry: os.DirEntry[str]) -> Stamp | None:
        if not self._wanted(entry.name):
            return None
        try:
            state = entry.stat(follow_symlinks=False)
        except FileNotFoundError:  # taken away while we looked
            return None
        return _stamp(entry.name, state) if stat.S_ISREG(state.st_mode) else None

    @contextmanager
    def _opened(self) -> Iterator[int]:
        descriptor = _open_step(str(self._root), None)
        try:
            for step in self._steps:
                inner = _open_step(step, descriptor)
                os.close(descriptor)
                descriptor = inner
            yield descriptor
        finally:
            os.close(descriptor)


def _under(folder: str, roots: Sequence[Path]) -> tuple[Path, tuple[str, ...]]:
    """The root a folder lies under, resolved, and the steps from there."""
    path = Path(folder)
    if ".." in path.parts or "\0" in folder:
        raise SourceMisconfigured("folder")
    if not path.is_absolute():
        candidates = [root.resolve() for root in roots]
        existing = [root for root in candidates if (root / path).is_dir()]
        return _first(existing or candidates), path.parts
    for root in roots:
        for spelled in (root.absolute(), root.resolve()):
            if path.is_relative_to(spelled):
                return root.resolve(), path.relative_to(spelled).parts
    raise SourceMisconfigured("folder")


def _first(roots: Sequence[Path]) -> Path:
    if not roots:
        raise SourceMisconfigured("folder")
    return roots[0]


def _open_step(name: str, inside: int | None) -> int:
    try:
        return os.open(name, _STEP, dir_fd=inside)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENOTDIR}:
            raise SourceMisconfigured("folder") from None
        raise SourceUnavailable("folder") from None


def _check_same(descriptor: int, stamp: Stamp) -> None:
    state = os.fstat(descriptor)
    if not stat.S_ISREG(state.st_mode) or _stamp(stamp.name, state) != stamp:
        raise SourceUnavailable("file-changing")


def _stamp(name: str, state: os.stat_result) -> Stamp:
    return Stamp(name, str(state.st_ino), state.st_size, state.st_mtime_ns)
