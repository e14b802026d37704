"""Messages of the SFTP protocol, version 3, as far as reading needs them (draft-ietf-secsh-filexfer-02). Pure.

paramiko's own client takes a message of whatever length a server says and reads a whole file ahead into memory; here
the length is known before anything is kept.
"""

from __future__ import annotations

import stat
import struct
from dataclasses import dataclass

from connectors.errors import SourceGarbled

INIT, VERSION, OPEN, CLOSE, READ, LSTAT, FSTAT, OPENDIR, READDIR = 1, 2, 3, 4, 5, 7, 8, 11, 12
STATUS, HANDLE, DATA, NAME, ATTRS = 101, 102, 103, 104, 105
"""Kinds of messages (§3)."""
OK, END, NO_SUCH_FILE, PERMISSION_DENIED = 0, 1, 2, 3
"""What a STATUS says (§7)."""
OPEN_TO_READ = struct.pack(">II", 1, 0)
"""SSH_FXF_READ, and no attributes (§6.3)."""
MOST_BYTES = 1 << 18
"""Of one message: servers send data in 32 KiB and listings in less than 256 KiB."""
_SIZE, _OWNER, _PERMISSIONS, _TIMES, _EXTENDED = 1, 2, 4, 8, 1 << 31


@dataclass(frozen=True, slots=True)
class Attributes:
    """What a server says about a file (§5); None where it does not say it. `modified`: seconds since the epoch."""

    size: int | None
    permissions: int | None
    modified: int | None

    @property
    def is_file(self) -> bool:
        """A regular file: no folder, link, pipe or device."""
        return self.permissions is not None and stat.S_ISREG(self.permissions)

    @property
    def is_folder(self) -> bool:
        """A folder itself, not a link to one."""
        return self.permissions is not None and stat.S_ISDIR(self.permissions)


def hello() -> bytes:
    """The first message (§4): we speak version 3."""
    return struct.pack(">IBI", 5, INIT, 3)


def request(kind: int, number: int, body: bytes) -> bytes:
    """Any other message of ours: its length, its kind, the number by which its answer is known."""
    return struct.pack(">IBI", len(body) + 5, kind, number) + body


def text(value: bytes) -> bytes:
    """A string on the wire."""
    return struct.pack(">I", len(value)) + value


def piece(handle: bytes, offset: int, length: int) -> bytes:
    """The body of READ (§6.4)."""
    return text(handle) + struct.pack(">QI", offset, length)


def length(head: bytes) -> int:
    """How long the message behind these four bytes is. Raises: SourceGarbled for one that no server sends."""
    (told,) = struct.unpack(">I", head)
    if not 5 <= told <= MOST_BYTES:
        raise SourceGarbled("sftp")
    return int(told)


class Message:
    """A server's message, read from its beginning. Every reading raises SourceGarbled where it is too short."""

    __slots__ = ("_at", "_data", "kind", "number")

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 1
        self.kind = data[0]
        self.number = self.whole()

    def whole(self) -> int:
        """A number of 32 bits."""
        return int.from_bytes(self._take(4), "big")

    def long(self) -> int:
        """A number of 64 bits."""
        return int.from_bytes(self._take(8), "big")

    def text(self) -> bytes:
        """A string."""
        return self._take(self.whole())

    def attributes(self) -> Attributes:
        """A file's attributes (§5)."""
        flags = self.whole()
        size = self.long() if flags & _SIZE else None
        if flags & _OWNER:
            self.long()
        permissions = self.whole() if flags & _PERMISSIONS else None
        modified = None
        if flags & _TIMES:
            self.whole()
            modified = self.whole()
        if flags & _EXTENDED:
            for _ in range(self.whole()):
                self.text()
                self.text()
        return Attributes(size, permissions, modified)

    def _take(self, count: int) -> bytes:
        ends = self._at + count
        if ends > len(self._data):
            raise SourceGarbled("sftp")
        taken, self._at = self._data[self._at : ends], ends
        return taken
