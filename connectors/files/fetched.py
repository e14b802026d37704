"""A file that is fetched before it is read: into the source's private folder, without a name that could stay behind.

What it is called where it comes from is never part of a path here (attack case K4).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from connectors.errors import SourceUnavailable
from connectors.files.workroom import Workroom

LONGEST_NAME = 255
"""Bytes of a file's name."""


class Target:
    """Where the bytes of a file are put. Raises: SourceUnavailable where our own disk is in the way."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, at: int, data: bytes) -> None:
        """Some bytes at their place."""
        try:
            self._file.seek(at)
            self._file.write(data)
        except OSError:
            raise SourceUnavailable("index") from None


@contextmanager
def fetching(room: Workroom) -> Iterator[BinaryIO]:
    """A new file that goes when it is closed, whatever happens. Raises: OSError."""
    path = room.fresh(".fetched")
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w+b") as file:
        path.unlink()
        yield file


def plain_name(name: bytes) -> str:
    """What a server calls a file, or "" where that is a path, unreadable, or nothing to show to anybody."""
    try:
        text = name.decode()
    except UnicodeDecodeError:
        return ""
    is_path = "/" in text or "\\" in text or text in {".", ".."}
    return "" if is_path or len(name) > LONGEST_NAME or not text.isprintable() else text
