"""A cable between a node and its PostgreSQL server that can be pulled out and put back."""

from __future__ import annotations

import contextlib
import socket
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from urllib.parse import parse_qs, urlencode, urlsplit

SOCKET = ".s.PGSQL.5432"


class Cable:
    """Forwards every connection to the server's socket until it is cut; then all of them end and no new one is made."""

    def __init__(self, url: str) -> None:
        """``url`` names the server by the folder of its Unix socket."""
        parts = urlsplit(url)
        query = parse_qs(parts.query)
        self._server = str(Path(query["host"][0]) / SOCKET)
        self._folder = tempfile.TemporaryDirectory()  # a test's own would be too long for an address
        self.url = parts._replace(query=urlencode({"host": self._folder.name})).geturl()
        """What the node is given in place of ``url``."""
        self._ends: list[socket.socket] = []
        self._whole = True
        self._near = socket.socket(socket.AF_UNIX)
        self._near.bind(f"{self._folder.name}/{SOCKET}")
        self._near.listen(32)

    def __enter__(self) -> Cable:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self.cut()
        self._near.close()
        self._folder.cleanup()

    def cut(self) -> None:
        """Pull it out: what is under way ends, also in the middle of an answer."""
        self._whole = False
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._ends.clear()

    def mend(self) -> None:
        """Put it back."""
        self._whole = True

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed: the test is over
            while True:
                node, _address = self._near.accept()
                if not self._whole:
                    node.close()
                    continue
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._server)
                self._ends += [node, server]
                for source, target in ((node, server), (server, node)):
                    threading.Thread(target=_carry, args=(source, target), daemon=True).start()


def _carry(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while some := source.recv(65536):
            target.sendall(some)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
    source.close()  # each of the two directions closes its own
