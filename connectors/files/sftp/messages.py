"""Questions and answers over an SFTP channel: several may be under way, each known by its number."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import paramiko

from connectors.errors import SourceGarbled, SourceMisconfigured, SourceProblem, SourceUnavailable
from connectors.files.sftp import wire
from connectors.files.sftp.line import Line
from connectors.files.sftp.wire import Attributes, Message

_PIECE = 32_768
"""Bytes of one READ: what every server gives at once (draft-ietf-secsh-filexfer-02 §6.4)."""
_AT_ONCE = 32
"""READs under way: a megabyte for each way to the server and back."""
_OVERHEAD = 4096
_ABOUT_FILES: dict[int, tuple[type[SourceProblem], str]] = {
    wire.END: (SourceUnavailable, "file-changing"),
    wire.NO_SUCH_FILE: (SourceUnavailable, "file-gone"),
    wire.PERMISSION_DENIED: (SourceMisconfigured, "rights"),
}


class Messages:
    """What is asked and answered on one channel. Every method raises SourceProblem."""

    def __init__(self, channel: paramiko.Channel, line: Line) -> None:
        self._channel, self._line = channel, line
        self._numbers = 0

    def greet(self) -> None:
        """Agree on version 3 (§4)."""
        self._line.expect(wire.MOST_BYTES)
        self._channel.sendall(wire.hello())
        if self._next().kind != wire.VERSION:
            raise SourceGarbled("sftp")

    def attributes(self, kind: int, what: bytes) -> Attributes:
        """Of a path (LSTAT) or of an open file (FSTAT)."""
        return self._answer(kind, wire.text(what), wire.ATTRS).attributes()

    def handle(self, kind: int, body: bytes) -> bytes:
        """Of an opened folder (OPENDIR) or file (OPEN)."""
        return self._answer(kind, body, wire.HANDLE).text()

    def names(self, handle: bytes) -> Message | None:
        """Some more names in an open folder; None where there are no more."""
        answer = self._asked(wire.READDIR, wire.text(handle))
        if _is_end(answer):
            return None
        return _expected(answer, wire.NAME)

    def close(self, handle: bytes) -> None:
        """Let a folder or file go."""
        self._asked(wire.CLOSE, wire.text(handle))

    def copy(self, handle: bytes, size: int, write: Callable[[int, bytes], None]) -> None:
        """Hand out the bytes of an open file, pieces as they come, each with its place; exactly so many there are."""
        ahead, again, asked = 0, deque[tuple[int, int]](), dict[int, tuple[int, int]]()
        while again or asked or ahead < size:
            if len(asked) < _AT_ONCE and (again or ahead < size):
                at, count = again.popleft() if again else (ahead, min(_PIECE, size - ahead))
                ahead = max(ahead, at + count)
                asked[self._ask(wire.READ, wire.piece(handle, at, count), count)] = (at, count)
                continue
            answer = self._next()
            at, count = asked.pop(answer.number, (0, 0))
            data = _expected(answer, wire.DATA).text()
            if not 0 < len(data) <= count:
                raise SourceGarbled("sftp")
            write(at, data)
            if len(data) < count:
                again.append((at + len(data), count - len(data)))
        if not _is_end(self._asked(wire.READ, wire.piece(handle, size, 1))):
            raise SourceUnavailable("file-changing")

    def _answer(self, kind: int, body: bytes, wanted: int) -> Message:
        return _expected(self._asked(kind, body), wanted)

    def _asked(self, kind: int, body: bytes) -> Message:
        number = self._ask(kind, body, wire.MOST_BYTES)
        answer = self._next()
        if answer.number != number:
            raise SourceGarbled("sftp")
        return answer

    def _ask(self, kind: int, body: bytes, most: int) -> int:
        self._numbers += 1
        self._line.expect(most + _OVERHEAD)
        self._channel.sendall(wire.request(kind, self._numbers, body))
        return self._numbers

    def _next(self) -> Message:
        return Message(self._received(wire.length(self._received(4))))

    def _received(self, count: int) -> bytes:
        data = bytearray()
        while len(data) < count:
            some = self._channel.recv(count - len(data))
            if not some:
                raise SourceUnavailable("cut-off")
            data += some
        return bytes(data)


def _is_end(answer: Message) -> bool:
    if answer.kind != wire.STATUS:
        return False
    status = answer.whole()
    if status == wire.END:
        return True
    raise _refusal(status)


def _expected(answer: Message, kind: int) -> Message:
    if answer.kind == wire.STATUS:
        raise _refusal(answer.whole())
    if answer.kind != kind:
        raise SourceGarbled("sftp")
    return answer


def _refusal(status: int) -> SourceProblem:
    problem, reason = _ABOUT_FILES.get(status, (SourceUnavailable, "sftp-refused"))
    return problem(reason)
