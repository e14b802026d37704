"""A place that files come to, as the life of a drop sees it: what lies there, and the bytes of one file."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO, Protocol

from connectors.files.settings import FileSettings


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells one state of a file from another.

    Attributes:
        version: what the place calls this state (an inode, an ETag), beside size and time.
        modified: nanoseconds since the epoch.
    """

    name: str
    version: str
    size: int
    modified: int

    @property
    def time(self) -> datetime:
        """When the file was last modified."""
        return datetime.fromtimestamp(self.modified / 1e9, UTC)


class Place(Protocol):
    """Where files lie. `remote`: asking it takes a network, so it is asked in the background only."""

    remote: bool

    def listing(self) -> Sequence[Stamp]:
        """The regular files that are wanted, in any order. Raises: SourceProblem."""
        ...

    def open(self, stamp: Stamp) -> AbstractContextManager[BinaryIO]:
        """The bytes of a file in exactly this state. Raises: SourceProblem, also where it has changed."""
        ...

    def close(self) -> None:
        """Give back every connection; what is under way on one ends."""
        ...


def wanted(settings: FileSettings) -> Callable[[str], bool]:
    """Whether a name is that of a file of the register, or of a marker beside one."""
    matches = re.compile(fnmatch.translate(settings.pattern)).fullmatch
    if settings.pickup.by != "marker":
        return lambda name: matches(name) is not None
    suffix = settings.pickup.suffix
    return lambda name: matches(name.removesuffix(suffix)) is not None
