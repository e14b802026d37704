"""The connection below SSH: it takes in no more than is expected, and ends with whoever is waited for too long.

What a peer says before it has proved who it is, or how long it says its next packet is, is not taken on trust: bytes
are counted where they come in. Nothing above this need keep a deadline of its own.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Self

from connectors.errors import SourceTimedOut
from connectors.resilience import Deadline

_GREETING_BYTES = 1 << 20
"""For whatever comes by the way: key exchange, host keys, a banner, later exchanges of keys."""
_MOST_AHEAD = 8 << 20
"""However much is asked for in the end, no more than this is under way at a time."""


class Line(socket.socket):
    """A connected socket. Where more comes than was expected it ends, and `flooded` is true."""

    @classmethod
    def over(cls, connected: socket.socket) -> Self:
        """Take a connected socket over."""
        line = cls(fileno=connected.detach())
        line.flooded = False
        line._left, line._counting = _GREETING_BYTES, threading.Lock()
        return line

    flooded: bool
    _left: int
    _counting: threading.Lock

    def expect(self, count: int) -> None:
        """So many bytes more may come."""
        with self._counting:
            self._left = min(self._left + count, _MOST_AHEAD)

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        """What has come; nothing where it was too much."""
        some = super().recv(min(bufsize, self._left + 1), flags)
        with self._counting:
            self._left -= len(some)
            self.flooded = self._left < 0
        if self.flooded:
            self.end()
            return b""
        return some

    def end(self) -> None:
        """End the connection, whoever is reading from it or writing to it."""
        with suppress(OSError):
            self.shutdown(socket.SHUT_RDWR)

    @contextmanager
    def within(self, deadline: Deadline) -> Iterator[None]:
        """Ends with the deadline whatever is done inside. Raises: SourceTimedOut, in place of what that raised."""
        over = threading.Event()

        def expire() -> None:
            over.set()
            self.end()

        watch = threading.Timer(deadline.left(), expire)
        watch.daemon = True
        watch.start()
        try:
            yield
        except Exception:
            if over.is_set():
                raise SourceTimedOut("deadline") from None
            raise
        finally:
            watch.cancel()
